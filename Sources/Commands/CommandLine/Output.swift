import Core
import Engine
import Glibc
import Linux

/// Text on its way to a descriptor. It is kept until `flush`, so that one command makes one write(2).
package struct Output {
    /// Nil keeps everything in `bytes`, for tests.
    private let descriptor: Int32?
    package private(set) var bytes: [UInt8] = []
    /// errno of the first write that failed; nothing is written after it.
    package private(set) var failure: Int32?

    /// Names of files, labels, the output of programs are others' choice: at a terminal nothing in it steers that.
    package private(set) lazy var isTerminal = descriptor.map { Terminal.isTerminal($0) } ?? false

    /// What nobody reads of it holds up no command that is asked to end.
    private let isTalk: Bool

    package init(descriptor: Int32?, isTalk: Bool = false) {
        self.descriptor = descriptor
        self.isTalk = isTalk
    }

    package mutating func write(_ text: String) { writeRaw(isTerminal ? TerminalText.escapedLines(text) : text) }

    /// What steers a terminal, and is ours.
    package mutating func writeRaw(_ text: String) { bytes.append(contentsOf: text.escapingForeignBytes.utf8) }

    package mutating func line(_ text: String) {
        write(text)
        bytes.append(0x0a)
    }

    /// What waits to be written, line by line.
    package var lines: [String] {
        bytes.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Nothing is written of what waits, but this line.
    package mutating func replace(with text: String) {
        bytes = []
        line(text)
    }

    /// At once to standard error: what goes on while a command is at work, a terminal being its reader's affair.
    package static func tell(_ bytes: [UInt8]) {
        var output = Output(descriptor: STDERR_FILENO, isTalk: true)
        output.bytes = bytes
        output.flush()
    }

    package mutating func flush() {
        guard let descriptor else { return }
        var written = 0
        while written < bytes.count, failure == nil {
            if isTalk, !Interruption.awaitRoom(in: descriptor) { break }
            let piece = bytes[written...].prefix(isTalk ? Interruption.room : bytes.count)
            let count = piece.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { written += count } else if errno != EINTR { failure = errno }
        }
        bytes.removeAll(keepingCapacity: true)
    }
}

/// Talk, line by line. Names of files, programs and images are others' choice, so this is the only way to standard error
/// that a command has: nothing in a line steers the terminal that shows it, and no line is forged.
package struct Messages {
    private var output: Output
    package var bytes: [UInt8] { output.bytes }

    package init(descriptor: Int32?) { output = Output(descriptor: descriptor, isTalk: true) }

    package mutating func line(_ text: String) { output.line(TerminalText.escaped(text)) }
    package mutating func lines(_ texts: [String]) { for text in texts { line(text) } }
    /// What is answered on the same line.
    package mutating func question(_ text: String) { output.write(TerminalText.escaped(text)) }
    package mutating func flush() { output.flush() }
}

/// What a command sees of the world.
package struct CommandContext {
    package var output = Output(descriptor: STDOUT_FILENO)
    package var errors = Messages(descriptor: STDERR_FILENO)
    package var environment: (String) -> String? = { name in
        name.withKernelString { getenv($0) }.map { String(kernel: $0) }
    }
    package var now: () -> Timestamp = Timestamp.now
    package var program = Program.current
    /// What other users see of this process; not by tests, whose own it would be.
    package var showTitle: (String) -> Void = { _ in }
    /// `--json`: one JSON value on standard output, and each error as one on standard error.
    package var isJSON = false
    /// Its output only names what it has done.
    package var isReceipt = false
    /// What has been made, of which the output is the id or the name, and the command that takes it away.
    package var made: (word: String, fate: String, undo: String?)?
    /// The exit code of output that cannot be written: that of the command's other failures.
    package var failureCode: Int32 = 1
    /// What the command says with `--json`, where its lines do not say it.
    package var answer: JSON?

    package init() {}

    /// Made when it is asked for: most words on a command line need none.
    package var engine: Engine {
        let scope = environment(Scope.variable)
        guard isJSON else { return Engine(scope: scope) }
        return Engine(scope: scope) { OperationError($0).json("warning", remedy: nil) }
    }

    package func engine(telling progress: any TransferProgress) -> Engine {
        var engine = engine
        engine.progress = progress
        return engine
    }

    /// A context that keeps what is printed.
    package static func recording() -> CommandContext {
        var context = CommandContext()
        context.output = Output(descriptor: nil)
        context.errors = Messages(descriptor: nil)
        return context
    }

    /// One line, and the remedy on one of its own.
    package mutating func report(_ error: OperationError) {
        let isDenied = error.kind == .denied && geteuid() != 0
        let remedy = isDenied ? "mydocker needs root: run it in a root shell, or with sudo" : error.remedy
        if isJSON { return errors.line(error.json("error", remedy: remedy)) }
        errors.line("\(program.name): \(error.description)")
        if let remedy { errors.line("  \(remedy)") }
    }

    package mutating func warn(_ failures: [OperationError]) {
        for failure in failures {
            if isJSON {
                errors.line(failure.json("warning", remedy: failure.remedy))
                continue
            }
            errors.line("\(program.name): warning: \(failure.description)")
            if let remedy = failure.remedy { errors.line("  \(remedy)") }
        }
    }

    package mutating func flush() {
        output.flush()
        errors.flush()
    }
}

/// Descriptors 0 to 2 as a shell may have left them.
package enum StandardDescriptors {
    /// Opens the closed ones on /dev/null, the wrong way round: reading or writing still fails, but no
    /// file that is opened later gets the number and the output meant for it.
    /// - Returns: which were closed.
    package static func fillGaps() -> [Int32] {
        let closed = (0...2).filter { fcntl($0, F_GETFD) < 0 }
        for descriptor in closed { _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) }
        return closed
    }
}
