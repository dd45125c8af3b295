import Core
import Dockerfile
import Glibc
import Images
import Linux

/// What a source holds: the paths that are copied, and a digest of all that the copies will be.
struct CopyListing {
    let source: CopySource
    /// Whether it is a directory, of which what is in it is copied.
    let isDirectory: Bool
    /// Below the source.
    let paths: Set<String>
    let digestText: String
    /// Of all files, when each was changed last.
    private let stamps: [String]

    private static let piece = 1 << 20

    init(
        _ source: CopySource, below root: borrowing Descriptor, _ selection: CopySelection, _ ownership: CopyOwnership
    ) throws(OperationError) {
        self.source = source
        let place = try TreePlace("/" + source.path, below: root, followsLink: true)
        isDirectory = place.isDirectory
        var (paths, lines, stamps): (Set<String>, [String], [String]) = ([], [], [])
        // Files with several names, by what they are on the disk.
        var names: [ino_t: String] = [:]
        try Self.walk(place, source, selection) { file throws(OperationError) in
            try Self.checkName(file.path, of: source)
            paths.insert(file.path)
            stamps.append(Self.stamp(file))
            var line = try Self.line(file, ownership)
            if file.status.st_nlink > 1, file.status.isRegular {
                if let first = names[file.status.st_ino] { line += " is " + first }
                names[file.status.st_ino] = names[file.status.st_ino] ?? file.path
            }
            lines.append(line)
        }
        self.paths = paths
        self.stamps = stamps
        let text = [source.keptParents.joined(separator: "/"), source.path] + lines
        digestText = try Digest(of: Array(JSON.strings(text).compact.utf8)).description
    }

    /// A layer has no place for such a name. Here it is known where it is from.
    private static func checkName(_ path: String, of source: CopySource) throws(OperationError) {
        guard path.split(separator: "/").last?.hasPrefix(".wh.") == true else { return }
        throw OperationError(
            "copy", source.path.isEmpty ? path : "\(source.path)/\(path)",
            reason: "in an image a name that begins with .wh. stands for a deleted file",
            remedy: "rename it, or leave it out by .dockerignore",
            kind: .unsupported)
    }

    private static func walk(
        _ place: borrowing TreePlace, _ source: CopySource, _ selection: CopySelection,
        _ visit: @escaping (borrowing WalkedFile) throws(OperationError) -> Void
    ) throws(OperationError) {
        var walk = TreeWalk(choosing: { selection.choose(source.path, $0, isDirectory: $1) }, visit)
        try walk.run(place, named: "/" + source.path)
    }

    private static func stamp(_ file: borrowing WalkedFile) -> String {
        let status = file.status
        return "\(file.path) \(status.st_ino) \(status.st_size) \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
    }

    /// Whether nobody has changed it since.
    func isUnchanged(
        _ root: borrowing Descriptor, _ selection: CopySelection, _ ownership: CopyOwnership
    ) throws(OperationError) -> Bool {
        let place = try TreePlace("/" + source.path, below: root, followsLink: true)
        guard place.status != nil else { return false }
        var now: [String] = []
        try Self.walk(place, source, selection) { file throws(OperationError) in now.append(Self.stamp(file)) }
        return now == stamps
    }

    /// All of a file that a copy takes over, but for its times.
    private static func line(_ file: borrowing WalkedFile, _ ownership: CopyOwnership) throws(OperationError) -> String
    {
        let (status, path, link) = (file.status, file.path, file.link)
        let owner = ownership.owner(of: status)
        var members: [(key: String, value: JSON)] = [
            ("path", .string(path)), ("kind", .number(status.kind)), ("mode", .number(ownership.mode(of: status))),
            ("user", .number(owner.user)), ("group", .number(owner.group)), ("link", .optional(link)),
        ]
        switch file.descriptor {
        case .some(let descriptor):
            if status.isRegular { members.append(("content", .string(try content(of: descriptor, path)))) }
            for (name, value) in descriptor.keptAttributes() {
                members.append((name, .string(try Digest(of: value).description)))
            }
        case .none: break
        }
        return JSON.object(members).compact
    }

    private static func content(of file: borrowing Descriptor, _ path: String) throws(OperationError) -> String {
        var digests: [String] = []
        while true {
            let bytes = try Files.readBeginning(of: file, named: path, count: piece)
            if bytes.isEmpty, !digests.isEmpty { break }
            digests.append(try Digest(of: bytes).hex)
            if bytes.count < piece { break }
        }
        return digests.joined(separator: ",")
    }
}
