import Core
import Glibc
import Linux

/// What is told of a build: in the lines that BuildKit has for logs (`#5 [2/3] RUN make`, `#5 0.123 output`,
/// `#5 DONE 0.3s`), as a picture on a terminal, or not at all until a step fails.
final class BuildReport {
    struct Step {
        let title: String
        /// Milliseconds of the monotonic clock.
        let started: Int64
        var ended: Int64?
        var outcome = Outcome.running
        /// What of a line has come.
        var partial: [UInt8] = []
        /// The last lines of its output, with the seconds in front.
        var tail: [[UInt8]] = []
    }

    enum Outcome: String {
        case running = ""
        case done = "DONE"
        case cached = "CACHED"
        case failed = "ERROR"
        case canceled = "CANCELED"
    }

    private static let keptLines = 20
    private static let longestLine = 64 << 10
    private let form: BuildRequest.Progress
    private let isTerminal: Bool
    private let write: ([UInt8]) -> Void
    private var steps: [Step] = []
    private var board = BuildBoard()

    /// - Parameter isTerminal: whether what is written gets there.
    init(
        _ form: BuildRequest.Progress, isTerminal: Bool = Terminal.isTerminal(STDERR_FILENO),
        _ write: @escaping ([UInt8]) -> Void
    ) {
        self.form = form
        self.isTerminal = isTerminal
        self.write = write
    }

    /// - Returns: the step's number, from 1 on.
    func begin(_ title: String) -> Int {
        steps.append(Step(title: TerminalText.escaped(title.escapingForeignBytes), started: Deadline.millisecondsNow))
        line(steps.count, steps[steps.count - 1].title)
        draw()
        return steps.count
    }

    func output(_ number: Int, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            add(steps[number - 1].partial + rest[..<end], to: number)
            steps[number - 1].partial = []
            rest = rest[(end + 1)...]
        }
        steps[number - 1].partial += rest
        // What never ends a line fills no memory.
        if steps[number - 1].partial.count >= Self.longestLine {
            add(steps[number - 1].partial, to: number)
            steps[number - 1].partial = []
        }
        draw()
    }

    private func add(_ line: [UInt8], to number: Int) {
        let text = Array("\(seconds(number, 3)) ".utf8) + line
        if form == .plain { write(Array("#\(number) ".utf8) + text + [UInt8(ascii: "\n")]) }
        if steps[number - 1].tail.count == Self.keptLines { steps[number - 1].tail.removeFirst() }
        steps[number - 1].tail.append(text)
    }

    func done(_ step: Int) { end(step, .done, "DONE \(seconds(step, 1))s") }
    func cached(_ step: Int) { end(step, .cached, "CACHED") }
    func canceled(_ step: Int) { end(step, .canceled, "CANCELED") }
    func note(_ step: Int, _ text: String) { line(step, text) }

    /// Shows what it had said last, too: other steps' lines may lie between.
    func failed(_ number: Int, _ error: OperationError) {
        end(number, .failed, "ERROR: \(error)")
        finish()
        let step = steps[number - 1]
        guard !step.tail.allSatisfy(\.isEmpty) else { return }
        let rule = Array("------\n".utf8)
        let lines = step.tail.flatMap { line -> [UInt8] in
            (isTerminal ? Array(BuildBoard.escaped(line).utf8) : line) + [UInt8(ascii: "\n")]
        }
        write(rule + Array(" > \(step.title):\n".utf8) + lines + rule)
    }

    private func end(_ number: Int, _ outcome: Outcome, _ text: String) {
        if !steps[number - 1].partial.isEmpty { output(number, [UInt8(ascii: "\n")]) }
        steps[number - 1].outcome = outcome
        steps[number - 1].ended = Deadline.millisecondsNow
        line(number, text)
        if form == .plain { write([UInt8(ascii: "\n")]) }
        draw()
    }

    private func line(_ step: Int, _ text: String) {
        guard form == .plain else { return }
        write(Array("#\(step) \(TerminalText.escaped(text.escapingForeignBytes))\n".utf8))
    }

    private func seconds(_ number: Int, _ digits: Int) -> String {
        BuildBoard.seconds(Deadline.millisecondsNow - steps[number - 1].started, digits)
    }

    // MARK: On a terminal

    /// Lines about what a step does, below it, in place of its output. From the first call on there are always as many: whoever
    /// draws the picture next, this process or a copy that was made since, draws over all of it.
    func show(_ number: Int, _ lines: [String]) {
        guard form == .terminal else { return }
        let shown = lines.suffix(BuildBoard.shownLines).map { Array($0.utf8) }
        let isNew = steps[number - 1].tail.isEmpty
        steps[number - 1].tail = shown + Array(repeating: [], count: BuildBoard.shownLines - shown.count)
        if isNew { board.isDue = true }
        draw()
    }

    /// Milliseconds after which time alone changes what is shown; negative where it does not.
    var patience: Int32 { form == .terminal ? Int32(BuildBoard.interval) : -1 }

    /// Shows what has changed, unless that was done a moment ago.
    func draw() { if form == .terminal, let text = board.text(of: steps, isLast: false) { write(text) } }

    /// Shows how it has ended. What is written then comes below.
    func finish() { if form == .terminal, let text = board.text(of: steps, isLast: true) { write(text) } }
}
