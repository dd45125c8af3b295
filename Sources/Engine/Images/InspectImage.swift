import Core
import Images

extension Engine {
    /// One image, with all that its configuration says.
    package func inspectImage(_ name: String) throws(OperationError) -> ImageDetails {
        guard let image = try imageStore.resolve(name) else {
            throw OperationError("No such image: \(Reference.shown(name))", kind: .notFound)
        }
        return try imageStore.details(of: image)
    }
}
