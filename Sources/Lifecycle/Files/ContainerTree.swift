import Containers
import Core
import Glibc
import Linux

/// A container's files as its program sees them, or would: everything is to be looked up below this descriptor.
package struct ContainerTree: ~Copyable {
    /// O_PATH.
    package let root: Descriptor
    /// Of one that does not run: has its file system mounted, where nobody else sees it, and never becomes its program.
    private let keeper: LaunchedChild?
    private let hold: StoppedContainer?

    fileprivate init(
        _ root: consuming Descriptor, keeper: consuming LaunchedChild? = nil, hold: consuming StoppedContainer? = nil
    ) {
        self.root = root
        self.keeper = keeper
        self.hold = hold
    }

    /// In order: the mount goes before the container may begin.
    package consuming func close() {}
}

extension Host {
    /// - Parameter isWritable: a container that does not run stays so meanwhile.
    package func openTree(
        of id: ContainerID, named name: String, isWritable: Bool
    ) throws(OperationError) -> ContainerTree {
        let deadline = Deadline(seconds: 15)
        while true {
            if let tree = try openTreeNow(of: id, named: name, isWritable: isWritable) { return tree }
            guard deadline.millisecondsLeft > 0 else { throw try changing(id, name) }
            try Interruption.check("copy files of container", name)
            usleep(2000)
        }
    }

    /// Nil when the container is just between two states.
    private func openTreeNow(
        of id: ContainerID, named name: String, isWritable: Bool
    ) throws(OperationError) -> ContainerTree? {
        if let running = try running(id) { return try openTree(of: running) }
        switch liveness(of: id) {
        case .changing, .supervised, .ending: return nil
        case .damaged(let failure): throw failure
        case .gone, .orphaned: break
        }
        try reclaim(id)
        guard let definition = try containerStore.definition(id) else { throw OperationError.noContainer(name) }
        if !isWritable { return try mountTree(of: definition, hold: nil) }
        guard let hold = try StoppedContainer(self, id, named: name) else { return nil }
        try clearOverlayMark(of: id)
        return try mountTree(of: definition, hold: hold)
    }

    private func openTree(of running: borrowing RunningContainer) throws(OperationError) -> ContainerTree? {
        guard let root = try? openRoot(of: running.state.pid ?? 0) else { return nil }
        // Then it was this container's process all the time, and none that has its number by now.
        if running.waitForEnd(milliseconds: 0) { return nil }
        return ContainerTree(root)
    }

    private func openRoot(of process: pid_t) throws(OperationError) -> Descriptor {
        try Descriptor.open("/proc/\(process)/root", O_DIRECTORY | Descriptor.pathOnly)
    }

    /// What a start would mount, without what is the kernel's: image, own files, binds.
    private func mountTree(
        of definition: ContainerDefinition, hold: consuming StoppedContainer?
    ) throws(OperationError) -> ContainerTree {
        let isWritable = hold != nil
        var files = RootFilesystem(layers: definition.layers, directory: layout.container(definition.id))
        files.isReadOnly = definition.readOnlyRoot
        let descriptors = DescriptorSet()
        try files.fitLayers()
        files.mounts = try boundMounts(of: definition, into: descriptors, isWritable: isWritable)
        let process = ProcessPlan(
            command: "", arguments: [], environment: [], directory: "/", path: "", capabilities: 0)
        let plan = LaunchPlan(
            namespaces: .mount, hostname: nil, steps: try files.steps(isWritable: isWritable), process: process)
        var keeper = try LaunchedChild.start(
            plan, stdio: .null, cgroup: nil, network: nil)
        guard case .waiting = try keeper.next() else {
            throw OperationError("mount the files of container", definition.name.description, errno: EPROTO)
        }
        withExtendedLifetime(descriptors) {}
        let root = try openRoot(of: keeper.pid)
        return ContainerTree(root, keeper: keeper, hold: hold)
    }

    private func changing(_ id: ContainerID, _ name: String) throws(OperationError) -> OperationError {
        try isRestarting(id)
            ? refusal(of: .exec, id, name)
            : OperationError(
                "copy files of container", name, reason: "another command is at work on it", kind: .conflict)
    }
}
