import CLinux
import Core
import Glibc

/// A program of the host's in a pid namespace of its own: with it all ends that it has begun, and it ends with this process. It has
/// none of the caller's environment or descriptors.
package struct ContainedProgram {
    /// What it has written, up to a limit, and how it has ended.
    package struct Outcome {
        package let code: Int32
        package let output: [UInt8]
        package let errors: [UInt8]
    }

    private static let longestOutput = 16 << 20
    private static let cannotBegin: Int32 = 127

    /// - Parameters:
    ///   - words: the first one is looked for in PATH.
    ///   - environment: all of it.
    ///   - directory: where it works.
    ///   - largestFile: bytes that any file which it writes may have.
    /// - Throws: ENOENT when there is no such program; also when this command is asked to end.
    package static func run(
        _ words: [String], _ environment: [(name: String, value: String)], in directory: String, largestFile: Int64
    ) throws(OperationError) -> Outcome {
        var output = try Descriptor.pipe()
        var errors = try Descriptor.pipe()
        switch try Fork.forkContained() {
        case .child:
            output.closeRead()
            errors.closeRead()
            // Released, since nothing here comes to the end of its scope.
            let ends = (output.takeWrite()?.release() ?? -1, errors.takeWrite()?.release() ?? -1)
            var most = rlimit(rlim_cur: rlim_t(largestFile), rlim_max: rlim_t(largestFile))
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &most)
            begin(words, environment, in: directory, ends.0, ends.1)
        case .parent(let child):
            output.closeWrite()
            errors.closeWrite()
            guard let output = output.takeRead(), let errors = errors.takeRead() else {
                throw OperationError("run", words[0], errno: EBADF)
            }
            return try collect(output, errors, from: child, words[0])
        }
    }

    private static func begin(
        _ words: [String], _ environment: [(name: String, value: String)], in directory: String, _ output: Int32,
        _ errors: Int32
    ) -> Never {
        Fork.dieWithOutside()
        // What has made this process may have ended before that: then nobody reads any more.
        var reader = pollfd(fd: output, events: 0, revents: 0)
        if poll(&reader, 1, 0) > 0 { _exit(cannotBegin) }
        dup2(output, STDOUT_FILENO)
        dup2(errors, STDERR_FILENO)
        let null = (try? Descriptor.open("/dev/null", O_RDONLY))?.release() ?? -1
        if null >= 0 { dup2(null, STDIN_FILENO) }
        setsid()
        clearenv()
        guard directory.withKernelString({ chdir($0) }) == 0 else { _exit(cannotBegin) }
        let failure = CallersProgram.become(words, setting: environment, umask: 0o022)
        _exit(failure.errno == ENOENT ? cannotBegin : cannotBegin - 1)
    }

    private static func collect(
        _ output: borrowing Descriptor, _ errors: borrowing Descriptor, from child: pid_t, _ name: String
    ) throws(OperationError) -> Outcome {
        var (said, complained): ([UInt8], [UInt8]) = ([], [])
        do throws(OperationError) {
            var isOpen = (true, true)
            while isOpen.0 || isOpen.1 {
                try Interruption.check("run", name)
                var requests = [
                    pollfd(fd: isOpen.0 ? output.number : -1, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: isOpen.1 ? errors.number : -1, events: Int16(POLLIN), revents: 0),
                ]
                Polling.wait(for: &requests, milliseconds: 100)
                if requests[0].revents != 0 { isOpen.0 = try take(output, into: &said, name) }
                if requests[1].revents != 0 { isOpen.1 = try take(errors, into: &complained, name) }
            }
        } catch {
            kill(child, SIGKILL)
            reap(child)
            throw error
        }
        let code = reap(child).exitCode
        guard code != cannotBegin else { throw OperationError("run", name, errno: ENOENT) }
        return Outcome(code: code, output: said, errors: complained)
    }

    /// - Returns: whether there may be more.
    private static func take(
        _ end: borrowing Descriptor, into bytes: inout [UInt8], _ name: String
    ) throws(OperationError) -> Bool {
        let piece = try Files.readPiece(of: end, named: name, limit: 64 << 10)
        bytes += piece
        guard bytes.count <= longestOutput else { throw OperationError("run", name, errno: EFBIG) }
        return !piece.isEmpty
    }
}
