import Core
import Glibc
import Linux

/// Looks up paths as the kernel would in an overlay with mounts on top, without one: merges the layers step by step, and
/// lets what is above hide what is below.
struct LayeredLookup {
    private static let maximumLinks = 16

    /// A directory or file of the host's, and how many parts of a path in the container lead to it.
    private struct Place {
        var root: String
        var depth: Int
    }

    private enum Entry {
        case none
        /// With the places that have a part of it.
        case directory([Place])
        case file(Place)
        case link(String)
    }

    private let layers: [Place]
    private let mounts: [PlannedMount]
    private var pending: [String] = []
    private var links = 0
    /// What has been resolved of the path: directories, no links.
    private var current: [String] = []
    private var visible: [Place]

    /// - Parameter mounts: a later one hides an earlier one.
    init(layers: [String], mounts: [PlannedMount] = []) {
        self.layers = layers.map { Place(root: $0, depth: 0) }
        self.mounts = mounts
        visible = self.layers
    }

    /// - Parameter path: relative to the root: `etc/passwd`.
    /// - Returns: the regular file there, opened with O_PATH; nil when there is none.
    func find(_ path: String) throws(OperationError) -> Descriptor? {
        var lookup = self
        lookup.restart(with: path)
        while let (place, parts) = try lookup.step() {
            guard let place else { continue }
            let rest = parts.dropFirst(place.depth)
            if rest.isEmpty { return try Descriptor.open(place.root, Descriptor.pathOnly) }
            let root = try Descriptor.open(place.root, O_RDONLY | O_DIRECTORY)
            return try root.open(inRoot: rest.joined(separator: "/"), Descriptor.pathOnly | O_NOFOLLOW)
        }
        return nil
    }

    /// - Returns: the directory there as each layer has it, top one first; none when there is no directory.
    func directories(at path: String) throws(OperationError) -> [OpenDirectory] {
        var lookup = self
        lookup.restart(with: path)
        while !lookup.pending.isEmpty {
            guard let step = try lookup.step(), step.place == nil else { return [] }
        }
        var directories: [OpenDirectory] = []
        for place in lookup.visible {
            let root = try Descriptor.open(place.root, O_RDONLY | O_DIRECTORY)
            let rest = lookup.current.dropFirst(place.depth).joined(separator: "/")
            directories.append(
                OpenDirectory(
                    try root.open(inRoot: rest.isEmpty ? "." : rest, O_RDONLY | O_DIRECTORY, followingLinks: false)))
        }
        return directories
    }

    /// Goes on at the root of all layers.
    private mutating func restart(with path: String) {
        pending = path.split(separator: "/").map(String.init).filter { $0 != "." } + pending
        current = []
        visible = layers
    }

    /// Takes one component of the path.
    /// - Returns: nil when there is no such regular file, the place that has it, or no place as long as it goes on.
    private mutating func step() throws(OperationError) -> (place: Place?, path: [String])? {
        guard let component = pending.first else { return nil }
        pending.removeFirst()
        let path = current + [component]
        if component == ".." {
            restart(with: current.dropLast().joined(separator: "/"))
            return (nil, path)
        }
        switch try find(path) {
        case .none: return nil
        case .file(let place): return pending.isEmpty ? (place, path) : nil
        case .directory(let visible):
            current.append(component)
            self.visible = visible
        case .link(let target):
            links += 1
            guard links <= Self.maximumLinks else { return nil }
            restart(with: target.hasPrefix("/") ? target : (current + [target]).joined(separator: "/"))
        }
        return (nil, path)
    }

    private func find(_ path: [String]) throws(OperationError) -> Entry {
        if let mount = mounts.last(where: { $0.target == path }) { return Self.entry(of: mount) }
        var directories: [Place] = []
        search: for place in visible {
            switch try LayerEntry(path.dropFirst(place.depth).joined(separator: "/"), in: place.root) {
            case .absent: continue
            case .directory(let isOpaque):
                directories.append(place)
                if isOpaque { break search }
            case .file where directories.isEmpty: return .file(place)
            case .link(let target) where directories.isEmpty: return .link(target)
            case .file, .link, .hidden: break search
            }
        }
        // What leads to a mount is made for it.
        let isMade = mounts.contains { $0.target.count > path.count && $0.target.starts(with: path) }
        return directories.isEmpty && !isMade ? .none : .directory(directories)
    }

    private static func entry(of mount: PlannedMount) -> Entry {
        guard let source = mount.source else { return .directory([]) }
        let place = Place(root: source, depth: mount.target.count)
        // Nothing there: a directory is made.
        guard let status = Files.status(source) else { return .directory([]) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .directory([place])
        case S_IFREG: return .file(place)
        default: return .none
        }
    }
}

/// What one layer has at a path.
enum LayerEntry {
    case absent
    /// An opaque one hides what is below it.
    case directory(isOpaque: Bool)
    case file
    case link(String)
    /// A whiteout, or something that cannot be read like a file: the layers below are not asked.
    case hidden

    init(_ path: String, in layer: String) throws(OperationError) {
        let root = try Descriptor.open(layer, O_RDONLY | O_DIRECTORY)
        do throws(OperationError) {
            let entry = try root.open(inRoot: path, Descriptor.pathOnly | O_NOFOLLOW)
            var status = stat()
            guard fstat(entry.number, &status) == 0 else { throw OperationError("examine", path, errno: errno) }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                // What O_PATH opens has no attributes to read.
                self = .directory(isOpaque: LayerEntry.isOpaque(try entry.open(at: ".", O_RDONLY | O_DIRECTORY)))
            case S_IFREG: self = .file
            case S_IFLNK: self = Files.link(at: entry).map { .link($0) } ?? .hidden
            default: self = .hidden
            }
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR || error.errno == ELOOP else { throw error }
            self = .absent
        }
    }

    /// By overlayfs' own mark (Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories").
    static func isOpaque(_ directory: borrowing Descriptor) -> Bool {
        directory.attribute("trusted.overlay.opaque", limit: 1) == [UInt8(ascii: "y")]
    }
}

extension Files {
    /// Where an open symbolic link points to.
    fileprivate static func link(at link: borrowing Descriptor) -> String? {
        let number = link.number
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            count = buffer.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map { max(0, readlinkat(number, "", $0, characters.count)) } ?? 0
            }
        }
        return bytes.isEmpty ? nil : String(kernel: bytes)
    }
}
