import Core
import Linux
import Netlink

extension ContainerState {
    /// The TCP ports that somebody in its network namespace listens on; none when it has ended.
    package var listeningPorts: Set<UInt16> {
        guard let process = process?.open(), let pid, !process.waitForEnd(milliseconds: 0) else { return [] }
        let ports = try? NetworkNamespace.visit(of: pid) { () throws(OperationError) in
            var diagnosis = try SocketDiagnosis()
            return try diagnosis.listeningPorts()
        }
        return ports ?? []
    }
}
