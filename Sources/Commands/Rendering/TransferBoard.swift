import Core
import Forms
import Glibc
import Linux
import Synchronization

/// How far the parts of an image are: at a terminal a line with a bar for each, which change in place; elsewhere a line for what
/// begins and what is done. They go to standard error, and what Docker says of the whole to where the caller wants it.
package final class TransferBoard: TransferProgress {
    package enum Stream: Sendable {
        case output, error
        fileprivate var number: Int32 { self == .output ? STDOUT_FILENO : STDERR_FILENO }
    }

    private struct State {
        /// In the order in which they came.
        var parts: [(name: String, phase: TransferPhase)] = []
        /// How many lines of them the terminal shows.
        var shown = 0
        /// Of the monotonic clock, in milliseconds.
        var drawn: Int64 = 0
    }

    private let stream: Stream
    private let isQuiet: Bool
    private let isTerminal: Bool
    private let state = Mutex(State())
    /// Milliseconds between two pictures.
    private static let interval: Int64 = 100

    package init(sayingTo stream: Stream, isQuiet: Bool) {
        self.stream = stream
        self.isQuiet = isQuiet
        isTerminal = !isQuiet && Terminal.isTerminal(STDERR_FILENO)
    }

    package func say(_ line: String) {
        if isQuiet { return }
        Self.write(TerminalText.escaped(line) + "\n", to: stream.number)
    }

    package func note(_ part: String, _ phase: TransferPhase) {
        if isQuiet { return }
        let name = String(part.prefix(12))
        state.withLock { state in
            let index = state.parts.firstIndex { $0.name == name } ?? state.parts.count
            let before = index < state.parts.count ? state.parts[index].phase : nil
            if before == nil { state.parts.append((name, phase)) }
            state.parts[index].phase = phase
            if isTerminal {
                draw(&state, isLast: phase.isEnd)
            } else if let words = phase.words, before?.words != words {
                Self.write("\(name): \(TerminalText.escaped(words))\n", to: STDERR_FILENO)
            }
        }
    }

    private func draw(_ state: inout State, isLast: Bool) {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        guard isLast || now - state.drawn >= Self.interval else { return }
        state.drawn = now
        let room = Terminal.room(of: STDERR_FILENO)
        // What does not fit cannot be drawn over.
        let visible = state.parts.suffix(max(room.rows - 2, 1))
        var text = state.shown > 0 ? "\u{1b}[\(state.shown)A" : ""
        for (name, phase) in visible {
            let line = TerminalText.escaped("\(name): \(phase.bar)")
            text += "\r\u{1b}[K" + line.prefix(room.columns - 1) + "\n"
        }
        state.shown = visible.count
        Self.write(text, to: STDERR_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        let stream = Descriptor(owning: descriptor)
        try? Files.writeAll(Array(text.utf8), to: stream, named: "standard error")
        // The caller's: it stays open.
        _ = stream.release()
    }
}

extension TransferPhase {
    fileprivate var isEnd: Bool {
        switch self {
        case .present, .complete, .presentThere, .mounted, .pushed: true
        default: false
        }
    }

    fileprivate var bar: String {
        switch self {
        case .downloading(let count, let total): "Downloading \(Self.bar(count, total))"
        case .uploading(let count, let total): "Pushing \(Self.bar(count, total))"
        case .unpacking: "Extracting"
        default: words ?? ""
        }
    }

    /// `[=====>     ]  1.2MB/3MB`
    private static func bar(_ count: Int64, _ total: Int64) -> String {
        let width = 40
        let done = total > 0 ? Int(Double(width) * min(1, Double(count) / Double(total))) : width
        let line = String(repeating: "=", count: done) + (done < width ? ">" : "")
        let rest = String(repeating: " ", count: width + 1 - line.count)
        return "[\(line)\(rest)] \(HumanText.size(count))/\(HumanText.size(total))"
    }
}
