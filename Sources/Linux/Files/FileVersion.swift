import Core
import Glibc

/// What tells whether a file, or what a directory lists, is still as it was at one moment (inode(7)).
package struct FileVersion: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    /// Nanoseconds of the clock that files have their times from.
    private let changed: Int64
    /// Whether a later change is sure to have a later time.
    package let isSettled: Bool

    /// Links are followed. Nil when there is no such file.
    package init?(of path: String) {
        var status = stat()
        guard path.withKernelString({ fstatat(AT_FDCWD, $0, &status, 0) }) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        changed = Self.nanoseconds(status.st_ctim)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        isSettled = Self.isSettled(status.st_ctim, at: now)
    }

    /// The kernel's file times go on with its ticks, of which there are 100 a second at least; those of some file systems with
    /// seconds (vfat, ext4 with inodes of 128 bytes). It is twice as long as that.
    package static func isSettled(_ changed: timespec, at now: timespec) -> Bool {
        let patience: Int64 = changed.tv_nsec == 0 ? 2_000_000_000 : 20_000_000
        return nanoseconds(now) - nanoseconds(changed) > patience
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    package static func == (left: FileVersion, right: FileVersion) -> Bool {
        left.changed == right.changed && left.inode == right.inode && left.device == right.device
            && left.size == right.size
    }
}
