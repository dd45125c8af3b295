import Foundation
import Testing

/// A directory of the test's own on disk, gone when `body` has ended.
func withScratch<Result>(_ body: (String) throws -> Result) throws -> Result {
    let parent = try #require(ProcessInfo.processInfo.environment["MYDOCKER_SANDBOX_SCRATCH"])
    let directory = "\(parent)/lifecycle-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try body(directory)
}

func writeFile(_ text: String, _ path: String) throws {
    try text.write(toFile: path, atomically: false, encoding: .utf8)
}

extension Host {
    /// The default image is there from here on, so that a ledger does not find it made by the first container.
    static let hasDefaultImage: Bool = succeed("run", "--rm", "--net", "none", "true").code == 0

    /// Waits until `condition` holds.
    static func eventually(
        _ what: String, seconds: Double = 10, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: () -> Bool
    ) {
        let end = Date(timeIntervalSinceNow: seconds)
        while !condition() {
            guard Date() < end else {
                Issue.record("never: \(what)", sourceLocation: sourceLocation)
                return
            }
            usleep(5_000)
        }
    }

    /// The numeric value behind a name in /proc/self/status, as `text` shows it.
    static func status(_ name: String, in text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}

/// Runs a program in a container without a network, which leaves nothing.
@discardableResult
func runOnce(
    _ arguments: String..., input: Data? = nil, environment: [String: String] = [:], seconds: Double = 60,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Outcome {
    Host.run(
        [Host.mydocker, "run", "--rm", "--net", "none"] + arguments, input: input, environment: environment,
        seconds: seconds, sourceLocation: sourceLocation)
}

/// A detached container without a network for as long as `body` runs.
func withContainer<Result>(
    _ name: String, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (_ id: String) throws -> Result
) throws -> Result {
    let started = Host.run(
        [Host.mydocker, "run", "-d", "--net", "none", "--name", name] + arguments, sourceLocation: sourceLocation)
    defer { succeed("rm", "-f", name, sourceLocation: sourceLocation) }
    try #require(started.code == 0, "\(started.error)", sourceLocation: sourceLocation)
    return try body(started.word)
}

/// What `inspect -f` prints of a container.
func inspect(
    _ format: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) -> String {
    succeed("inspect", "-f", format, name, sourceLocation: sourceLocation).word
}

/// Waits until a container's output has `text` in it.
func waitForLog(_ name: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    Host.eventually("\(text) in the log of \(name)", sourceLocation: sourceLocation) {
        mydocker("logs", name).text.contains(text)
    }
}

/// A command that runs beside the test.
final class Background {
    private let process = Process()
    private let output = Gathered()
    private let errors = Gathered()
    private let input: Pipe?
    var text: String { output.text }
    var errorText: String { errors.text }
    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// - Parameter hasInput: whether its standard input is a pipe that `write` goes into.
    init(_ command: [String], hasInput: Bool = false) throws {
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        input = hasInput ? Pipe() : nil
        process.standardInput = input ?? FileHandle.nullDevice
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        try process.run()
        output.collect()
        errors.collect()
    }

    func write(_ text: String) { input?.fileHandleForWriting.write(Data(text.utf8)) }
    func closeInput() { try? input?.fileHandleForWriting.close() }

    func expect(_ wanted: String, sourceLocation: SourceLocation = #_sourceLocation) {
        Host.eventually("output \(wanted)", sourceLocation: sourceLocation) { text.contains(wanted) }
    }

    /// - Returns: the exit code as a shell shows it.
    func end(seconds: Double = 20, sourceLocation: SourceLocation = #_sourceLocation) -> Int32 {
        let end = Date(timeIntervalSinceNow: seconds)
        while process.isRunning, Date() < end { usleep(2_000) }
        if process.isRunning {
            Issue.record("still runs after \(seconds) s", sourceLocation: sourceLocation)
            kill(pid, SIGKILL)
        }
        process.waitUntilExit()
        output.wait()
        errors.wait()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }
}

private final class Gathered: @unchecked Sendable {
    let pipe = Pipe()
    private let lock = NSLock()
    private let done = DispatchSemaphore(value: 0)
    private var data = Data()
    var text: String { lock.withLock { String(decoding: data, as: UTF8.self) } }

    func collect() {
        Thread { [self] in
            var part = pipe.fileHandleForReading.availableData
            while !part.isEmpty {
                lock.withLock { data.append(part) }
                part = pipe.fileHandleForReading.availableData
            }
            done.signal()
        }.start()
    }

    func wait() { _ = done.wait(timeout: .now() + 5) }
}

/// A command at a terminal of its own, as a person has one.
final class TerminalSession {
    private let master: Int32
    private let slave: Int32
    private let process = Process()
    private var bytes: [UInt8] = []
    var text: String { String(decoding: bytes, as: UTF8.self) }

    init(_ command: [String], rows: UInt16 = 24, columns: UInt16 = 80) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var isLocked: Int32 = 0
        // TIOCSPTLCK and TIOCGPTPEER of ioctl_tty(2).
        try #require(master >= 0 && ioctl(master, 0x4004_5431, &isLocked) == 0)
        slave = ioctl(master, 0x5441, O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(slave >= 0)
        resize(rows: rows, columns: columns)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        process.arguments = ["--ctty", "--wait"] + command
        let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
        process.standardInput = terminal
        process.standardOutput = terminal
        process.standardError = terminal
        try process.run()
    }

    deinit {
        close(slave)
        close(master)
    }

    /// The kernel tells the processes at the terminal (SIGWINCH).
    func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    var settings: [UInt32] {
        var settings = termios()
        tcgetattr(slave, &settings)
        return [settings.c_iflag, settings.c_oflag, settings.c_lflag]
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(master, bytes, bytes.count)
    }

    func expect(_ wanted: String, sourceLocation: SourceLocation = #_sourceLocation) {
        Host.eventually("\(wanted) on the terminal: \(text.debugDescription)", sourceLocation: sourceLocation) {
            read()
            return text.contains(wanted)
        }
    }

    /// - Returns: the exit code.
    func end(seconds: Double = 20, sourceLocation: SourceLocation = #_sourceLocation) -> Int32 {
        let end = Date(timeIntervalSinceNow: seconds)
        while process.isRunning, Date() < end { read() }
        if process.isRunning {
            Issue.record("still runs: \(text.debugDescription)", sourceLocation: sourceLocation)
            kill(process.processIdentifier, SIGKILL)
            guard eventually(seconds: 5, { !self.process.isRunning }) else { return -1 }
        }
        process.waitUntilExit()
        read()
        return process.terminationStatus
    }

    private func read() {
        var request = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        while poll(&request, 1, 5) > 0, request.revents & Int16(POLLIN) != 0 {
            var part = [UInt8](repeating: 0, count: 4096)
            let count = Glibc.read(master, &part, part.count)
            guard count > 0 else { return }
            bytes += part[..<count]
        }
    }
}
