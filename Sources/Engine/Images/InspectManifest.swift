import Core
import Linux
import Registry

extension Engine {
    /// What a registry has under a name: a manifest, or an index of some. Nothing is brought.
    package func registryManifest(_ text: String) throws(OperationError) -> JSON {
        _ = try Reference(text)
        let settings = try RegistrySettings(environment: CallersEnvironment.value)
        let candidates = try candidates(for: text, settings)
        return try WorkerThread.result { () throws(OperationError) in
            let reference = candidates[0]
            let sources = try settings.configuration.sources(of: reference)
            let session = try RegistrySession(sources[sources.count - 1], settings)
            let name = reference.digest?.description ?? reference.tag ?? Reference.defaultTag
            let document = try session.manifest(name, of: reference, try session.connection())
            do throws(JSONError) {
                return try JSON(parsing: document.bytes)
            } catch {
                throw OperationError("read manifest", reference.description, reason: "\(error)", kind: .damaged)
            }
        }
    }
}
