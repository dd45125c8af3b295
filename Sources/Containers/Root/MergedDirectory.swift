import Core
import Glibc
import Linux

/// One directory of an image as overlayfs would show it: in layers, top one first, without a mount.
package struct MergedDirectory {
    /// One of its entries, which is in the first layer that has it.
    package struct Entry {
        package let name: FileName
        package let status: stat
        fileprivate let place: Int

        package var kind: mode_t { status.kind }
    }

    let places: [OpenDirectory]

    /// - Throws: nothing for what is not there.
    /// - Returns: nil unless there is a directory at `path`.
    package init?(_ path: String, inLayers layers: [String]) throws(OperationError) {
        let places = try LayeredLookup(layers: layers).directories(at: path)
        if places.isEmpty { return nil }
        self.places = places
    }

    private init(places: [OpenDirectory]) { self.places = places }

    /// Has its owner, mode, times and attributes.
    package var top: OpenDirectory { places[0] }

    package func entries() throws(OperationError) -> [Entry] {
        var entries: [Entry] = []
        var seen: Set<FileName> = []
        for (index, place) in places.enumerated() {
            for name in try place.descriptor.entryNames() where seen.insert(name).inserted {
                // What is gone again was no part of an image.
                guard let status = place.descriptor.status(of: name), !status.isWhiteout else { continue }
                entries.append(Entry(name: name, status: status, place: index))
            }
        }
        return entries
    }

    /// Nil for what is not there.
    package func entry(_ name: FileName) -> Entry? {
        for (index, place) in places.enumerated() {
            guard let status = place.descriptor.status(of: name) else { continue }
            return status.isWhiteout ? nil : Entry(name: name, status: status, place: index)
        }
        return nil
    }

    /// The directory that has a file's data.
    package func directory(with entry: Entry) -> OpenDirectory { places[entry.place] }

    /// - Returns: nil for what another file system is mounted at.
    package func descend(into entry: Entry) throws(OperationError) -> MergedDirectory? {
        var found: [OpenDirectory] = []
        for place in places[entry.place...] {
            guard let status = place.descriptor.status(of: entry.name) else { continue }
            guard status.isDirectory, let next = try place.open(entry.name) else { break }
            found.append(next)
            if LayerEntry.isOpaque(next.descriptor) { break }
        }
        return found.isEmpty ? nil : MergedDirectory(places: found)
    }
}

extension MergedDirectory {
    /// Directories in each other: of each, one descriptor is open for every layer that has it.
    private static let depthLimit = 200

    /// - Parameters:
    ///   - depth: 0 is where somebody has begun.
    ///   - operation: what is done, for the error, and to which path.
    static func checkDepth(_ depth: Int, _ operation: String, _ path: String) throws(OperationError) {
        guard depth >= depthLimit else { return }
        throw OperationError(
            operation, path, reason: "it has more than \(depthLimit) directories in each other", kind: .unsupported)
    }
}

/// A directory that is open as long as somebody has this.
package final class OpenDirectory: Sendable {
    package let descriptor: Descriptor

    package init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Nil for what is mounted there, which is no part of a layer.
    fileprivate func open(_ name: FileName) throws(OperationError) -> OpenDirectory? {
        guard let directory = try descriptor.open(unmounted: name) else { return nil }
        return OpenDirectory(directory)
    }
}

extension stat {
    /// Overlayfs' mark of what a layer takes away from those below it.
    var isWhiteout: Bool { kind == S_IFCHR && st_rdev == 0 }
}
