import Containers
import Core
import Glibc
import Lifecycle
import Linux

/// A client's side of `attach`: pipes of its own to the supervisor, and what that one says.
package final class Attachment: EventSource {
    package enum End: Equatable {
        case ended(exitCode: Int32)
        /// The client has not read fast enough.
        case fellBehind
        /// The supervisor is gone.
        case lost
    }

    private let client: ControlClient
    private var output: Pipe
    private var error: Pipe
    private var input: Pipe?
    package private(set) var end: End?

    /// - Parameter size: of the window that the program's terminal is shown in.
    /// - Throws: also when the container cannot be attached to.
    package init(_ host: Host, _ id: ContainerID, input wantsInput: Bool, size: TerminalSize?) throws(OperationError) {
        output = try Descriptor.pipe()
        error = try Descriptor.pipe()
        if wantsInput { input = try Descriptor.pipe() }
        client = try ControlClient(host, id)
        let request = ControlRequest("attach", [("input", .bool(wantsInput))] + Self.members(size))
        let ends = [output.writeNumber, error.writeNumber] + (wantsInput ? [input?.readNumber ?? -1] : [])
        _ = try client.ask(request, passing: ends)
        output.closeWrite()
        error.closeWrite()
    }

    package func takeOutput() -> Descriptor? { output.takeRead() }
    package func takeError() -> Descriptor? { error.takeRead() }
    package func takeInput() -> Descriptor? { input?.takeWrite() }
    /// The other end of `takeInput`.
    package func takeInputMeter() -> Descriptor? { input?.takeRead() }

    // MARK: Saying

    package func resize(to size: TerminalSize) { say(ControlRequest("resize", Self.members(size))) }
    package func pass(_ signal: Int32) { say(ControlRequest("signal", [("signal", .number(signal))])) }

    /// A supervisor that is gone says so itself.
    private func say(_ request: ControlRequest) { try? client.send(request) }

    private static func members(_ size: TerminalSize?) -> [(key: String, value: JSON)] {
        size.map { [("rows", .number($0.rows)), ("columns", .number($0.columns))] } ?? []
    }

    // MARK: Part of an event loop

    package func watch(_ requests: inout [pollfd]) {
        requests.append(end == nil ? client.request : pollfd(fd: -1, events: 0, revents: 0))
    }

    package func advance(_ events: ArraySlice<pollfd>) {
        switch client.receive() {
        case .nothing: return
        case .packet(let bytes, _): hear(try? ControlEvent(parsing: bytes))
        case .tooLong, .end: end = .lost
        }
    }

    private func hear(_ event: ControlEvent?) {
        switch event?.name {
        case "ended": end = .ended(exitCode: event?.body["exitCode"]?.int.flatMap(Int32.init(exactly:)) ?? 137)
        case "behind": end = .fellBehind
        // Said by a newer supervisor.
        default: return
        }
    }
}
