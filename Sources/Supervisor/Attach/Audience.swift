import Containers
import Core
import Glibc
import Linux

/// A program that clients may talk to.
protocol AttachableProgram: AnyObject {
    func pass(_ signal: Int32)
    func resize(_ size: TerminalSize)
}

/// The part of a supervisor that has the clients of `attach`: they get what the program writes from then on, and may write to it.
///
/// A client that reads slowly slows the program down a little, as in a pipeline; one that does not read has to go.
final class Audience: EventSource {
    private var clients: [AttachedClient] = []
    /// There is or was one.
    private(set) var hasHadClient = false
    /// Goes to the program's input; nil when it has none that is anybody's to write to.
    private var input: Descriptor?
    /// Nil while no program runs.
    private weak var program: (any AttachableProgram)?

    // MARK: Rounds

    /// - Parameter input: where clients write to.
    func begin(_ program: any AttachableProgram, input: consuming Descriptor?) {
        self.program = program
        if let input = input.take() {
            input.setNonBlocking()
            self.input = Optional(input)
        }
    }

    /// The program has ended.
    func endRound() {
        program = nil
        input = nil
        for client in clients { client.closeInput() }
    }

    /// What became of it, once that is for everybody to see.
    /// - Parameter patience: milliseconds that a client may take for each bit of what is left for it.
    func tell(_ exitCode: Int32, patience: Int64) {
        for client in clients where !client.isEnding { client.tell(exitCode, patience: patience) }
    }

    /// They are another process's from now on.
    func letGo() { clients = [] }

    var isEmpty: Bool { clients.allSatisfy(\.isGone) }

    // MARK: Clients

    /// - Throws: when no program runs, or what the client has sent is no pipe.
    func attach(_ request: ControlRequest, _ passed: PassedDescriptors) throws(OperationError) -> ControlOutcome {
        guard program != nil else {
            throw OperationError(
                "You cannot attach to a restarting container, wait until it is running", kind: .conflict)
        }
        let wantsInput = try request.value("input", \.bool)
        guard passed.count == (wantsInput ? 3 : 2) else {
            throw OperationError("read request \"attach\"", reason: "its streams are missing", kind: .invalid)
        }
        let output = try Self.open(passed.take(), O_WRONLY)
        let error = try Self.open(passed.take(), O_WRONLY)
        var input: Descriptor?
        if wantsInput { input = try Self.open(passed.take(), O_RDONLY) }
        return .session(
            AttachedClient(self, output: output, error: error, input: input, size: TerminalSize(request)))
    }

    /// The client's pipe, opened anew: nothing that the client does to its own can make this process wait.
    private static func open(_ pipe: consuming Descriptor?, _ access: Int32) throws(OperationError) -> Descriptor {
        guard Files.kind(of: pipe.number) == S_IFIFO else {
            throw OperationError("read request \"attach\"", reason: "its streams are no pipes", kind: .invalid)
        }
        let own = try Descriptor.open("/proc/self/fd/\(pipe.number)", access | O_NONBLOCK)
        _ = consume pipe
        return own
    }

    func join(_ client: AttachedClient) {
        clients.append(client)
        hasHadClient = true
        guard let size = client.size else { return }
        // A program draws its screen anew when the size changes, and only then.
        program?.resize(TerminalSize(rows: size.rows &+ 1, columns: size.columns))
        program?.resize(size)
    }

    /// What a client says later on.
    func receive(_ request: ControlRequest) {
        switch request.verb {
        case "resize": if let size = TerminalSize(request) { program?.resize(size) }
        case "signal":
            if let signal = request.body["signal"]?.int, (1...64).contains(signal) { program?.pass(Int32(signal)) }
        default: break
        }
    }

    // MARK: Output

    /// Whether some client cannot take more for the moment.
    var isFull: Bool { clients.contains(where: \.isFull) }

    func send(_ stream: LogStream, _ bytes: UnsafeRawBufferPointer) {
        for client in clients where !client.isEnding { client.send(stream, bytes) }
    }

    // MARK: Part of an event loop

    var deadline: Deadline? {
        clients.lazy.compactMap(\.deadline).min()
    }

    func watch(_ requests: inout [pollfd]) {
        removeGone()
        for client in clients { client.watch(&requests, program: input.number) }
    }

    func advance(_ events: ArraySlice<pollfd>) {
        var rest = events
        for client in clients {
            let own = rest.prefix(3)
            rest = rest.dropFirst(3)
            if own.count == 3, !client.advance(own, program: input.number) { input = nil }
        }
    }

    private func removeGone() { clients.removeAll(where: \.isGone) }
}

extension TerminalSize {
    /// Nil when the client has no window.
    fileprivate init?(_ request: ControlRequest) {
        guard let rows = request.body["rows"]?.int.flatMap(UInt16.init(exactly:)),
            let columns = request.body["columns"]?.int.flatMap(UInt16.init(exactly:))
        else { return nil }
        self.init(rows: rows, columns: columns)
    }
}
