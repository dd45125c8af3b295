import CArchive
import Core
import Glibc
import Linux

/// Directories that a layer's archive has files in, and does not name. In an overlay they would hide what the layers below say of
/// owner, mode and attributes, so they get these: `/tmp` stays what it was when a layer adds `/tmp/file` alone. A layer that several
/// images have is settled by the first one that comes.
struct ImpliedDirectories {
    /// Lowest first.
    let layers: [LayerDraft]
    let layout: StoreLayout

    func settle() throws(OperationError) {
        for (number, layer) in layers.enumerated() where layer.hasImpliedDirectories {
            guard let tree = layer.source?.tree else { continue }
            let below = layers[..<number].reversed().map { $0.source?.tree ?? layout.layer($0.diff) }
            try settle(tree, above: below)
        }
    }

    /// - Parameter below: topmost first.
    private func settle(_ tree: String, above below: [String]) throws(OperationError) {
        let root = try Descriptor.open(tree, O_RDONLY | O_DIRECTORY)
        var pending = [""]
        while let path = pending.popLast() {
            guard let directory = try Self.open(tree + path) else { continue }
            for name in FileName.all(in: directory) where directory.status(of: name)?.isDirectory ?? false {
                pending.append("\(path)/\(name.text)")
            }
            let place = String(path.dropFirst())
            guard carchive_take_implied(directory.number) == 1, try !Self.isHidden(place, below: root),
                let original = try Self.find(place, in: below)
            else { continue }
            try FaultPoint.pass("set owner of", tree + path)
            let failure = directory.takeAttributes(of: original)
            guard failure == 0 else { throw OperationError("set owner of", tree + path, errno: failure) }
        }
    }

    /// Nil for one that is too deep for a path: it stays as it is.
    private static func open(_ path: String) throws(OperationError) -> Descriptor? {
        do throws(OperationError) {
            return try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        } catch {
            guard error.errno == ENAMETOOLONG || error.errno == ENOENT else { throw error }
            return nil
        }
    }

    /// The topmost directory of that name; nil when there is none, or something else hides it.
    private static func find(_ path: String, in layers: [String]) throws(OperationError) -> Descriptor? {
        for layer in layers {
            let root = try Descriptor.open(layer, O_RDONLY | O_DIRECTORY)
            do throws(OperationError) {
                return try root.open(inRoot: path, O_RDONLY | O_DIRECTORY, followingLinks: false)
            } catch {
                if error.errno == ENOTDIR || error.errno == ELOOP { return nil }
                guard error.errno == ENOENT else { throw error }
            }
            if try isHidden(path, below: root) { return nil }
        }
        return nil
    }

    /// Whether a layer hides what those below it have at a path: a directory above that is opaque there
    /// (Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories").
    private static func isHidden(_ path: String, below root: borrowing Descriptor) throws(OperationError) -> Bool {
        var above = path[...]
        while !above.isEmpty {
            above = above.lastIndex(of: "/").map { above[..<$0] } ?? ""
            do throws(OperationError) {
                let place = above.isEmpty ? "." : String(above)
                let directory = try root.open(inRoot: place, O_RDONLY | O_DIRECTORY, followingLinks: false)
                if directory.attribute("trusted.overlay.opaque", limit: 1) == [UInt8(ascii: "y")] { return true }
            } catch {
                guard error.errno == ENOENT else { throw error }
            }
        }
        return false
    }
}
