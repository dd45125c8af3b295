import Core
import Glibc
import Linux

/// The cgroups that one container needs on this host, as data: which directories, which settings.
///
/// The unified hierarchy, where there is one, tracks the container: its child is born there, which costs
/// nothing. Where there is none, the version 1 freezer does. Any other version 1 hierarchy is joined only for a limit
/// that was asked for, since that waits for an RCU grace period of some 10 ms.
package struct CgroupPlan: Equatable, Sendable {
    package struct Setting: Equatable, Sendable {
        package let path: String
        package let value: String
        /// Not asked for, and not known to every kernel.
        package var isOptional = false
        /// What is written instead where there is no such file, as kernels call it differently; none otherwise.
        package var alternatives: [Alternative] = []

        package struct Alternative: Equatable, Sendable {
            package let path: String
            package let value: String
        }
    }
    /// The container's directory in the unified hierarchy.
    package var unified: String?
    /// Its directories in version 1 hierarchies.
    package var version1: [String] = []
    /// Controllers to be switched on for the children of the root and of `mydocker`.
    package var controllers: [String] = []
    package var settings: [Setting] = []
    /// The directory, also named above, that says which devices may be opened; nil when none does.
    package var devices: String?

    package var directories: [String] { (unified.map { [$0] } ?? []) + version1 }

    /// Where the processes are of what `directory` limits. A container that may mount (SYS_ADMIN) sees the root of its
    /// cgroup namespace as its own to change: what says which devices it may open lies above that.
    package func home(in directory: String) -> String {
        directory == devices ? CgroupHost.inner(of: directory) : directory
    }
}

/// Where this host mounts its cgroup hierarchies.
package struct CgroupHost: Sendable {
    package static let root = "/sys/fs/cgroup"
    /// Our own directory in each hierarchy, or below what `--cgroup-parent` names there.
    package static let parent = CgroupParent.own

    package static func inner(of directory: String) -> String { directory + "/inner" }

    /// The mount point of the unified hierarchy.
    package let unified: String?
    /// What the unified hierarchy controls.
    package let unifiedControllers: [String]
    /// Whether a controller has a hierarchy of version 1.
    private let hasVersion1: @Sendable (_ controller: String) -> Bool
    /// Where containers are, below the root of each hierarchy.
    private let place: String

    package init(below parent: CgroupParent? = nil) {
        place = Self.place(below: parent)
        hasVersion1 = { Files.exists("\(Self.root)/\($0)/cgroup.procs") }
        let candidates = [Self.root, Self.root + "/unified"]
        unified = candidates.first { Files.exists($0 + "/cgroup.controllers") }
        unifiedControllers =
            unified.flatMap { Files.line($0 + "/cgroup.controllers") }?.split(separator: " ").map(String.init) ?? []
    }

    package init(
        unified: String?, unifiedControllers: [String], version1: [String], below parent: CgroupParent? = nil
    ) {
        place = Self.place(below: parent)
        self.unified = unified
        self.unifiedControllers = unifiedControllers
        hasVersion1 = { version1.contains($0) }
    }

    /// All directories that a container may have, whatever its limits were.
    package static func directories(of id: ContainerID, below parent: CgroupParent?) -> [String] {
        let mounts = [root] + ((try? Files.names(in: root)) ?? []).map { "\(root)/\($0)" }
        return mounts.map { "\($0)/\(place(below: parent))/\(id.hex)" }.filter(Files.isDirectory)
    }

    private static func place(below parent: CgroupParent?) -> String {
        guard let path = parent?.path, !path.isEmpty else { return Self.parent }
        return "\(path)/\(Self.parent)"
    }

    /// Whether a directory lies in the unified hierarchy.
    package func isUnified(_ directory: String) -> Bool {
        unified.map { directory.hasPrefix("\($0)/") } ?? false
    }

    /// - Throws: when a limit was asked for that this host cannot set.
    package func plan(
        for id: ContainerID, limits: ResourceLimits, limitsDevices: Bool = false
    ) throws(OperationError) -> CgroupPlan {
        var plan = CgroupPlan()
        plan.unified = unified.map { "\($0)/\(place)/\(id.hex)" }
        if limitsDevices { try addDevices(to: &plan, id) }
        if unified == nil, let directory = version1("freezer", of: id) { plan.version1.append(directory) }
        guard !limits.isEmpty else { return plan }
        for (controller, flag) in limits.controllers {
            if unifiedControllers.contains(controller), let directory = plan.unified {
                try limits.checkUnified(controller)
                plan.controllers.append(controller)
                plan.settings += limits.unifiedSettings(controller, in: directory)
            } else if let directory = version1(controller, of: id) {
                plan.version1.append(directory)
                plan.settings += limits.version1Settings(controller, in: directory)
            } else {
                throw missing(controller, flag)
            }
        }
        return plan
    }

    /// Whether this host has nothing of version 1.
    package var isUnifiedAlone: Bool { unified == Self.root }

    /// Whether limits can be set by a controller.
    package func controls(_ controller: String) -> Bool {
        unifiedControllers.contains(controller) || hasVersion1(controller)
    }

    /// A container's directory in the version 1 hierarchy of a controller; nil where there is none.
    func version1(_ controller: String, of id: ContainerID) -> String? {
        let name = controller == "io" ? "blkio" : controller
        guard hasVersion1(name) else { return nil }
        return "\(Self.root)/\(name)/\(place)/\(id.hex)"
    }

    func missing(_ controller: String, _ flag: String) -> OperationError {
        OperationError(
            "set \(flag)", reason: "this host has no \(controller) cgroup controller",
            remedy: "mount cgroup2 at \(Self.root) with the \(controller) controller, or leave the limit out")
    }

    private func addDevices(to plan: inout CgroupPlan, _ id: ContainerID) throws(OperationError) {
        if plan.unified == nil {
            guard let directory = version1("devices", of: id) else {
                throw OperationError(
                    "limit devices", reason: "this host has neither cgroup version 2 nor a devices controller",
                    remedy: "mount cgroup2 at \(Self.root), or give every device by --privileged")
            }
            plan.version1.append(directory)
        }
        plan.devices = plan.unified ?? plan.version1.first
    }
}
