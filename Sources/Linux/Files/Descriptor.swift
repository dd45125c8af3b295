import CLinux
import Core
import Glibc

/// An open file descriptor, close-on-exec, closed when its owner goes.
package struct Descriptor: ~Copyable, Sendable {
    /// For calls that borrow; never stored.
    package let number: Int32

    /// O_PATH, which Glibc's module does not have.
    package static let pathOnly = Int32(CLINUX_O_PATH)

    /// Takes over `number`.
    package init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Gives the number away: the caller must close it.
    package consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// - Parameter flags: of open(2); `O_CLOEXEC` is added.
    package static func open(
        _ path: String, _ flags: Int32, mode: mode_t = 0o600, as operation: String = "open"
    ) throws(OperationError) -> Descriptor {
        if flags & O_CREAT != 0 { try FaultPoint.pass(operation, path) }
        let result = retryingOnInterrupt { path.withKernelString { clinux_open($0, flags, mode) } }
        guard result >= 0 else { throw OperationError(operation, path, errno: -result) }
        return Descriptor(owning: result)
    }

    package func open(
        at path: String, _ flags: Int32, mode: mode_t = 0o600, as operation: String = "open"
    ) throws(OperationError) -> Descriptor {
        let result = retryingOnInterrupt {
            path.withKernelString { clinux_openat(number, $0, flags, mode) }
        }
        guard result >= 0 else { throw OperationError(operation, path, errno: -result) }
        return Descriptor(owning: result)
    }

    /// Opens `path` as a process would whose root directory this is: neither `..` nor a symbolic link
    /// leads out of it (openat2(2), RESOLVE_IN_ROOT), and links of /proc are not followed.
    /// - Parameter followingLinks: otherwise a symbolic link anywhere in the path is an error (ELOOP).
    package func open(
        inRoot path: String, _ flags: Int32, mode: mode_t = 0, followingLinks: Bool = true
    ) throws(OperationError) -> Descriptor {
        let links = followingLinks ? CLINUX_RESOLVE_NO_MAGICLINKS : CLINUX_RESOLVE_NO_SYMLINKS
        let resolve = UInt64(CLINUX_RESOLVE_IN_ROOT | links)
        // EAGAIN: a rename somewhere raced with the look-up of "..".
        var result = -EAGAIN
        for _ in 0..<64 where result == -EAGAIN || result == -EINTR {
            result = path.withKernelString { clinux_openat2(number, $0, UInt64(flags), UInt64(mode), resolve) }
        }
        guard result >= 0 else { throw OperationError("open", path, errno: -result) }
        return Descriptor(owning: result)
    }

    package func duplicate() throws(OperationError) -> Descriptor { try Self.duplicate(number) }

    /// - Parameter number: of one that is somebody's, and stays open during the call.
    package static func duplicate(_ number: Int32) throws(OperationError) -> Descriptor {
        let result = clinux_fcntl(number, F_DUPFD_CLOEXEC, 3)
        guard result >= 0 else { throw OperationError("duplicate descriptor", errno: -result) }
        return Descriptor(owning: result)
    }

    package static func pipe() throws(OperationError) -> Pipe {
        try FaultPoint.pass("create pipe")
        var ends: [Int32] = [0, 0]
        let result = clinux_pipe(&ends)
        guard result == 0 else { throw OperationError("create pipe", errno: -result) }
        return Pipe(read: Descriptor(owning: ends[0]), write: Descriptor(owning: ends[1]))
    }

    /// As a pipe that descriptors can go through.
    package static func socketPair() throws(OperationError) -> Pipe {
        var ends: [Int32] = [0, 0]
        let result = clinux_socket_pair(&ends)
        guard result == 0 else { throw OperationError("create socket", errno: -result) }
        return Pipe(read: Descriptor(owning: ends[0]), write: Descriptor(owning: ends[1]))
    }

    /// The extended attribute `name`; nil when there is none, or it is longer than `limit` bytes.
    package func attribute(_ name: String, limit: Int) -> [UInt8]? {
        var size: Int32 = -1
        let value = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            size = clinux_fgetxattr(number, name, buffer.baseAddress, limit)
            count = max(0, Int(size))
        }
        return size < 0 ? nil : value
    }

    /// Gives it the extended attribute `name`, or that another value.
    /// - Parameter path: what an error calls the file.
    package func setAttribute(_ name: String, to value: [UInt8], of path: String) throws(OperationError) {
        try FaultPoint.pass("set attribute of", path)
        let result = clinux_fsetxattr(number, name, value, value.count)
        guard result == 0 else { throw OperationError("set attribute of", path, errno: -result) }
    }

    /// How many this process may have.
    package static var limit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    /// As many as this process may have: whoever goes down a tree has some open for each level, and each layer of an image.
    package static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// A copy of the caller's descriptor.
    package static func standard(_ number: Int32) throws(OperationError) -> Descriptor {
        let result = clinux_fcntl(number, F_DUPFD_CLOEXEC, 3)
        guard result >= 0 else { throw OperationError("open", streamName(number), errno: -result) }
        return Descriptor(owning: result)
    }

    private static func streamName(_ number: Int32) -> String {
        number == STDIN_FILENO ? "standard input" : "standard output"
    }

    package func setNonBlocking() {
        _ = clinux_fcntl(number, F_SETFL, clinux_fcntl(number, F_GETFL, 0) | O_NONBLOCK)
    }
}

/// Both ends of a pipe or socket pair; each is closed when it is neither taken nor needed any more.
package struct Pipe: ~Copyable {
    package private(set) var read: Descriptor?
    package private(set) var write: Descriptor?

    package mutating func takeRead() -> Descriptor? { read.take() }
    package mutating func takeWrite() -> Descriptor? { write.take() }
    package mutating func closeRead() { read = nil }
    package mutating func closeWrite() { write = nil }
    /// -1 when the end was taken or closed.
    package var readNumber: Int32 { read.number }
    package var writeNumber: Int32 { write.number }
}

extension Optional where Wrapped == Descriptor {
    package var number: Int32 {
        switch self {
        case .some(let descriptor): descriptor.number
        case .none: -1
        }
    }
}

/// Calls `body` until it returns something else than `-EINTR`.
package func retryingOnInterrupt(_ body: () -> Int32) -> Int32 {
    var result = body()
    while result == -EINTR { result = body() }
    return result
}
