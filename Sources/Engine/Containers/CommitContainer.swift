import Containers
import Core
import Images
import Lifecycle
import Linux
import Records
import Supervisor

extension Engine {
    /// Makes an image of a container's file system as it is now, which runs as the container did.
    /// - Parameter pause: holds its processes still meanwhile.
    package func commit(
        _ name: String, to reference: String, changes: [String], author: String?, message: String?, pause: Bool
    ) throws(OperationError) -> String {
        try prepare()
        let id = try containerStore.find(name)
        guard let definition = try containerStore.definition(id) else {
            throw OperationError.noContainer(name)
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
        request.check = { () throws(OperationError) in try checkPresence(id, name) }
        let freezer = pause ? try freezer(of: id, name) : nil
        return try holdingStill(id, freezer) { () throws(OperationError) in
            do throws(OperationError) {
                request.leftOut = try MountPoints.idle(in: layout.upper(id), above: definition.layers)
                let image = try leavingNothing { () throws(OperationError) in
                    try inScope { _ throws(OperationError) in try imageStore.commit(request).description }
                }
                host.announce(
                    .of(definition, "commit", ["comment": message ?? "", "imageID": image, "imageRef": reference]))
                return image
            } catch {
                // What was missing then was being removed.
                try checkPresence(id, name)
                throw error
            }
        }
    }

    /// What is read while somebody removes it is not the container's file system.
    private func checkPresence(_ id: ContainerID, _ name: String) throws(OperationError) {
        guard try !containerStore.isBeingRemoved(id) else {
            throw OperationError("commit container", name, reason: "it was removed meanwhile")
        }
    }

    /// What a running container can be held still by.
    private func freezer(of id: ContainerID, _ name: String) throws(OperationError) -> Freezer? {
        guard let cgroups = try host.running(id)?.state.cgroups else { return nil }
        if let freezer = Freezer(cgroups) { return freezer }
        warn(
            "container \"\(name)\" runs on meanwhile, as this host has no cgroups to pause it by: the image may have files "
                + "that were only half written; stop it first, or say --pause=false")
        return nil
    }

    /// - Parameter freezer: nil when nothing is to be held.
    private func holdingStill<Result>(
        _ id: ContainerID, _ freezer: Freezer?, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        // What somebody has paused stays so.
        guard let freezer, let hold = try hold(id, freezer) else { return try body() }
        // A container must not stay frozen because this command was killed.
        let guardian = try Guardian(keeping: hold.lock.number, undo: { _ = hold.thaw() })
        defer {
            if hold.thaw() {
                hold.release()
                guardian.dismiss()
            }
        }
        do throws(OperationError) {
            try hold.freeze()
        } catch {
            try allowEnded(id, error)
        }
        return try body()
    }

    private func hold(_ id: ContainerID, _ freezer: Freezer) throws(OperationError) -> Freezer.Hold? {
        do throws(OperationError) {
            return try freezer.hold()
        } catch {
            try allowEnded(id, error)
            return nil
        }
    }

    /// A container that has ended meanwhile, and its cgroup with it, is still enough.
    private func allowEnded(_ id: ContainerID, _ failure: OperationError) throws(OperationError) {
        if try host.running(id) != nil { throw failure }
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
        // What runs of the image is of no scope but its own.
        config.labels = definition.labels.filter { $0.key != Scope.label }
        if definition.stopSignal != base.stopSignal.flatMap(Signal.parse) ?? 15 {
            config.stopSignal = Signal.name(definition.stopSignal)
        }
        return config
    }
}
