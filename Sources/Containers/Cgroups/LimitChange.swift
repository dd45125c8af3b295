import Core

/// How other limits are set for a container that runs, as data: what is joined, and which files get which values in which
/// order.
package struct LimitChange: Equatable, Sendable {
    /// The container's directory in the unified hierarchy.
    package var unified: String?
    /// Controllers to be switched on for that directory.
    package var controllers: [String] = []
    /// Directories of version 1 hierarchies that the container may not be in yet. They get their limits before its processes
    /// are moved there.
    package var joined: [String] = []
    package var settings: [CgroupPlan.Setting] = []

    package init() {}
}

extension CgroupHost {
    /// - Parameters:
    ///   - present: the directories that the container is in for certain.
    ///   - limits: those that it is to have.
    ///   - touched: controllers whose limits are to be set; nil is all.
    ///   - reading: what a file says now; nil when there is none. What the record said before counts for nothing: whoever
    ///     wrote that may have been killed.
    /// - Throws: when there is no controller for a limit.
    package func change(
        of id: ContainerID, present: [String], to limits: ResourceLimits, touched: Set<String>?,
        reading: (_ path: String) -> String?
    ) throws(OperationError) -> LimitChange {
        var change = LimitChange()
        change.unified = present.first(where: isUnified)
        for (controller, flag) in limits.controllers where touched?.contains(controller) ?? true {
            if unifiedControllers.contains(controller), let directory = change.unified {
                try limits.checkUnified(controller)
                change.controllers.append(controller)
                change.settings += limits.unifiedSettings(controller, in: directory)
                continue
            }
            guard let directory = version1(controller, of: id) else { throw missing(controller, flag) }
            if !present.contains(directory) { change.joined.append(directory) }
            let settings = limits.version1Settings(controller, in: directory)
            let both = reading(directory + "/memory.memsw.limit_in_bytes").flatMap { Int64($0) }
            // The kernel wants the limit of memory below that of both, at any time.
            let isWider = controller == "memory" && limits.memoryAndSwap.isAtLeast(both)
            change.settings += isWider ? settings.reversed() : settings
        }
        if limits.pids == nil, touched?.contains("pids") ?? true {
            let directories = (change.unified.map { [$0] } ?? []) + (version1("pids", of: id).map { [$0] } ?? [])
            let files = directories.map { $0 + "/pids.max" }.filter { reading($0) != nil }
            change.settings += files.map { .init(path: $0, value: "max") }
        }
        return change
    }
}

extension Int64? {
    /// Nil and -1 are no limit. Where the kernel has none, the order does not matter.
    fileprivate func isAtLeast(_ other: Int64?) -> Bool {
        guard let other else { return false }
        guard let self, self >= 0 else { return true }
        return self >= other
    }
}
