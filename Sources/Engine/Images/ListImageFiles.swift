import Containers
import Core
import Glibc
import Images
import Linux

extension Engine {
    /// The steps by which an image was made, newest first, and its id.
    package func history(of name: String) throws(OperationError) -> (id: String, steps: [HistoryStep]) {
        let image = try presentImage(name)
        return (image.id.description, try imageStore.history(of: image))
    }

    /// What an image has at a path and below it.
    package func files(of name: String, at path: String) throws(OperationError) -> [ImageFile] {
        let image = try presentImage(name)
        Descriptor.raiseLimit()
        let files = try Self.reading(image.layerDirectories) { () throws(OperationError) in
            try MergedTree.list(path, inLayers: image.layerDirectories)
        }
        if let files { return files }
        throw OperationError("Could not find the file \(path) in image \(name)", kind: .notFound)
    }

    /// What an image has that another one has not.
    package func differences(from old: String, to new: String) throws(OperationError) -> [FileChange] {
        let (before, after) = (try presentImage(old), try presentImage(new))
        Descriptor.raiseLimit()
        return try Self.reading(before.layerDirectories + after.layerDirectories) { () throws(OperationError) in
            try TreeComparison.list(from: before.layerDirectories, to: after.layerDirectories)
        }
    }

    /// Calls `body`, which reads layers that nothing keeps from being removed.
    static func reading<Value>(
        _ layers: [String], _ body: () throws(OperationError) -> Value
    ) throws(OperationError) -> Value {
        let before = layers.map { Files.status($0)?.st_ino }
        let result = Result { () throws(OperationError) in try body() }
        guard before == layers.map({ Files.status($0)?.st_ino }) else {
            throw OperationError(
                "read image", reason: "it was removed meanwhile", remedy: "try again", kind: .notFound)
        }
        return try result.get()
    }

    private func presentImage(_ name: String) throws(OperationError) -> Image {
        guard let image = try imageStore.resolve(name) else {
            throw OperationError("No such image: \(Reference.shown(name))", kind: .notFound)
        }
        return image
    }
}
