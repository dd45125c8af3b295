import Core
import Images
import Lifecycle
import Linux
import Registry

/// When an image is asked for at a registry.
package enum PullPolicy: String, Sendable {
    case always, missing, never
}

/// What a pull has brought.
package struct PullOutcome: Sendable {
    /// As it is named here from now on.
    package let reference: Reference
    package let id: String
    /// `sha256:…`, by which the registry has it.
    package let digest: String
    package let isNew: Bool
}

extension Engine {
    /// Brings an image from a registry.
    /// - Parameters:
    ///   - text: a name of any form. A short one may stand for several, which are tried one after the other.
    ///   - platform: nil is this host's.
    ///   - maximumSize: bytes that it may have unpacked; nil: as the host is configured.
    package func pullImage(
        _ text: String, platform: String? = nil, maximumSize: Int64? = nil
    ) throws(OperationError) -> PullOutcome {
        let wanted = try platform.map { text throws(OperationError) in try Platform(parsing: text) }
        // A wrong name is found before anything is read.
        _ = try Reference(text)
        try prepare()
        let settings = try RegistrySettings(environment: CallersEnvironment.value)
        let candidates = try candidates(for: text, settings)
        let size = try imageSize(maximumSize)
        return try inScope { _ throws(OperationError) in
            try interruptibly { () throws(OperationError) in try pullFirst(of: candidates, wanted, settings, size) }
        }
    }

    /// Brings every image that a registry has under a name, whatever its tag.
    /// - Parameter text: without a tag.
    package func pullAllTags(
        _ text: String, platform: String?, maximumSize: Int64?
    ) throws(OperationError) -> [PullOutcome] {
        let wanted = try platform.map { text throws(OperationError) in try Platform(parsing: text) }
        let named = try Reference(text)
        guard named.digest == nil, !(text.split(separator: "/").last?.contains(":") ?? false) else {
            throw OperationError("tag can't be used with --all-tags/-a", kind: .invalid)
        }
        try prepare()
        let settings = try RegistrySettings(environment: CallersEnvironment.value)
        let candidates = try candidates(for: text, settings)
        let size = try imageSize(maximumSize)
        return try inScope { _ throws(OperationError) in
            try interruptibly { () throws(OperationError) in
                var outcomes: [PullOutcome] = []
                for reference in try taggedReferences(of: candidates, settings) {
                    let outcome = try pull(reference, wanted, settings, size)
                    progress.say("Digest: \(outcome.digest)")
                    outcomes.append(outcome)
                }
                return outcomes
            }
        }
    }

    /// A signal leaves nothing that is not whole.
    private func interruptibly<Value: Sendable>(
        _ body: @escaping @Sendable () throws(OperationError) -> Value
    ) throws(OperationError) -> Value {
        try leavingNothing { () throws(OperationError) -> Value in
            let held = HeldInterruptions()
            let value = try WorkerThread.result(body)
            _ = consume held
            return value
        }
    }

    /// Of the first candidate that a registry has.
    private func taggedReferences(
        of candidates: [Reference], _ settings: RegistrySettings
    ) throws(OperationError) -> [Reference] {
        var failure = OperationError("pull", candidates.first?.name, reason: "it has no tags", kind: .notFound)
        for candidate in candidates {
            for source in try settings.configuration.sources(of: candidate) {
                do throws(OperationError) {
                    let session = try RegistrySession(source, settings)
                    let tags = try session.tags(of: candidate, session.connection())
                    if tags.isEmpty { continue }
                    return try tags.map { tag throws(OperationError) in try Reference("\(candidate.name):\(tag)") }
                } catch {
                    if error.exitCode != nil { throw error }
                    failure = error
                }
            }
        }
        throw failure
    }

    /// What a short name stands for: as docker it is always one of Docker's registry.
    func candidates(for text: String, _ settings: RegistrySettings) throws(OperationError) -> [Reference] {
        Program.current == .docker ? [try Reference(text)] : try settings.configuration.candidates(for: text)
    }

    private func pullFirst(
        of candidates: [Reference], _ platform: Platform?, _ settings: RegistrySettings, _ size: Int64
    ) throws(OperationError) -> PullOutcome {
        var failures: [OperationError] = []
        for reference in candidates {
            do throws(OperationError) {
                return try pull(reference, platform, settings, size)
            } catch {
                // One that asks us to end means all of it.
                if error.exitCode != nil || candidates.count == 1 { throw error }
                failures.append(error)
            }
        }
        let reasons = failures.map(\.description).joined(separator: "; ")
        throw OperationError(
            "pull", candidates.first?.name, reason: reasons, remedy: failures.last?.remedy,
            kind: failures.last?.kind ?? .failed)
    }

    /// From one of the places that it may be at: mirrors come first, and what is wrong with one does not matter.
    private func pull(
        _ reference: Reference, _ platform: Platform?, _ settings: RegistrySettings, _ size: Int64
    ) throws(OperationError) -> PullOutcome {
        let name = reference.digest.map { "\($0)" } ?? reference.tag ?? Reference.defaultTag
        progress.say("\(name): Pulling from \(reference.repository)")
        for source in try settings.configuration.sources(of: reference) {
            do throws(OperationError) {
                let session = try RegistrySession(source, settings)
                let image = try imageStore.pull(
                    reference, for: platform, from: session, within: UnpackBudget(size: size), telling: progress)
                let text = reference.digest == nil ? reference.text : reference.pinned(to: image.digest)
                if image.isNew { host.announce(Event(.image, "pull", text, ["name": reference.name])) }
                return PullOutcome(
                    reference: reference, id: image.id.description, digest: image.digest.description,
                    isNew: image.isNew)
            } catch {
                guard source.isMirror, error.exitCode == nil else { throw error }
                warn("mirror \(source.registry): \(error.description)")
            }
        }
        throw OperationError("pull", reference.description, reason: "there is no registry to ask", kind: .notFound)
    }
}
