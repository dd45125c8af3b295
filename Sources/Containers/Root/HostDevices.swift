import Core
import Glibc
import Linux

/// Which device a node stands for.
package struct DeviceNumber: Hashable, Sendable {
    package var isBlock: Bool
    package var major: UInt32
    package var minor: UInt32

    package init(isBlock: Bool, major: UInt32, minor: UInt32) {
        self.isBlock = isBlock
        self.major = major
        self.minor = minor
    }

    /// Nil when that is no device.
    package init?(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFCHR: isBlock = false
        case S_IFBLK: isBlock = true
        default: return nil
        }
        // The kernel's two fields, each in two pieces (sys/sysmacros.h).
        let device = UInt64(status.st_rdev)
        major = UInt32(truncatingIfNeeded: (device >> 8) & 0xfff | (device >> 32) & 0xffff_f000)
        minor = UInt32(truncatingIfNeeded: device & 0xff | (device >> 12) & 0xffff_ff00)
    }
}

/// A device node as there is one, or as it is to be made.
package struct DeviceNode: Equatable, Sendable {
    package var number: DeviceNumber
    /// With S_IFCHR or S_IFBLK.
    package var mode: UInt32
    package var user: UInt32 = 0
    package var group: UInt32 = 0

    /// A character device that everybody may use.
    static func standard(_ major: UInt32, _ minor: UInt32) -> DeviceNode {
        DeviceNode(
            number: DeviceNumber(isBlock: false, major: major, minor: minor), mode: UInt32(S_IFCHR) | 0o666)
    }

    init(number: DeviceNumber, mode: UInt32) {
        self.number = number
        self.mode = mode
    }

    /// Nil when that is no device.
    package init?(_ status: stat) {
        guard let number = DeviceNumber(status) else { return nil }
        self.number = number
        mode = UInt32(status.st_mode)
        user = status.st_uid
        group = status.st_gid
    }
}

/// What devices there are below a directory of the host's.
package struct HostDevices: Equatable, Sendable {
    /// What an entry of the directory is called, and directories above it, from its top down.
    package private(set) var directories: [String] = []
    package private(set) var nodes: [(path: String, node: DeviceNode)] = []

    package init() {}

    /// Nodes and directories with some in them, by their paths below `directory`. Links are passed over.
    /// - Parameter leavingOut: names directly in it that are not looked at.
    package init(below directory: String, leavingOut: Set<String> = []) {
        walk(directory, below: "", leavingOut: leavingOut)
    }

    private mutating func walk(_ directory: String, below prefix: String, leavingOut: Set<String>) {
        for name in ((try? Files.names(in: directory)) ?? []).sorted() where !leavingOut.contains(name) {
            guard let status = Files.status("\(directory)/\(name)", followLinks: false) else { continue }
            if let node = DeviceNode(status) {
                nodes.append((prefix + name, node))
            } else if status.st_mode & S_IFMT == S_IFDIR {
                let (place, count) = (directories.count, nodes.count)
                walk("\(directory)/\(name)", below: "\(prefix)\(name)/", leavingOut: [])
                if nodes.count > count { directories.insert(prefix + name, at: place) }
            }
        }
    }

    package static func == (left: HostDevices, right: HostDevices) -> Bool {
        left.directories == right.directories && left.nodes.elementsEqual(right.nodes) { $0 == $1 }
    }

    /// What of the host's /dev is no device of its hardware, or is another one in every container.
    package static let ownOfEachHost: Set<String> = ["console", "fd", "mqueue", "ptmx", "pts", "shm"]
}
