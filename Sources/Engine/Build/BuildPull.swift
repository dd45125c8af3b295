import Core
import Synchronization

/// What is told of an image that a stage begins with, while it comes. A copy of the builder pulls it and tells this in the
/// builder's place, which waits meanwhile.
final class BuildPull: TransferProgress {
    /// Only with the lock below: several threads tell.
    nonisolated(unsafe) private let report: BuildReport
    private let step: Int
    /// In the order in which they came.
    private let parts = Mutex<[(name: String, phase: TransferPhase)]>([])

    init(_ report: BuildReport, _ step: Int) {
        self.report = report
        self.step = step
        // Before there is a copy of it: both know then how high the picture is.
        report.show(step, [])
    }

    func say(_ line: String) { parts.withLock { _ in report.note(step, line) } }

    func note(_ part: String, _ phase: TransferPhase) {
        let name = String(part.prefix(12))
        parts.withLock { parts in
            let index = parts.firstIndex { $0.name == name } ?? parts.count
            let before = index < parts.count ? parts[index].phase : nil
            if before == nil { parts.append((name, phase)) }
            parts[index].phase = phase
            if let words = phase.words, before?.words != words { report.note(step, "\(name): \(words)") }
            report.show(step, parts.map { "\($0.name): \($0.phase.shown)" })
        }
    }
}

extension TransferPhase {
    fileprivate var shown: String {
        switch self {
        case .downloading(let count, let total): "\(ByteCount.text(count)) of \(ByteCount.text(total))"
        default: words ?? ""
        }
    }
}
