import Containers
import Core
import Images

extension Engine {
    /// The steps by which an image was made, newest first, and its id.
    package func history(of name: String) throws(OperationError) -> (id: String, steps: [HistoryStep]) {
        let image = try presentImage(name)
        return (image.id.description, try imageStore.history(of: image))
    }

    /// What an image has at a path and below it.
    package func files(of name: String, at path: String) throws(OperationError) -> [ImageFile] {
        let image = try presentImage(name)
        if let files = try MergedTree.list(path, inLayers: image.layerDirectories) { return files }
        throw OperationError("Could not find the file \(path) in image \(name)", kind: .notFound)
    }

    /// What an image has that another one has not.
    package func differences(from old: String, to new: String) throws(OperationError) -> [FileChange] {
        let (before, after) = (try presentImage(old), try presentImage(new))
        return try TreeComparison.list(from: before.layerDirectories, to: after.layerDirectories)
    }
}
