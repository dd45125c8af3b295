import CLinux
import Core
import Glibc

extension NetworkNamespace {
    /// Does something in the network namespace of a process. The calling thread is back in its own when this returns.
    /// - Parameter pid: of a process that is held, so that the number is its own.
    package static func visit<Result: ~Copyable>(
        of pid: pid_t, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        try visit(try Descriptor.open("/proc/\(pid)/ns/net", O_RDONLY, as: "open network namespace"), body)
    }

    /// The same in one that is held.
    package borrowing func visit<Result: ~Copyable>(
        _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        try Self.visit(descriptor, body)
    }

    private static func visit<Result: ~Copyable>(
        _ target: borrowing Descriptor, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        var network = clinux_network()
        let result = clinux_visit_network(target.number, &network)
        guard result == 0 else { throw OperationError("enter network namespace", errno: -result) }
        defer { clinux_leave_network(&network) }
        return try body()
    }
}
