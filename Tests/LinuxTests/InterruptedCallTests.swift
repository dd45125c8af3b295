import Core
import Foundation
import Linux
import Testing

@Suite struct InterruptedCallTests {
    @Test func aCallIsMadeAgainUntilItIsNotInterrupted() {
        for (results, wanted) in [
            ([-EINTR, -EINTR, 7], Int32(7)), ([-EINTR, -EIO, 0], -EIO), ([0, -EINTR], 0), ([-EAGAIN, 0], -EAGAIN),
        ] {
            var left = results[...]
            #expect(retryingOnInterrupt { left.removeFirst() } == wanted)
        }
    }

    /// A signal with a handler, which is nothing to a wait for a lock.
    @Test func aWaitForALockGoesOnAfterASignal() throws {
        let directory = try TemporaryDirectory()
        let stranger = try Descriptor.open(directory.path + "/lock", O_RDWR | O_CREAT)
        #expect(stranger.tryLock(exclusive: true) == 0)
        let holder = stranger.release()
        // Without SA_RESTART: the call ends.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGUSR2, &action, nil)
        let waiter = pthread_self()
        let isDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            for _ in 0..<20 {
                usleep(5_000)
                pthread_kill(waiter, SIGUSR2)
            }
            close(holder)
            isDone.signal()
        }
        let ours = try Descriptor.open(directory.path + "/lock", O_RDWR)
        #expect(ours.lock(exclusive: true, until: Deadline(seconds: 30)) == 0)
        isDone.wait()
    }
}
