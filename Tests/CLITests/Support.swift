import Foundation
import Testing

/// What a finished command gave.
struct Outcome {
    let code: Int32
    let output: Data
    let error: String

    var text: String { String(decoding: output, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map(String.init) }
    /// The output without white space around it: an id, a number.
    var word: String { text.trimmingCharacters(in: .whitespacesAndNewlines) }
}

/// The host that the tests change: a sandbox of its own (scripts/in-sandbox). Outside of one everything fails.
enum Host {
    static let mydocker: String = {
        guard ProcessInfo.processInfo.environment["MYDOCKER_SANDBOX"] == "1" else {
            fatalError("these tests change the host: run them with scripts/in-sandbox")
        }
        guard let path = ProcessInfo.processInfo.environment["MYDOCKER_BINARY"] else {
            fatalError("MYDOCKER_BINARY must name the binary to test")
        }
        return path
    }()

    /// Runs a command to its end. Nothing is inherited but the environment.
    /// - Parameter seconds: the command is killed after that, and the test fails.
    @discardableResult
    static func run(
        _ command: [String], input: Data? = nil, environment: [String: String] = [:], directory: String? = nil,
        seconds: Double = 60, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        let streams = (input: Pipe(), output: Pipe(), error: Pipe())
        process.standardInput = input == nil ? FileHandle.nullDevice : streams.input
        process.standardOutput = streams.output
        process.standardError = streams.error
        do { try process.run() } catch {
            Issue.record("cannot run \(command): \(error)", sourceLocation: sourceLocation)
            return Outcome(code: -1, output: Data(), error: "\(error)")
        }
        let collected = Collected()
        let group = DispatchGroup()
        for (pipe, isError) in [(streams.output, false), (streams.error, true)] {
            DispatchQueue.global().async(group: group) {
                collected.set(pipe.fileHandleForReading.readDataToEndOfFile(), isError: isError)
            }
        }
        if let input {
            streams.input.fileHandleForWriting.write(input)
            try? streams.input.fileHandleForWriting.close()
        }
        if group.wait(timeout: .now() + seconds) == .timedOut {
            kill(process.processIdentifier, SIGKILL)
            Issue.record("\(command) ran for more than \(seconds) s", sourceLocation: sourceLocation)
            _ = group.wait(timeout: .now() + 5)
        }
        process.waitUntilExit()
        let code = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return Outcome(code: code, output: collected.output, error: String(decoding: collected.error, as: UTF8.self))
    }

    /// Runs a line of shell, with the binary as `$MYDOCKER`.
    @discardableResult
    static func shell(
        _ line: String, seconds: Double = 60, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Outcome {
        run(
            ["bash", "-c", line], environment: ["MYDOCKER": mydocker], seconds: seconds, sourceLocation: sourceLocation)
    }
}

/// Runs mydocker.
@discardableResult
func mydocker(
    _ arguments: String..., input: Data? = nil, environment: [String: String] = [:], seconds: Double = 60,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Outcome {
    Host.run(
        [Host.mydocker] + arguments, input: input, environment: environment, seconds: seconds,
        sourceLocation: sourceLocation)
}

/// Runs mydocker, which must succeed.
@discardableResult
func succeed(
    _ arguments: String..., input: Data? = nil, seconds: Double = 60, sourceLocation: SourceLocation = #_sourceLocation
) -> Outcome {
    let outcome = Host.run(
        [Host.mydocker] + arguments, input: input, seconds: seconds, sourceLocation: sourceLocation)
    #expect(outcome.code == 0, "\(arguments): \(outcome.error)", sourceLocation: sourceLocation)
    return outcome
}

private final class Collected: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var output = Data()
    private(set) var error = Data()

    func set(_ data: Data, isError: Bool) {
        lock.withLock { if isError { error = data } else { output = data } }
    }
}

/// What there is on the host that a command may leave behind (scripts/ledger).
struct Ledger: Equatable {
    let lines: [String]

    /// Waits until the network namespaces of containers that have ended are gone, with the veth in each: that is
    /// some 10 ms after the last process. They go in the order of their ends, so one more is sent after them. What is in
    /// /sys and /proc of a network that has been removed goes while a process of ours waits for the kernel.
    private static func settle() {
        Host.shell(
            """
            unshare --net ip link add fence0 type veth peer name fence1 netns 1
            while [ -e /proc/sys/net/ipv4/conf/fence1 ]; do sleep 0.01; done
            while pgrep -f '^mydocker: removal of a link' >/dev/null; do sleep 0.01; done
            """)
    }

    /// - Parameter settling: waits until it is like `expected`.
    static func take(settlingTo expected: Ledger? = nil) -> Ledger {
        for _ in 0..<40 {
            let ledger = read()
            if expected == nil || ledger == expected { return ledger }
            usleep(50_000)
        }
        return read()
    }

    /// Without veths of containers that have ended: they go in the kernel's time.
    private var withoutEnding: Ledger {
        let known = (try? FileManager.default.contentsOfDirectory(atPath: "/var/lib/mydocker/containers")) ?? []
        return Ledger(
            lines: lines.filter { line in
                let link = line.wholeMatch(of: /link: ([0-9a-f]{5,10}) veth .*/)?.1
                let setting = line.wholeMatch(of: /sysctl: net.ipv[46].conf.([0-9a-f]{5,10})\/.*/)?.1
                guard let name = link ?? setting else { return true }
                return known.contains { $0.hasPrefix(name) }
            })
    }

    private static func read() -> Ledger {
        let script = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("../../scripts/ledger").path
        let outcome = Host.run([script])
        // An empty ledger would be like any other empty one.
        #expect(outcome.code == 0 && !outcome.lines.isEmpty, "\(script): \(outcome.error)")
        // A profile that was made once stays.
        return Ledger(lines: outcome.lines.filter { !$0.hasPrefix("file: f /var/lib/mydocker/seccomp/") })
    }

    /// Runs `body` and expects the host to be afterwards what it was before.
    static func expectUnchanged(
        sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
    ) rethrows {
        settle()
        let before = take().withoutEnding
        try body()
        let after = take(settlingTo: before)
        let added = after.lines.filter { !before.lines.contains($0) }
        let removed = before.lines.filter { !after.lines.contains($0) }
        #expect(
            added.isEmpty && removed.isEmpty, "left: \(added.prefix(30)), lost: \(removed.prefix(30))",
            sourceLocation: sourceLocation)
    }
}
