/// A path in a container that something is mounted at.
package enum MountTarget {
    /// Without empty parts and `.`: two spellings of one place are the same text then.
    /// - Returns: nil unless `path` is absolute, below the root and without `..`.
    package static func normalized(_ path: String) -> String? {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard path.hasPrefix("/"), !parts.isEmpty, !parts.contains("..") else { return nil }
        return "/" + parts.joined(separator: "/")
    }

    /// How many directories deep it lies.
    package static func depth(_ path: String) -> Int { path.split(separator: "/").count }

    package static func lies(_ path: String, atOrBelow directory: String) -> Bool {
        path == directory || path.hasPrefix(directory + "/")
    }
}

/// One `--tmpfs`.
package struct TemporaryMount: Equatable, Sendable {
    package let target: String
    /// Data for tmpfs, such as `size=64m,mode=1777`.
    package let data: String
    package let isExecutable: Bool
    package let readOnly: Bool

    package init(target: String, data: String, isExecutable: Bool, readOnly: Bool) {
        self.target = target
        self.data = data
        self.isExecutable = isExecutable
        self.readOnly = readOnly
    }

    /// Reads `PATH[:OPTIONS]`.
    package init(parsing text: String) throws(OperationError) {
        func invalid(_ reason: String) -> OperationError { OperationError("invalid tmpfs", text, reason: reason) }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let target = MountTarget.normalized(parts[0]) else { throw invalid("use an absolute path below /") }
        var data: [String] = []
        var executable = false
        var readOnly = false
        for option in parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : [] {
            switch option {
            case "ro": readOnly = true
            case "exec": executable = true
            case "rw", "noexec", "nosuid", "nodev": break
            default:
                let key = option.split(separator: "=").first ?? ""
                guard ["size", "mode", "uid", "gid", "nr_inodes"].contains(key), option.contains("=") else {
                    throw invalid("unknown option \(JSON.quoted(option))")
                }
                data.append(option)
            }
        }
        self.init(target: target, data: data.joined(separator: ","), isExecutable: executable, readOnly: readOnly)
    }
}

extension TemporaryMount: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        target = try reader.string("target")
        data = try reader.string("data")
        isExecutable = try reader.bool("executable")
        readOnly = try reader.bool("readOnly")
    }
    package var json: JSON {
        [
            "target": .string(target), "data": .string(data), "executable": .bool(isExecutable),
            "readOnly": .bool(readOnly),
        ]
    }
}
