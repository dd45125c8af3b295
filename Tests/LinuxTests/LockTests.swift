import Core
import Foundation
import Linux
import Testing

@Suite struct LockHolderTests {
    private let locks = """
        1: POSIX  ADVISORY  WRITE 11 00:1a:567 0 EOF
        2: FLOCK  ADVISORY  WRITE 1234 00:1a:567 0 EOF
        2: -> FLOCK  ADVISORY  WRITE 99 00:1a:567 0 EOF
        3: FLOCK  ADVISORY  WRITE 0 00:1a:568 0 EOF
        4: FLOCK  ADVISORY  READ  77 00:1a:1567 0 EOF
        """

    @Test func theHolderIsFoundByInode() {
        #expect(LockHolder.holder(inode: 567, in: locks) == 1234)
        #expect(LockHolder.holder(inode: 568, in: locks) == nil)
        #expect(LockHolder.holder(inode: 1567, in: locks) == 77)
        #expect(LockHolder.holder(inode: 7, in: locks) == nil)
        #expect(LockHolder.holder(inode: 7, in: "") == nil)
    }
}

@Suite struct LockWaitTests {
    /// A stranger's lock, held for as long as the descriptor is open.
    private func held(_ path: String) throws -> Descriptor {
        let stranger = try Descriptor.open(path, O_RDWR | O_CREAT)
        #expect(stranger.tryLock(exclusive: true) == 0)
        return stranger
    }

    @Test func S9_aWaitForALockEnds() throws {
        let directory = try TemporaryDirectory()
        let stranger = try held(directory.path + "/lock")
        let ours = try Descriptor.open(directory.path + "/lock", O_RDWR)
        let deadline = Deadline(milliseconds: 250)
        #expect(ours.lock(exclusive: true, until: deadline) == EWOULDBLOCK)
        #expect(deadline.millisecondsLeft == 0)
        #expect(ours.lock(exclusive: false, until: Deadline(milliseconds: 1)) == EWOULDBLOCK)
        withExtendedLifetime(stranger) {}
    }

    @Test func aLockThatIsGivenBackIsTaken() throws {
        let directory = try TemporaryDirectory()
        let stranger = try held(directory.path + "/lock").release()
        let ours = try Descriptor.open(directory.path + "/lock", O_RDWR)
        Thread.detachNewThread {
            usleep(30_000)
            close(stranger)
        }
        #expect(ours.lock(exclusive: true, until: Deadline(seconds: 30)) == 0)
    }
}
