import Core
import Glibc

/// A program of the caller's, outside of any container, with all that the caller gives to programs: descriptors, umask,
/// environment. The signals that this process has blocked or ignored are as usual again.
package enum CallersProgram {
    /// - Parameter words: the first one is looked for in PATH.
    /// - Returns: only when the program could not be begun.
    package static func become(_ words: [String], setting variables: [String: String]) -> OperationError {
        become(words, setting: variables.map { ($0.key, $0.value) }, umask: Umask.ofCaller)
    }

    static func become(
        _ words: [String], setting variables: [(name: String, value: String)], umask mask: mode_t
    ) -> OperationError {
        for (name, value) in variables {
            _ = name.withKernelString { name in value.withKernelString { setenv(name, $0, 1) } }
        }
        signal(SIGXFSZ, SIG_DFL)
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        umask(mask)
        let arguments: [UnsafeMutablePointer<CChar>?] = words.map { $0.withKernelString { strdup($0) } } + [nil]
        if let program = arguments[0] { execvp(program, arguments) }
        return OperationError("run", words[0], errno: errno)
    }
}
