import Core
import Linux

/// What is told of a build, in the lines that BuildKit has for logs: `#5 [2/3] RUN make`, `#5 0.123 output`, `#5 DONE 0.3s`.
final class BuildReport {
    private let write: ([UInt8]) -> Void
    private var count = 0
    private var started: [Int: Int64] = [:]
    /// What of a line has come, by the step.
    private var partial: [Int: [UInt8]] = [:]

    init(_ write: @escaping ([UInt8]) -> Void) { self.write = write }

    /// - Returns: the step's number.
    func begin(_ title: String) -> Int {
        count += 1
        started[count] = Deadline.millisecondsNow
        line(count, title)
        return count
    }

    func output(_ step: Int, _ bytes: [UInt8]) {
        var rest = (partial[step] ?? []) + bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            write(Array("#\(step) \(seconds(step, 3)) ".utf8) + rest[...end])
            rest.removeFirst(end + 1)
        }
        partial[step] = rest
    }

    func done(_ step: Int) { end(step, "DONE \(seconds(step, 1))s") }
    func cached(_ step: Int) { end(step, "CACHED") }
    func failed(_ step: Int, _ error: OperationError) { end(step, "ERROR: \(error)") }
    func canceled(_ step: Int) { end(step, "CANCELED") }
    func note(_ step: Int, _ text: String) { line(step, text) }

    private func end(_ step: Int, _ text: String) {
        if partial[step]?.isEmpty == false { output(step, [UInt8(ascii: "\n")]) }
        partial[step] = nil
        line(step, text)
        write([UInt8(ascii: "\n")])
    }

    private func line(_ step: Int, _ text: String) {
        write(Array("#\(step) \(TerminalText.escaped(text.escapingForeignBytes))\n".utf8))
    }

    private func seconds(_ step: Int, _ digits: Int) -> String {
        let milliseconds = Deadline.millisecondsNow - (started[step] ?? Deadline.millisecondsNow)
        let fraction = String(String(1000 + milliseconds % 1000).dropFirst().prefix(digits))
        return "\(milliseconds / 1000).\(fraction)"
    }
}
