import Containers
import Core
import Glibc
import Lifecycle
import Linux

extension Host {
    /// The exit code of a command whose program has ended with `code`.
    /// - Parameters:
    ///   - lost: what of its output could not be written.
    ///   - wasEnded: because nobody read it.
    package func exitCode(_ code: Int32, lost: LostOutput?, wasEnded: Bool = false) -> Int32 {
        guard let lost else { return code }
        if lost.isUnheard { return wasEnded ? 128 + SIGPIPE : code }
        let error = OperationError("write standard \(lost.stream == .stdout ? "output" : "error")", errno: lost.errno)
        warn("output is lost: \(error.description)")
        return code == 0 ? 125 : code
    }
}
