import Core
import Images
import Lifecycle
import Linux
import Registry

/// An image that is at a registry now.
package struct PushedImage: Sendable {
    /// With all that is usually left out.
    package let name: String
    /// `sha256:…` of its manifest.
    package let digest: String
    /// Bytes of the manifest.
    package let size: Int64
}

extension Engine {
    /// Brings an image to the registry that its name says.
    /// - Parameter allTags: everything that the name has here, whatever its tag.
    package func pushImage(_ text: String, allTags: Bool) throws(OperationError) -> [PushedImage] {
        let reference = try Reference(text)
        guard reference.digest == nil else { throw OperationError("cannot push a digest reference", kind: .invalid) }
        if allTags, text.split(separator: "/").last?.contains(":") ?? false {
            throw OperationError("tag can't be used with --all-tags/-a", kind: .invalid)
        }
        let references = try allTags ? taggedReferences(reference) : [reference]
        try prepare()
        let settings = try RegistrySettings(environment: CallersEnvironment.value)
        let source = try pushTarget(of: reference, settings)
        progress.say("The push refers to repository [\(reference.registry)/\(reference.repository)]")
        return try leavingNothing { () throws(OperationError) in
            try inScope { _ throws(OperationError) in
                try WorkerThread.result { () throws(OperationError) in
                    let session = try RegistrySession(source, settings)
                    var pushed: [PushedImage] = []
                    for reference in references { pushed.append(try push(reference, to: session)) }
                    return pushed
                }
            }
        }
    }

    private func taggedReferences(_ reference: Reference) throws(OperationError) -> [Reference] {
        let found = try knownTags(of: reference)
        guard !found.isEmpty else {
            throw OperationError(
                "An image does not exist locally with the tag: \(reference.name)", kind: .notFound)
        }
        return found
    }

    private func knownTags(of reference: Reference) throws(OperationError) -> [Reference] {
        let names = try imageStore.list(skip: { _ in }).compactMap(\.reference)
        return names.sorted().compactMap { try? Reference($0) }.filter { $0.name == reference.name }
    }

    /// Not a mirror.
    private func pushTarget(
        of reference: Reference, _ settings: RegistrySettings
    ) throws(OperationError) -> RegistrySource {
        try settings.configuration.sources(of: reference).last { !$0.isMirror }
            ?? RegistrySource(registry: reference.registry, repository: reference.repository)
    }

    private func push(_ reference: Reference, to session: RegistrySession) throws(OperationError) -> PushedImage {
        guard let image = try image(named: reference.text), image.references.contains(reference.text) else {
            throw try noTag(reference)
        }
        let (digest, size) = try imageStore.holding([image]) { () throws(OperationError) in
            try imageStore.push(image, as: reference, to: session, telling: progress)
        }
        progress.say("\(reference.tag ?? Reference.defaultTag): digest: \(digest) size: \(size)")
        host.announce(Event(.image, "push", reference.text, ["name": reference.name]))
        return PushedImage(name: reference.canonical, digest: digest.description, size: size)
    }

    private func noTag(_ reference: Reference) throws(OperationError) -> OperationError {
        let known = try knownTags(of: reference).map(\.text)
        return OperationError(
            "tag does not exist: \(reference.text)",
            remedy: known.isEmpty ? nil : "there are here: " + known.joined(separator: ", "), kind: .notFound)
    }
}
