import Core
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
    private let form: BuildRequest.Progress
    private let write: ([UInt8]) -> Void
    private var steps: [Step] = []
    private var board = BuildBoard()

    init(_ form: BuildRequest.Progress, _ write: @escaping ([UInt8]) -> Void) {
        self.form = form
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
        var rest = steps[number - 1].partial + bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let text = Array("\(seconds(number, 3)) ".utf8) + rest[..<end]
            if form == .plain { write(Array("#\(number) ".utf8) + text + [UInt8(ascii: "\n")]) }
            steps[number - 1].tail = steps[number - 1].tail.suffix(Self.keptLines - 1) + [text]
            rest = Array(rest[(end + 1)...])
        }
        steps[number - 1].partial = rest
        draw()
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
        guard !step.tail.isEmpty else { return }
        let rule = Array("------\n".utf8)
        let lines = step.tail.flatMap { $0 + [UInt8(ascii: "\n")] }
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

    /// Milliseconds after which time alone changes what is shown; negative where it does not.
    var patience: Int32 { form == .terminal ? Int32(BuildBoard.interval) : -1 }

    /// Shows what has changed, unless that was done a moment ago.
    func draw() { if form == .terminal, let text = board.text(of: steps, isLast: false) { write(text) } }

    /// Shows how it has ended. What is written then comes below.
    func finish() { if form == .terminal, let text = board.text(of: steps, isLast: true) { write(text) } }
}
