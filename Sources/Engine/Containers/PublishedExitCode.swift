import Core
import Glibc
import Lifecycle
import Linux
import Records

/// How a container will have ended that may be removed by then: the supervisor writes the code into its lock's file, which
/// stays readable when it is removed.
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

    /// Waits until the container has ended.
    func wait() throws(OperationError) -> Int32 {
        if let file = file.take(), let code = try read(file) { return code }
        if let exit = try engine.containerStore.exit(id) { return exit.exitCode }
        return engine.containerStore.isCreated(id) ? 0 : 137
    }

    private func read(_ file: borrowing Descriptor) throws(OperationError) -> Int32? {
        while true {
            switch file.lock(exclusive: false, until: Deadline(seconds: 1)) {
            case 0: break
            case EWOULDBLOCK:
                // Its program may have ended while the supervisor is stopped.
                if case .ending = host.liveness(of: id) { host.wakeSupervisor(of: id) }
                continue
            default: return nil
            }
            break
        }
        let text = String(decoding: try Files.read(file, named: "lock"), as: UTF8.self)
        return Int32(text.prefix { $0 != "\n" })
    }
}
