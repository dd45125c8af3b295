import CLinux
import Core
import Glibc

/// What is mounted in the mount namespace of another process. The kernel lets it be cloned from inside alone, so a copy of this
/// process goes there, hands the clones out and ends.
package enum ForeignMounts {
    /// - Parameters:
    ///   - paths: as that process sees them. No symbolic link is followed.
    ///   - attributes: hold for all clones.
    ///   - body: is given each that is there.
    package static func clone(
        _ paths: [String], of process: borrowing ProcessDescriptor, _ attributes: MountAttributes,
        _ body: (_ path: String, consuming DetachedMount) throws(OperationError) -> Void
    ) throws(OperationError) {
        var ends = try Descriptor.socketPair()
        switch try Fork.fork() {
        case .child:
            ends.closeRead()
            // What is mounted there may belong to a file system that never answers.
            Fork.die(after: 5)
            if let end = ends.takeWrite() { send(paths, from: process, by: end) }
            _exit(0)
        case .parent(let child):
            ends.closeWrite()
            defer { reap(child) }
            guard let end = ends.takeRead() else { return }
            for path in paths {
                guard let tree = try receive(end, path) else { continue }
                try body(path, DetachedMount(tree, of: path, attributes))
            }
        }
    }

    private static func send(
        _ paths: [String], from process: borrowing ProcessDescriptor, by end: borrowing Descriptor
    ) {
        guard clinux_enter_mounts(process.descriptor.number) == 0 else { return }
        for path in paths {
            let result = path.withKernelString { clinux_clone_mount($0) }
            let failure = LocalSocket.send([result < 0 ? 0 : 1], passing: result < 0 ? [] : [result], to: end.number)
            if result >= 0 { close(result) }
            if failure != 0 { return }
        }
    }

    /// Nil when there is nothing at that path.
    private static func receive(_ end: borrowing Descriptor, _ path: String) throws(OperationError) -> Descriptor? {
        _ = Polling.wait(for: end, POLLIN, milliseconds: -1)
        guard case .packet(let bytes, let passed) = LocalSocket.receive(end.number, limit: 1) else {
            throw OperationError("bind", path, reason: "the other container's file system cannot be reached")
        }
        return bytes == [1] ? passed.take() : nil
    }
}
