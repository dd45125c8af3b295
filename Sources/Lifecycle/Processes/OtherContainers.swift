import Containers
import Core
import Glibc
import Linux
import Records

/// The first processes of other containers whose namespaces a container is to have. Held until the container has them.
final class OtherContainers {
    /// For the child.
    private(set) var joined = JoinedProcesses.none
    private let descriptors = DescriptorSet()
    /// What it has of the other's /dev/shm, and of the files in /etc that go with a network.
    private(set) var sharedMemory: Int32?
    private(set) var files: [(target: String, descriptor: Int32)] = []

    init(
        _ host: Host, _ definition: ContainerDefinition, readOnly: Bool
    ) throws(OperationError) {
        if let id = definition.namespaces.pid.container {
            let other = try host.other(id, "join PID namespace of")
            joined.pid = try keep(other.process)
        }
        if let id = definition.namespaces.ipc.container {
            let other = try host.sharing(id)
            try ForeignMounts.clone([Self.sharedMemoryPath], of: other.process, .hardened) {
                (_: String, mount: consuming DetachedMount) throws(OperationError) in
                sharedMemory = descriptors.insert(mount.intoDescriptor())
            }
            joined.ipc = try keep(other.process)
        }
        if case .container(let id) = definition.networkMode {
            let other = try host.joinable(id)
            try ForeignMounts.clone(Self.networkFiles, of: other.process, readOnly ? .readOnly : []) {
                (path: String, mount: consuming DetachedMount) throws(OperationError) in
                files.append((path, descriptors.insert(mount.intoDescriptor())))
            }
            joined.network = try keep(other.process)
        }
        if case .namespace(let path) = definition.networkMode {
            joined.network = descriptors.insert(try NetworkNamespace.open(path))
        }
        if definition.namespaces.ipc == .host {
            let mount = try DetachedMount(cloning: Self.sharedMemoryPath, .hardened)
            sharedMemory = descriptors.insert(mount.intoDescriptor())
        }
    }

    private func keep(_ process: borrowing ProcessDescriptor) throws(OperationError) -> Int32 {
        descriptors.insert(try process.descriptor.duplicate())
    }

    private static let sharedMemoryPath = "/dev/shm"
    private static let networkFiles = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"]
}

extension MountAttributes {
    fileprivate static let hardened: MountAttributes = [.noSetUserID, .noDevices, .noExecute]
}

extension Host {
    /// What is needed of other containers, which have to run. The sentences are Docker's.
    package func checkOthers(of definition: ContainerDefinition) throws(OperationError) {
        if let id = definition.namespaces.pid.container { _ = try other(id, "join PID namespace of") }
        if let id = definition.namespaces.ipc.container { _ = try sharing(id) }
        if case .container(let id) = definition.networkMode, try running(id) == nil { throw Self.noNetwork(of: id) }
        if case .namespace(let path) = definition.networkMode { _ = try NetworkNamespace.open(path) }
        _ = try linkEntries(of: definition)
    }

    func other(_ id: ContainerID, _ purpose: String) throws(OperationError) -> RunningContainer {
        guard let running = try running(id) else {
            throw OperationError("cannot \(purpose) a non running container: \(id)", kind: .notRunning)
        }
        return running
    }

    /// One that others may have the IPC namespace of.
    func sharing(_ id: ContainerID) throws(OperationError) -> RunningContainer {
        let running = try other(id, "join IPC of")
        let modes = try containerStore.definition(id)?.namespaces ?? NamespaceModes()
        guard modes.ipc != .own || modes.ipcSharing == .shareable else {
            throw OperationError(
                "can't join IPC of container \(id): non-shareable IPC",
                remedy: "run that one with --ipc shareable", kind: .conflict)
        }
        return running
    }

    private static func noNetwork(of id: ContainerID) -> OperationError {
        OperationError("cannot join network of a non running container: \(id)", kind: .notRunning)
    }

    /// One whose network another container is about to have. On record first: its end then takes its links away, which would
    /// else be there as long as the other one.
    func joinable(_ id: ContainerID) throws(OperationError) -> RunningContainer {
        do throws(OperationError) {
            try Files.replace(layout.containerJoined(id), [])
        } catch {
            throw error.errno == ENOENT ? Self.noNetwork(of: id) : error
        }
        // Whoever ends it from now on finds that.
        guard let running = try running(id) else { throw Self.noNetwork(of: id) }
        return running
    }
}
