import Core
import Foundation
import Linux
import Testing

@testable import Records

/// The holder of a lock may remove its file: whoever waits for it is then left with a file that nobody else finds.
@Suite struct RemovedLockTests {
    /// Waits until a thread of this process waits for the lock of a file.
    private func waitForWaiter(_ path: String) throws {
        var status = stat()
        try #require(stat(path, &status) == 0)
        let end = Date(timeIntervalSinceNow: 10)
        let waiter = ":\(status.st_ino) "
        while Files.text("/proc/locks")?.split(separator: "\n").contains(where: {
            $0.contains("->") && $0.contains(waiter)
        })
            != true
        {
            try #require(Date() < end)
            usleep(1_000)
        }
    }

    @Test func whoWaitedGetsTheLockOfTheFileThatIsThere() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/lock"
        let first = try FileLock.acquire(path)
        let isHeld = DispatchSemaphore(value: 0)
        let isSeen = DispatchSemaphore(value: 0)
        let isDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            do {
                let second = try FileLock.acquire(path)
                isHeld.signal()
                isSeen.wait()
                second.release()
            } catch {
                Issue.record(error)
                isHeld.signal()
            }
            isDone.signal()
        }
        try waitForWaiter(path)
        try Files.remove(path)
        first.release()
        isHeld.wait()
        #expect(FileLock.isHeld(path))
        isSeen.signal()
        isDone.wait()
        #expect(!FileLock.isHeld(path))
    }

    /// The same for one who only tries: there is nothing to be had.
    @Test func whoTriedGetsNone() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/lock"
        let first = try FileLock.acquire(path).intoDescriptor().release()
        let isDone = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var result = "?"
        Thread.detachNewThread {
            do {
                if case .some = try FileLock.tryAcquire(path, creating: false, until: Deadline(seconds: 20)) {
                    result = "a lock on a file that is not there"
                } else {
                    result = "none"
                }
            } catch {
                result = "\(error)"
            }
            isDone.signal()
        }
        try waitForWaiter(path)
        try Files.remove(path)
        close(first)
        isDone.wait()
        #expect(result == "none")
    }
}
