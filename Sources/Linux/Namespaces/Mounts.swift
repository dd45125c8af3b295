import CLinux
import Core
import Glibc

/// The mounts of the namespace that the caller is in.
package enum Mounts {
    /// Takes the topmost mount at `path` off it; who uses it still may do so to the end.
    package static func detach(_ path: String) throws(OperationError) {
        try FaultPoint.pass("unmount", path)
        guard path.withKernelString({ umount2($0, Int32(MNT_DETACH | UMOUNT_NOFOLLOW)) }) == 0 else {
            throw OperationError("unmount", path, errno: errno)
        }
    }
}

extension Mounts {
    /// Has this process, and those that it makes from here on, see memory in place of a directory. Others see the directory.
    package static func cover(_ directory: String) throws(OperationError) {
        try FaultPoint.pass("cover", directory)
        let status = directory.withKernelString { clinux_cover($0) }
        guard status == 0 else { throw OperationError("cover", directory, errno: -status) }
    }
}

/// One line of /proc/self/mountinfo, as far as somebody asks for it.
package struct MountPoint: Equatable, Sendable {
    package let point: String
    package let isShared: Bool
    package let isSlave: Bool

    /// Nil for what is no such line.
    package init?(line: Substring) {
        let fields = line.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count > 6, let end = fields.dropFirst(6).firstIndex(of: "-") else { return nil }
        point = Self.unescaped(fields[4].utf8)
        isShared = fields[6..<end].contains { $0.hasPrefix("shared:") }
        isSlave = fields[6..<end].contains { $0.hasPrefix("master:") }
    }

    /// Space, tab, line end and backslash are three octal digits there (mangle_path in fs/seq_file.c).
    private static func unescaped(_ text: some Collection<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3).compactMap { (0x30...0x37).contains($0) ? Int($0) - 0x30 : nil }
            guard byte == UInt8(ascii: "\\"), digits.count == 3 else {
                bytes.append(byte)
                continue
            }
            bytes.append(UInt8(truncatingIfNeeded: digits[0] << 6 | digits[1] << 3 | digits[2]))
            rest = rest.dropFirst(3)
        }
        return String(kernel: bytes)
    }
}

extension Mounts {
    /// The mount that a path lies in; nil when there is nothing at that path.
    package static func above(_ path: String) throws(OperationError) -> MountPoint? {
        guard let place = Files.absolute(path) else { return nil }
        let lines = String(kernel: try Files.read("/proc/self/mountinfo")).split(separator: "\n")
        let mounts = lines.compactMap { MountPoint(line: $0) }.filter { mount in
            mount.point == "/" || MountTarget.lies(place, atOrBelow: mount.point)
        }
        let depth = mounts.map { MountTarget.depth($0.point) }.max()
        // The last one of those at one place hides the others.
        return mounts.last { MountTarget.depth($0.point) == depth }
    }
}
