import Core
import Glibc
import Lifecycle
import Linux

/// A second process that outlives a command which is killed, and then undoes at once what that one could not: a
/// foreground container with its name, address, ports, rules, cgroup and files; a container held still by `commit`.
///
/// It is in a process group of its own, so that a signal to the command's does not reach it, and it keeps none of
/// the caller's descriptors, so that nobody waits for it.
package final class Guardian {
    private var pipe: Pipe

    /// - Parameters:
    ///   - kept: a descriptor that the other process keeps, too; negative is none.
    ///   - first: what the other process does before it begins to wait.
    ///   - undo: is called there once this value has gone without `dismiss`.
    package init(keeping kept: Int32 = -1, first: () -> Void = {}, undo: () -> Void) throws(OperationError) {
        try FaultPoint.pass("create pipe")
        var pipe = try Descriptor.socketPair()
        switch try Fork.fork() {
        case .child:
            pipe.closeWrite()
            FaultPoint.disarm()
            first()
            Self.watch(pipe.takeRead(), keeping: kept, undo)
            _exit(0)
        // Not left to the child, which may not have come to it when the group is killed.
        case .parent(let child): setpgid(child, child)
        }
        pipe.closeRead()
        self.pipe = pipe
    }

    /// There is nothing to undo any more.
    /// - Parameter removed: directories without a name. The other process lets go of them last, and so waits for the disk.
    package func dismiss(_ removed: DescriptorSet = DescriptorSet()) {
        guard let end = pipe.takeWrite(), (try? FaultPoint.pass("dismiss guardian")) != nil else { return }
        removed.send(1, by: end)
        removed.closeAll()
    }

    private static func watch(_ pipe: consuming Descriptor?, keeping kept: Int32, _ undo: () -> Void) {
        guard let pipe else { return }
        ProcessTitle.set("mydocker: guardian")
        setpgid(0, 0)
        chdir("/")
        try? InheritedDescriptors.redirectStandardStreams()
        InheritedDescriptors.close(except: [pipe.number, kept])
        var byte: UInt8 = 0
        var count = read(pipe.number, &byte, 1)
        while count < 0, errno == EINTR { count = read(pipe.number, &byte, 1) }
        // The end of file comes once the command and a child that has not reached exec yet are gone.
        if count == 0 { undo() }
    }
}

extension Host {
    /// A guardian that reclaims a container once this process, which has its lock, has gone.
    package func guardian(of id: ContainerID, first: () -> Void = {}) throws(OperationError) -> Guardian {
        try Guardian(first: first) { try? reclaim(id) }
    }
}
