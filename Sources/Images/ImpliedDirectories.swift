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
        var pending = [""]
        while let path = pending.popLast() {
            // One that is too deep for a path stays as it is.
            guard let directory = try? Descriptor.open(tree + path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else {
                continue
            }
            for name in FileName.all(in: directory) where directory.status(of: name)?.isDirectory ?? false {
                pending.append("\(path)/\(name.text)")
            }
            guard carchive_take_implied(directory.number) == 1,
                let original = try Self.find(String(path.dropFirst()), in: below)
            else { continue }
            try FaultPoint.pass("set owner of", tree + path)
            let failure = directory.takeAttributes(of: original)
            guard failure == 0 else { throw OperationError("set owner of", tree + path, errno: failure) }
        }
    }

    /// The topmost directory of that name; nil when there is none, or something else hides it.
    private static func find(_ path: String, in layers: [String]) throws(OperationError) -> Descriptor? {
        for layer in layers {
            let root = try Descriptor.open(layer, O_RDONLY | O_DIRECTORY)
            do throws(OperationError) {
                return try root.open(inRoot: path, O_RDONLY | O_DIRECTORY, followingLinks: false)
            } catch {
                if error.errno != ENOENT { return nil }
            }
        }
        return nil
    }
}
