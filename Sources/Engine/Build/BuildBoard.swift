import Core
import Glibc
import Linux

/// The picture of a build on a terminal: a line for each step, below those that run what they say. It is drawn over again
/// where it stands.
struct BuildBoard {
    /// Milliseconds between two pictures.
    static let interval: Int64 = 100
    /// Of a step's output.
    static let shownLines = 4

    /// How many lines the terminal shows of it.
    private var height = 0
    private var drawn: Int64 = 0
    /// The next picture is not put off.
    var isDue = false
    private var isFinished = false

    /// - Parameter isLast: it is not to be drawn over any more.
    /// - Returns: what draws the picture; nil when the last one is too young, or was the last.
    mutating func text(of steps: [BuildReport.Step], isLast: Bool) -> [UInt8]? {
        let now = Deadline.millisecondsNow
        guard !isFinished, isLast || isDue || now - drawn >= Self.interval, let first = steps.first else { return nil }
        drawn = now
        isDue = false
        isFinished = isLast
        let room = Terminal.room(of: STDERR_FILENO)
        let ended = steps.count { $0.ended != nil }
        let time = Self.seconds(now - first.started, 1)
        let head = "[+] Building \(time)s (\(ended)/\(steps.count))" + (isLast ? " FINISHED" : "")
        let body = steps.flatMap { Self.lines(of: $0, now, room.columns) }
        // What does not fit cannot be drawn over.
        let lines = [Self.cut(head, to: room.columns - 1).text] + body.suffix(max(room.rows - 3, 1))
        var text = height > 0 ? "\u{1b}[\(height)A" : ""
        for line in lines { text += "\r\u{1b}[K\(line)\n" }
        text += "\u{1b}[J"
        height = lines.count
        return Array(text.utf8)
    }

    static func lines(of step: BuildReport.Step, _ now: Int64, _ columns: Int) -> [String] {
        let word = [.cached, .failed, .canceled].contains(step.outcome) ? step.outcome.rawValue + " " : ""
        let title = " => \(word)\(step.title)"
        let time = seconds((step.ended ?? now) - step.started, 1) + "s"
        let room = columns - time.count - 2
        let shown = cut(title, to: room)
        let line = shown.text + String(repeating: " ", count: room - shown.columns + 1) + time
        guard step.outcome == .running else { return [line] }
        let output = step.tail.suffix(shownLines).map { " => => # " + escaped($0) }
        return [line] + output.map { cut($0, to: columns - 1).text }
    }

    static func escaped(_ line: [UInt8]) -> String {
        TerminalText.escaped(String(kernel: line).escapingForeignBytes)
    }

    /// As much of a text as surely fits: a line that is longer than the terminal takes two, and what is not ASCII may be two
    /// columns wide.
    /// - Returns: that, and how many columns it may have.
    static func cut(_ text: String, to limit: Int) -> (text: String, columns: Int) {
        var kept = ""
        var columns = 0
        for scalar in text.unicodeScalars {
            let width = scalar.isASCII ? 1 : 2
            if columns + width > limit { break }
            kept.unicodeScalars.append(scalar)
            columns += width
        }
        return (kept, columns)
    }

    /// `0.123`
    static func seconds(_ milliseconds: Int64, _ digits: Int) -> String {
        let fraction = String(String(1000 + milliseconds % 1000).dropFirst().prefix(digits))
        return "\(milliseconds / 1000).\(fraction)"
    }
}
