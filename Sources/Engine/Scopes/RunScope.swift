import Containers
import Core
import Glibc
import Linux
import Records
import Supervisor

extension Engine {
    /// Runs the caller's own program, and afterwards removes what was made meanwhile by this and other commands in it.
    /// - Returns: the program's exit code.
    package func runScope(_ text: String, _ words: [String]) throws(OperationError) -> Int32 {
        let name = try Scope.name(text)
        try prepare()
        let lock = try beginScope(name)
        let guardian = try Guardian(keeping: lock.number) {
            // Unless the command has ended it, and somebody else has begun one of that name since.
            if Files.exists(layout.scopeLock(name)), !FileLock.isReplaced(lock, at: layout.scopeLock(name)) {
                try? endScope(name, within: 60)
            }
        }
        let signals = try SignalSource([SIGHUP, SIGINT, SIGQUIT, SIGTERM])
        let end = try runProgram(words, in: name, signals)
        try endScope(name, within: 60)
        guardian.dismiss()
        if let failure = end.failure { throw failure }
        return end.code
    }

    private func beginScope(_ name: Name) throws(OperationError) -> Descriptor {
        try FileLock.holding(layout.scopesLock) { () throws(OperationError) in
            try Files.makeDirectories(layout.scope(name))
            let lock = try FileLock.tryAcquire(layout.scopeLock(name), creating: true, until: Deadline(milliseconds: 0))
            guard let lock else {
                throw OperationError(
                    "scope \(name) is in use", remedy: "give this one another name, or wait until that one has ended",
                    kind: .conflict)
            }
            guard !Files.exists(layout.scopeEnding(name)) else {
                throw OperationError(
                    "scope \(name) has ended, and not all that belongs to it",
                    remedy: "see \(Program.current.name) system check --repair, or give this one another name",
                    kind: .conflict)
            }
            _ = try Descriptor.open(layout.scopeMembers(name), O_RDWR | O_CREAT)
            return lock.intoDescriptor()
        }
    }

    /// - Returns: the program's exit code, or why it could not begin.
    private func runProgram(
        _ words: [String], in name: Name, _ signals: SignalSource
    ) throws(OperationError) -> (code: Int32, failure: OperationError?) {
        let parent = getpid()
        // Closed without a word where the program begins.
        var ends = try Descriptor.pipe()
        switch try Fork.fork() {
        case .child:
            // What it would go on to make could not be told from what is to stay.
            Fork.die(with: parent)
            let failure = CallersProgram.become(words, setting: [Scope.variable: name.text])
            if let end = ends.takeWrite() {
                try? Files.writeAll([UInt8(failure.errno ?? ENOENT)], to: end, named: "pipe")
            }
            _exit(1)
        case .parent(let child):
            ends.closeWrite()
            let code = wait(for: child, passing: signals)
            var number: UInt8 = 0
            guard let end = ends.takeRead(), read(end.number, &number, 1) == 1 else { return (code, nil) }
            let failure = OperationError("run", words[0], errno: Int32(number))
            return (code, failure.exiting(with: Int32(number) == ENOENT ? 127 : 126))
        }
    }

    private func wait(for child: pid_t, passing signals: SignalSource) -> Int32 {
        guard let process = try? ProcessDescriptor(child) else { return reap(child).exitCode }
        signals.onSignal = { signal in
            // The terminal's own signals have come to the program as well.
            let isTerminals = (signal == SIGINT || signal == SIGQUIT) && tcgetpgrp(STDIN_FILENO) == getpgrp()
            if !isTerminals { Glibc.kill(child, signal) }
        }
        let watch = ProcessWatch(process)
        EventLoop([watch, signals]).run { !watch.hasEnded }
        // What came together with the end asks for nothing more.
        signals.drain()
        return reap(child).exitCode
    }
}
