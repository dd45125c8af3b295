import CLinux
import Core
import Glibc

/// What takes longer than a second says so, to whoever sits at a terminal.
package enum Progress {
    /// - Parameter what: `load images.tar`
    package static func shown<Result>(
        _ what: String, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        guard isatty(STDERR_FILENO) == 1 else { return try body() }
        clinux_progress_begin(TerminalText.escaped(what.escapingForeignBytes))
        defer { clinux_progress_end() }
        return try body()
    }
}
