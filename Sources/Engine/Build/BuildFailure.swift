import Core
import Dockerfile

/// Why a build cannot go on, with the lines of its file that say so.
struct BuildFailure {
    let error: OperationError
    /// As they are shown.
    let excerpt: [String]

    private static let shownAround = 2

    /// - Parameter text: of the whole file.
    init(_ failure: DockerfileError, in text: [UInt8], of name: String) {
        let place =
            failure.lines.map { "dockerfile parse error on line \($0.lowerBound): " } ?? "dockerfile parse error: "
        self.init(OperationError(place + failure.message, kind: .invalid), at: failure.lines, in: text, of: name)
    }

    init(_ error: OperationError, at lines: ClosedRange<Int>?, in text: [UInt8], of name: String) {
        self.error = error
        guard let lines else {
            excerpt = []
            return
        }
        let all = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let first = max(1, lines.lowerBound - Self.shownAround)
        // Documents may be long.
        let last = min(all.count, min(lines.upperBound, lines.lowerBound + 20) + Self.shownAround)
        let rule = String(repeating: "-", count: 20)
        let shown = (first...max(first, last)).filter { $0 <= all.count }.map { number in
            let mark = lines.contains(number) ? ">>>" : "   "
            let digits = String(repeating: " ", count: max(0, 4 - "\(number)".count)) + "\(number)"
            return "\(digits) | \(mark) \(String(kernel: all[number - 1].prefix(400)))"
        }
        excerpt = ["\(name):\(lines.lowerBound)", rule] + shown + [rule]
    }

    /// Shows the lines.
    func told(to report: ([UInt8]) -> Void) -> OperationError {
        let lines = excerpt.map { TerminalText.escaped($0.escapingForeignBytes) + "\n" }
        if !lines.isEmpty { report(Array(lines.joined().utf8)) }
        return error
    }
}
