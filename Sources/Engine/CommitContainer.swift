import Containers
import Core
import Images
import Linux
import Store

extension Engine {
    /// Makes an image of a container's file system as it is now, which runs as the container did.
    /// - Parameter pause: holds its processes still meanwhile.
    package func commit(
        _ name: String, to reference: String, changes: [String], author: String?, message: String?, pause: Bool
    ) throws(OperationError) -> String {
        try prepare()
        let id = try containerStore.find(name)
        guard let definition = try containerStore.definition(id) else {
            throw OperationError("No such container: \(name)")
        }
        let target = try reference.isEmpty ? nil : Reference(reference)
        let image = try definition.imageID.flatMap { id throws(OperationError) in try imageStore.resolve(id) }
        var request = CommitRequest(
            upperDirectory: layout.upper(id), base: image.map { .image($0) } ?? .directories(definition.layers),
            reference: target)
        request.config = config(of: definition, on: image?.config ?? ImageConfig())
        request.changes = changes
        request.author = author
        request.message = message
        let host = CgroupHost()
        let freezer = pause ? try running(id)?.state.cgroups.first { host.isUnified($0) } : nil
        return try holdingStill(freezer) { () throws(OperationError) in try imageStore.commit(request).description }
    }

    /// - Parameter cgroup: nil when nothing is to be held.
    private func holdingStill<Result>(
        _ cgroup: String?, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        guard let cgroup else { return try body() }
        // A container must not stay frozen because this command was killed.
        let guardian = try Guardian { try? CgroupDirectories.thaw(cgroup) }
        defer { if (try? CgroupDirectories.thaw(cgroup)) != nil { guardian.dismiss() } }
        try CgroupDirectories.freeze(cgroup)
        return try body()
    }

    /// What the container ran with, without what every container is given anew.
    private func config(of definition: ContainerDefinition, on base: ImageConfig) -> ImageConfig {
        var config = base
        let entrypoint = base.entrypoint ?? []
        if definition.arguments.starts(with: entrypoint) {
            config.command = Array(definition.arguments.dropFirst(entrypoint.count))
        } else {
            config.entrypoint = nil
            config.command = definition.arguments
        }
        let home = try? resolveUser(definition, over: [layout.upper(definition.id)]).home
        let given = ["HOSTNAME=\(definition.hostname)", "TERM=xterm", "HOME=\(home ?? "/")"]
        config.environment = definition.environment.filter { !given.contains($0) || base.environment.contains($0) }
        config.workingDirectory = definition.workingDirectory == "/" ? "" : definition.workingDirectory
        config.user = definition.user
        config.labels = definition.labels
        if definition.stopSignal != base.stopSignal.flatMap(Signal.parse) ?? 15 {
            config.stopSignal = Signal.name(definition.stopSignal)
        }
        return config
    }
}
