import Core
import Images

extension Engine {
    /// What a name stands for here; nil is nothing. The default image is there under its own name from the start.
    /// - Parameter shortestID: as many digits of an id count as one.
    func image(named name: String, shortestID: Int = 1) throws(OperationError) -> Image? {
        if let image = try imageStore.resolve(name, shortestID: shortestID) { return image }
        let isDefault = (try? Reference(name))?.description == ImageStore.defaultReference
        return isDefault ? try imageStore.defaultImage() : nil
    }

    func presentImage(_ name: String) throws(OperationError) -> Image {
        guard let image = try image(named: name) else {
            throw OperationError("No such image: \(Reference.shown(name))", kind: .notFound)
        }
        return image
    }
}
