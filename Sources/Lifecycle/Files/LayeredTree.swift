import Containers
import Core
import Glibc
import Linux

/// Layers as one tree, mounted where nobody else sees it: a process has them that never becomes a program, and the mounts go
/// with it.
package struct LayeredTree: ~Copyable {
    /// O_PATH: everything is to be looked up below it.
    package let root: Descriptor
    private let keeper: LaunchedChild

    /// - Parameters:
    ///   - layers: topmost first.
    ///   - directory: holds `upper`, and `work` when something is to be written.
    package init(_ layers: [String], in directory: String, isWritable: Bool) throws(OperationError) {
        var files = RootFilesystem(layers: layers, directory: directory)
        try files.fitLayers()
        let process = ProcessPlan(
            command: "", arguments: [], environment: [], directory: "/", path: "", capabilities: 0)
        let plan = LaunchPlan(
            namespaces: .mount, hostname: nil, steps: try files.steps(isWritable: isWritable), process: process)
        var keeper = try LaunchedChild.start(plan, stdio: .null, cgroup: nil, network: nil)
        guard case .waiting = try keeper.next() else { throw OperationError("mount layers", directory, errno: EPROTO) }
        root = try Descriptor.open("/proc/\(keeper.pid)/root", O_DIRECTORY | Descriptor.pathOnly)
        self.keeper = keeper
    }

    package var process: pid_t { keeper.pid }

    package consuming func close() {}
}
