import Core
import Netlink

/// What is asked and written of several tables at once, by one socket: it is opened when something is asked first, in the network
/// namespace that the calling thread is in then.
final class NFTablesConversation: KernelConversation {
    private var socket: NFTablesSocket?
    private var lastNumber: UInt32 = 0

    func ask<Answer>(
        _ question: (inout NFTablesSocket) throws(OperationError) -> Answer
    ) throws(OperationError) -> Answer {
        var asked = try taken()
        do throws(OperationError) {
            let answer = try question(&asked)
            socket = consume asked
            return answer
        } catch {
            socket = consume asked
            throw error
        }
    }

    private func taken() throws(OperationError) -> NFTablesSocket {
        if let socket = socket.take() { return socket }
        return try NFTablesSocket()
    }

    /// Of a rule or a map that is added. Kernels look for it in all tables of a batch.
    func nextNumber() -> UInt32 {
        lastNumber += 1
        return lastNumber
    }
}
