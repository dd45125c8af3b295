import Containers
import Core
import Glibc
import Linux
import Records

/// What a volume begins with: a copy of what an image has in its place.
///
/// The copy is made beside the volume and gets its last name when it is whole; only then does it move in, one entry after the
/// other. So a kill leaves either what is to be copied anew or what only has to be moved, and what is in the volume meanwhile stays.
struct VolumeContent {
    private let layout: Layout
    private let name: Name

    init(_ layout: Layout, _ name: Name) {
        self.layout = layout
        self.name = name
    }

    /// - Parameters:
    ///   - layers: of the image, top one first; none where nothing is to be copied.
    ///   - target: the volume's place in the container.
    func settle(from layers: [String], at target: String) throws(OperationError) {
        if try isSettled(without: layers) { return }
        let lock = try FileLock.acquireDirectory(layout.volume(name), within: Self.patience)
        defer { withExtendedLifetime(lock) {} }
        if Files.exists(layout.volumeCopied(name)) { return try moveIn() }
        try Files.removeTree(layout.volumeCopy(name))
        guard !layers.isEmpty, try isEmpty(), let source = try MergedDirectory(target, inLayers: layers) else { return }
        try Files.makeDirectory(layout.volumeCopy(name))
        // The container gets limits of its own.
        Descriptor.raiseLimit()
        do throws(OperationError) {
            var copy = try LayerCopy(into: layout.volumeCopy(name))
            try copy.run(source)
            try Files.move(layout.volumeCopy(name), to: layout.volumeCopied(name))
        } catch {
            try? Files.removeTree(layout.volumeCopy(name))
            throw error
        }
        try moveIn()
    }

    /// Milliseconds: another container's image may have much to copy.
    private static let patience: Int64 = 600_000

    private func isSettled(without layers: [String]) throws(OperationError) -> Bool {
        if Files.exists(layout.volumeCopied(name)) || Files.exists(layout.volumeCopy(name)) { return false }
        return try layers.isEmpty ? true : !isEmpty()
    }

    private func isEmpty() throws(OperationError) -> Bool {
        try open(layout.volumeData(name)).entryNames().isEmpty
    }

    private func open(_ path: String) throws(OperationError) -> Descriptor {
        try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    /// What somebody has put into the volume meanwhile has the right of way.
    private func moveIn() throws(OperationError) {
        let copied = try open(layout.volumeCopied(name))
        let data = try open(layout.volumeData(name))
        for entry in try copied.entryNames() {
            _ = try copied.move(entry, to: data, named: "\(layout.volumeData(name))/\(entry.text)")
        }
        try FaultPoint.pass("set mode of", layout.volumeData(name))
        let failure = data.takeAttributes(of: copied)
        guard failure == 0 else { throw OperationError("set mode of", layout.volumeData(name), errno: failure) }
        try Files.removeTree(layout.volumeCopied(name))
    }
}
