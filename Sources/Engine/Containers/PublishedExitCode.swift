import Core
import Glibc
import Lifecycle
import Linux
import Records

/// How a container will have ended that may be removed by then: the supervisor writes the code into its lock's file, which
/// stays readable when it is removed. That of a round that others follow is in the state.
final class PublishedExitCode {
    private let engine: Engine
    private let id: ContainerID
    private var file: Descriptor?
    private var host: Host { engine.host }

    init(_ engine: Engine, _ id: ContainerID) {
        self.engine = engine
        self.id = id
        file = try? Descriptor.open(engine.layout.containerLock(id), O_RDONLY)
    }

    /// Waits until the container's program has ended, whether it begins again or not.
    func wait() throws(OperationError) -> Int32 {
        if let file = file.take(), let code = try read(file) { return code }
        if let exit = try engine.containerStore.exit(id) { return exit.exitCode }
        return engine.containerStore.isCreated(id) ? 0 : 137
    }

    private func read(_ file: borrowing Descriptor) throws(OperationError) -> Int32? {
        let before = lastExit
        while true {
            switch file.lock(exclusive: false, until: Deadline(milliseconds: 50)) {
            case 0:
                let text = String(decoding: try Files.read(file, named: "lock"), as: UTF8.self)
                return Int32(text.prefix { $0 != "\n" })
            case EWOULDBLOCK: break
            default: return nil
            }
            if let last = lastExit, last != before { return last.exitCode }
            if let running = try? host.running(id) {
                _ = running.waitForEnd(milliseconds: 1000)
            } else if case .ending = host.liveness(of: id) {
                // Its program has ended while the supervisor was stopped.
                host.wakeSupervisor(of: id)
            }
        }
    }

    private var lastExit: ContainerExit? { ((try? engine.containerStore.state(id)) ?? nil)?.lastExit }
}
