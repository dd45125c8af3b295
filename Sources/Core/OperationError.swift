import Glibc

/// What went wrong, said once at the top: what was being done, to what, and why it failed.
///
/// `description` has no program name in front and no full stop behind; the command line adds
/// `mydocker: ` and, when the error has one, the remedy on a line of its own.
package struct OperationError: Error, Equatable, CustomStringConvertible {
    package enum Cause: Equatable, Sendable {
        /// A value of errno(3).
        case errno(Int32)
        case reason(String)
    }

    /// A verb phrase, or a whole sentence when there is neither subject nor cause.
    package let operation: String
    package let subject: String?
    package let cause: Cause?
    /// What the user can do about it.
    package var remedy: String?
    /// Overrides the exit code that the command would otherwise end with.
    package var exitCode: Int32?

    package init(_ operation: String, _ subject: String? = nil, errno: Int32, remedy: String? = nil) {
        self.init(operation: operation, subject: subject, cause: .errno(errno), remedy: remedy)
    }

    package init(_ operation: String, _ subject: String? = nil, reason: String, remedy: String? = nil) {
        self.init(operation: operation, subject: subject, cause: .reason(reason), remedy: remedy)
    }

    /// A sentence that needs nothing more, such as the texts that Docker's scripts match.
    package init(_ sentence: String, remedy: String? = nil, exitCode: Int32? = nil) {
        self.init(operation: sentence, subject: nil, cause: nil, remedy: remedy)
        self.exitCode = exitCode
    }

    private init(operation: String, subject: String?, cause: Cause?, remedy: String?) {
        self.operation = operation
        self.subject = subject
        self.cause = cause
        self.remedy = remedy
    }

    /// The errno behind the failure, when the kernel said no.
    package var errno: Int32? {
        if case .errno(let number) = cause { number } else { nil }
    }

    package var description: String {
        var text = operation
        if let subject { text += " \"\(subject)\"" }
        switch cause {
        case .errno(let number): text += ": " + String(cString: strerror(number))
        case .reason(let reason): text += ": " + reason
        case nil: break
        }
        return text
    }
}
