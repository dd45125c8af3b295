import Glibc

/// What kind of failure it is: what code decides by, where people read the sentence.
package enum ErrorKind: String, Sendable {
    /// What was named is not there. An errno alone does not say so: a file of ours may be missing, too.
    case notFound
    /// Something else has it, or stands in the way.
    case conflict
    /// What was asked for makes no sense.
    case invalid
    case notRunning
    case denied
    /// There is no more of it: memory, room, addresses, descriptors.
    case exhausted
    /// A record of ours cannot be read, or says something impossible.
    case damaged
    /// A record was written by a newer mydocker.
    case newerVersion
    /// This kernel, file system or program cannot do it.
    case unsupported
    case timedOut
    /// Anything else.
    case failed

    /// What an errno says for certain.
    package init(errno number: Int32) {
        switch number {
        case EACCES, EPERM: self = .denied
        case EEXIST, EBUSY, EADDRINUSE, ENOTEMPTY, ETXTBSY: self = .conflict
        case ENOMEM, ENOSPC, EDQUOT, EMFILE, ENFILE, EAGAIN: self = .exhausted
        case ENOSYS, EOPNOTSUPP: self = .unsupported
        case ETIMEDOUT: self = .timedOut
        default: self = .failed
        }
    }
}

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
    package let kind: ErrorKind
    /// What the user can do about it.
    package var remedy: String?
    /// Overrides the exit code that the command would otherwise end with.
    package var exitCode: Int32?

    /// - Parameter kind: nil is what the errno says.
    package init(
        _ operation: String, _ subject: String? = nil, errno: Int32, remedy: String? = nil, kind: ErrorKind? = nil
    ) {
        // Whatever it was about: that is not what is to be mended.
        let remedy = errno == EMFILE ? "allow more open files (ulimit -n)" : remedy
        self.init(
            operation: operation, subject: subject, cause: .errno(errno), remedy: remedy,
            kind: kind ?? ErrorKind(errno: errno))
    }

    package init(
        _ operation: String, _ subject: String? = nil, reason: String, remedy: String? = nil,
        kind: ErrorKind = .failed
    ) {
        self.init(operation: operation, subject: subject, cause: .reason(reason), remedy: remedy, kind: kind)
    }

    /// A sentence that needs nothing more, such as the texts that Docker's scripts match.
    package init(
        _ sentence: String, remedy: String? = nil, exitCode: Int32? = nil, kind: ErrorKind = .failed
    ) {
        self.init(operation: sentence, subject: nil, cause: nil, remedy: remedy, kind: kind)
        self.exitCode = exitCode
    }

    /// Docker's sentence.
    /// - Parameter text: as the user called the container.
    package static func noContainer(_ text: String) -> OperationError {
        OperationError("No such container: \(text)", kind: .notFound)
    }

    private init(operation: String, subject: String?, cause: Cause?, remedy: String?, kind: ErrorKind) {
        self.operation = operation
        self.subject = subject
        self.cause = cause
        self.remedy = remedy
        self.kind = kind
    }

    /// The errno behind the failure, when the kernel said no.
    package var errno: Int32? {
        if case .errno(let number) = cause { number } else { nil }
    }

    /// Whether there is no room on the disk, or no more of it for us.
    package var isOfFullDisk: Bool { errno == ENOSPC || errno == EDQUOT }

    /// The same of something else.
    package func about(_ subject: String) -> OperationError {
        var error = OperationError(operation: operation, subject: subject, cause: cause, remedy: remedy, kind: kind)
        error.exitCode = exitCode
        return error
    }

    /// The same with another exit code.
    package func exiting(with code: Int32) -> OperationError {
        var error = self
        error.exitCode = code
        return error
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
