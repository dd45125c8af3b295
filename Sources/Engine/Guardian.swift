import Core
import Glibc
import Linux
import Store

/// A second process that outlives a foreground supervisor which is killed, and then clears away at once what
/// that one could not: name, address, ports, rules, cgroup and files.
///
/// It is in a session of its own, so that a signal to the supervisor's process group does not reach it, and
/// it keeps none of the caller's descriptors, so that nobody waits for it.
final class Guardian {
    private var pipe: Pipe

    /// - Parameter engine: clears away the container called `id`, of which there is nothing yet.
    init(_ engine: Engine, _ id: ContainerID) throws(OperationError) {
        var pipe = try Descriptor.pipe()
        switch try Fork.fork() {
        case .child:
            pipe.closeWrite()
            Self.watch(pipe.takeRead(), engine, id)
            _exit(0)
        case .parent(let child):
            // It does so itself, but maybe only after a signal to our group.
            setpgid(child, child)
        }
        pipe.closeRead()
        self.pipe = pipe
    }

    /// The supervisor has cleared up by itself.
    func dismiss() {
        guard let end = pipe.takeWrite() else { return }
        try? Files.writeAll([1], to: end, named: "guardian")
    }

    /// Returns when the supervisor has dismissed us, or has died and its container is cleared away.
    private static func watch(_ pipe: consuming Descriptor?, _ engine: Engine, _ id: ContainerID) {
        guard let pipe else { return }
        FaultPoint.disarm()
        setsid()
        chdir("/")
        try? InheritedDescriptors.redirectStandardStreams()
        InheritedDescriptors.close(except: pipe.number)
        var byte: UInt8 = 0
        var count = read(pipe.number, &byte, 1)
        while count < 0, errno == EINTR { count = read(pipe.number, &byte, 1) }
        // The end of file comes once the supervisor and a child that has not reached exec yet are gone.
        guard count == 0 else { return }
        // It is one of many files that a dying process closes: the container's lock may be free a moment later.
        engine.waitForSupervisor(of: id)
        try? engine.reclaim(id)
    }
}
