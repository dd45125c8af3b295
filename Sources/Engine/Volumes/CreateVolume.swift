import Core
import Lifecycle
import Records

/// What `volume create` was asked for.
package struct VolumeRequest: Equatable, Sendable {
    /// Nil is one that nobody needs to know.
    package var name: String?
    package var driver = VolumeDefinition.driver
    package var options: [String: String] = [:]
    package var labels: [String: String] = [:]

    package init() {}
}

extension Engine {
    /// Makes a volume. One of that name that is there already stays as it is, which is a success.
    package func createVolume(_ request: VolumeRequest) throws(OperationError) -> Name {
        try VolumeOptions.check(request.options, driver: request.driver)
        try Scope.check(request.labels)
        var labels = request.labels
        if request.name == nil { labels[VolumeDefinition.anonymousLabel] = "" }
        let name = try name(of: request)
        try prepare()
        try inScope { scope throws(OperationError) in
            let volume = VolumeDefinition(
                name: name, created: .now(), labels: labels.merging(scope) { $1 }, options: request.options)
            try volumeStore.holding { () throws(OperationError) in
                guard try volumeStore.definition(name) == nil else { return }
                try volumeStore.create(volume)
                host.announce(Event(.volume, "create", name.text, ["driver": VolumeDefinition.driver]))
            }
        }
        return name
    }

    private func name(of request: VolumeRequest) throws(OperationError) -> Name {
        guard let text = request.name else { return VolumeMount(anonymousAt: "").name }
        do throws(OperationError) {
            return try Name.volume(text)
        } catch {
            throw OperationError("create \(text): \(error.description)", remedy: error.remedy, kind: error.kind)
        }
    }
}
