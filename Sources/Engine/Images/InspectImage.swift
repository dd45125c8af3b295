import Core
import Images

extension Engine {
    /// One image, with all that its configuration says.
    package func inspectImage(_ name: String) throws(OperationError) -> ImageDetails {
        try imageStore.details(of: presentImage(name))
    }
}
