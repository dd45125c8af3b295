import Containers
import Core
import Glibc
import Lifecycle
import Linux
import Records

/// What is to be changed of a container.
package struct ContainerUpdate: Equatable, Sendable {
    package var limits = LimitUpdate()
    /// Nil leaves it as it is.
    package var restart: RestartPolicy?

    package init() {}
}

extension Engine {
    /// Changes limits and restart policy of a container: on record and, when it runs, in the kernel; or nothing at all.
    package func update(_ name: String, _ update: ContainerUpdate) throws(OperationError) {
        try prepare()
        let id = try containerStore.find(name)
        try waitUntilMade(id)
        var editor = try DefinitionEditor(id, in: containerStore, named: name)
        let old = editor.definition
        let new = try changed(old, by: update)
        guard new != old || update.limits != LimitUpdate() else { return host.announce(.of(old, "update")) }
        // On record first: a supervisor that begins a round reads that, and afterwards there is its process to be seen.
        try editor.write(new)
        do throws(OperationError) {
            if let running = try host.running(id) {
                try host.setLimits(editor, running.state, touched: update.limits.controllers)
            }
        } catch {
            try editor.write(old)
            throw error
        }
        host.announce(.of(new, "update"))
    }

    private func changed(
        _ old: ContainerDefinition, by update: ContainerUpdate
    ) throws(OperationError) -> ContainerDefinition {
        var new = old
        new.limits = try update.limits.applied(to: old.limits)
        if let restart = update.restart {
            guard !old.autoRemove || restart.name == .never else {
                throw OperationError(
                    "Restart policy cannot be updated because AutoRemove is enabled for the container", kind: .invalid)
            }
            new.restart = restart
        }
        if let cpuset = update.limits.cpuset { try checkProcessors(cpuset) }
        try checkLimits(new.limits)
        // Whether there are controllers for them.
        _ = try CgroupHost(below: old.cgroupParent).plan(
            for: old.id, limits: new.limits, limitsDevices: old.needsDeviceCgroup)
        return new
    }

    /// One that is just being made reads its limits from its plan.
    private func waitUntilMade(_ id: ContainerID) throws(OperationError) {
        let deadline = Deadline(seconds: 15)
        while containerStore.isHeld(id), try containerStore.state(id)?.status ?? .creating == .creating {
            guard deadline.millisecondsLeft > 0 else {
                throw OperationError("update container", id.short, reason: "it is still being created", kind: .timedOut)
            }
            usleep(2000)
        }
    }
}

extension LimitUpdate {
    /// Those that it is about.
    fileprivate var controllers: Set<String> {
        var names: Set<String> = []
        if memory != nil || memorySwap != nil || memoryReservation != nil { names.insert("memory") }
        if milliCPUs != nil || cpuShares != nil || cpuQuota != nil || cpuPeriod != nil { names.insert("cpu") }
        if blockWeight != nil { names.insert("io") }
        if cpuset != nil || memoryNodes != nil { names.insert("cpuset") }
        if pids != nil { names.insert("pids") }
        return names
    }
}
