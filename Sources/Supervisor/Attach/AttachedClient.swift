import Containers
import Core
import Glibc
import Linux

/// A client of `attach`, from its request until it has all that the program wrote.
final class AttachedClient: ControlSession {
    /// How long one that has too much to read yet may hold the program up, and by what it has to have read half of it.
    private static let grace: Int64 = 5000

    private unowned let audience: Audience
    private var connection: ControlConnection?
    private let output: AttachedOutput
    private let error: AttachedOutput
    let input: AttachedInput?
    /// The window that the client shows the program in.
    let size: TerminalSize?
    /// When it has to have made room; nil when it has room.
    private var hurry: Deadline?
    /// Milliseconds that one may take for the next of what is left, once the program has ended.
    private var patience: Int64?
    private(set) var isGone = false

    init(
        _ audience: Audience, output: consuming Descriptor, error: consuming Descriptor,
        input: consuming Descriptor?,
        size: TerminalSize?
    ) {
        self.audience = audience
        self.output = AttachedOutput(output)
        self.error = AttachedOutput(error)
        if let input = input.take() { self.input = AttachedInput(input) } else { self.input = nil }
        self.size = size
    }

    // MARK: Session

    func begin(_ connection: ControlConnection) {
        self.connection = connection
        audience.join(self)
    }

    func receive(_ request: ControlRequest) { audience.receive(request) }

    func end() { leave() }

    // MARK: Output

    /// The program has ended: what comes now is another one's.
    var isEnding: Bool { patience != nil }
    /// It has more to read than is kept for it.
    var isFull: Bool { !isEnding && hurry != nil }
    var deadline: Deadline? { hurry }

    func send(_ stream: LogStream, _ bytes: UnsafeRawBufferPointer) {
        (stream == .stdout ? output : error).write(bytes)
        update()
    }

    func watch(_ requests: inout [pollfd], program: Int32) {
        requests += [
            output.request, error.request, input?.request(to: program) ?? pollfd(fd: -1, events: 0, revents: 0),
        ]
    }

    /// - Returns: false when the program reads no more.
    func advance(_ events: ArraySlice<pollfd>, program: Int32) -> Bool {
        let ready = events.map { $0.revents != 0 }
        var hasRead = ready[0] && output.flush()
        if ready[1], error.flush() { hasRead = true }
        update()
        if isEnding, hasRead { hurry = patience.map { Deadline(milliseconds: $0) } }
        if hurry?.millisecondsLeft == 0 { fallBehind() }
        return isEnding || !ready[2] || (input?.advance(to: program) ?? true)
    }

    private func update() {
        if isEnding {
            if output.count == 0, error.count == 0 { leave() }
            return
        }
        let count = max(output.count, error.count)
        if hurry == nil, count > AttachedOutput.capacity {
            hurry = Deadline(milliseconds: Self.grace)
        } else if count < AttachedOutput.capacity / 2 {
            hurry = nil
        }
    }

    private func fallBehind() {
        connection?.send(ControlEvent("behind", [("bytes", .number(output.count + error.count))]).packet)
        leave()
    }

    // MARK: End

    func closeInput() { input?.close() }

    /// - Parameter patience: milliseconds.
    func tell(_ exitCode: Int32, patience: Int64) {
        connection?.send(ControlEvent("ended", [("exitCode", .number(exitCode))]).packet)
        self.patience = patience
        hurry = Deadline(milliseconds: patience)
        update()
    }

    private func leave() {
        if isGone { return }
        isGone = true
        hurry = nil
        output.close()
        error.close()
        input?.close()
        connection?.close()
        connection = nil
    }
}
