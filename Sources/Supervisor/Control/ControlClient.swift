import Core
import Glibc
import Lifecycle
import Linux

/// Somebody's connection to the supervisor of a container. Every wait has an end, and signals end it too.
package final class ControlClient {
    private let host: Host
    private let id: ContainerID
    private let descriptor: Descriptor

    /// - Throws: also when the container has no supervisor that can be talked to.
    package init(_ host: Host, _ id: ContainerID) throws(OperationError) {
        self.host = host
        self.id = id
        descriptor = try Self.connect(host, id)
    }

    private static func connect(_ host: Host, _ id: ContainerID) throws(OperationError) -> Descriptor {
        let path = host.layout.containerControl(id)
        let deadline = Deadline(seconds: 15)
        while true {
            do throws(OperationError) {
                return try LocalSocket.connect(to: path)
            } catch {
                guard error.errno == EAGAIN else { throw refusal(host, id, error) }
            }
            // Others wait there too.
            host.wakeSupervisor(of: id)
            try Interruption.check("connect to the supervisor of container", id.short)
            if deadline.millisecondsLeft == 0 { throw silence(id) }
            usleep(5000)
        }
    }

    private static func refusal(_ host: Host, _ id: ContainerID, _ error: OperationError) -> OperationError {
        guard error.errno == ENOENT || error.errno == ECONNREFUSED else { return error }
        guard let running = try? host.running(id), !running.process.waitForEnd(milliseconds: 0) else {
            return host.notRunning(id)
        }
        return OperationError(
            "connect to the supervisor of container", id.short,
            reason: "it is of an older mydocker and takes no requests",
            remedy: "stop the container, then start it with this mydocker", kind: .unsupported)
    }

    private static func silence(_ id: ContainerID) -> OperationError {
        OperationError(
            "ask the supervisor of container", id.short, reason: "it does not answer",
            remedy: "see in /run/mydocker/containers/\(id)/state.json which process it is, and what holds it up",
            kind: .timedOut)
    }

    /// Sends a request and waits for its answer.
    /// - Parameters:
    ///   - descriptors: go along with it; they stay the caller's.
    ///   - seconds: until the answer has to be there.
    package func ask(
        _ request: ControlRequest, passing descriptors: [Int32] = [], within seconds: Int64 = 15
    ) throws(OperationError) -> JSON {
        try send(request, passing: descriptors)
        let deadline = Deadline(seconds: seconds)
        while true {
            switch receive() {
            case .packet(let bytes, _):
                switch try ControlReply(parsing: bytes) {
                case .result(let result): return result
                case .failure(let error): throw error
                }
            case .nothing: break
            case .tooLong, .end: throw Self.refusal(host, id, OperationError("ask", errno: ECONNREFUSED))
            }
            if Polling.wait(for: descriptor, POLLIN, milliseconds: 100) { continue }
            host.wakeSupervisor(of: id)
            try Interruption.check("ask the supervisor of container", id.short)
            if deadline.millisecondsLeft == 0 { throw Self.silence(id) }
        }
    }

    /// Says something more, in a session.
    package func send(_ request: ControlRequest, passing descriptors: [Int32] = []) throws(OperationError) {
        let error = LocalSocket.send(request.packet, passing: descriptors, to: descriptor.number)
        if error == EPIPE || error == ECONNRESET {
            throw Self.refusal(host, id, OperationError("ask", errno: ECONNREFUSED))
        }
        guard error == 0 else { throw OperationError("ask the supervisor of container", id.short, errno: error) }
    }

    /// What has come by now.
    package func receive() -> LocalSocket.Received {
        LocalSocket.receive(descriptor.number, limit: ControlMessage.longest)
    }

    package var request: pollfd { pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0) }
}

extension Host {
    /// Asks something of a container's supervisor.
    /// - Parameter seconds: until the answer has to be there.
    /// - Returns: the answer's members.
    package func ask(
        _ id: ContainerID, _ verb: String, _ members: [(key: String, value: JSON)] = [], within seconds: Int64 = 15
    ) throws(OperationError) -> JSON {
        try ControlClient(self, id).ask(ControlRequest(verb, members), within: seconds)
    }
}
