import Core
import Foundation
import Linux
import Testing

@Suite struct ProcessTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test func ownIdentity() throws {
        let own = try #require(ProcessIdentity(of: getpid()))
        #expect(own.isAlive && own.pid == getpid())
        #expect(ProcessIdentity(of: getpid()) == own)
        #expect(!ProcessIdentity(pid: getpid(), startTime: own.startTime + 1).isAlive)
        #expect(!canOpen(ProcessIdentity(pid: getpid(), startTime: own.startTime + 1)))
        #expect(ProcessIdentity(of: 1 << 22) == nil)
        #expect(ProcessIdentity(of: -1) == nil)
    }

    /// The same start as that of a well-behaved name, which is what field 22 is compared with.
    @Test(arguments: ["a b", "a) S 1 2", "((x)", ") (", ") R 1 1 1"])
    func commandsWithSpacesAndParentheses(name: String) throws {
        let path = directory(name)
        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: path)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["100"]
        let before = try #require(ProcessIdentity(of: getpid()))
        try process.run()
        defer { process.terminate() }
        let identity = try #require(ProcessIdentity(of: process.processIdentifier))
        let status = try #require(Files.text("/proc/\(process.processIdentifier)/comm"))
        #expect(status == name + "\n")
        let uptime = try #require(Files.line("/proc/uptime")?.split(separator: " ").first.flatMap { Double($0) })
        #expect(identity.startTime >= before.startTime)
        #expect(abs(Double(identity.startTime) / Double(sysconf(Int32(_SC_CLK_TCK))) - uptime) < 60)
        try expectEnd(of: identity, process)
    }

    @Test func oneOfTwoProcessesHasEnded() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["100"]
        try process.run()
        let identity = try #require(ProcessIdentity(of: process.processIdentifier))
        let own = try #require(ProcessIdentity(of: getpid()))
        guard let other = identity.open(), let one = own.open() else { throw OperationError("no handle") }
        let endedBefore = ProcessDescriptor.hasEnded(one, or: other)
        kill(identity.pid, SIGKILL)
        process.waitUntilExit()
        let endedAfter = [
            ProcessDescriptor.hasEnded(one, or: other), ProcessDescriptor.hasEnded(other, or: one),
            ProcessDescriptor.hasEnded(one, or: one),
        ]
        #expect(!endedBefore && endedAfter == [true, true, false])
        #expect(!canOpen(ProcessIdentity(pid: getpid(), startTime: own.startTime + 1)))
    }

    private func canOpen(_ identity: ProcessIdentity) -> Bool {
        let handle = identity.open()
        return switch consume handle {
        case .some: true
        case .none: false
        }
    }

    private func expectEnd(of identity: ProcessIdentity, _ process: Process) throws {
        guard let handle = identity.open() else { throw OperationError("no handle") }
        let endedBefore = handle.waitForEnd(milliseconds: 0)
        try handle.send(SIGKILL)
        let endedAfter = handle.waitForEnd(milliseconds: 10_000)
        #expect(!endedBefore && endedAfter)
        process.waitUntilExit()
        #expect(!identity.isAlive && !canOpen(identity))
        #expect(errorOfSending(handle)?.errno == ESRCH)
    }

    private func errorOfSending(_ handle: borrowing ProcessDescriptor) -> OperationError? {
        do throws(OperationError) {
            try handle.send(SIGKILL)
            return nil
        } catch {
            return error
        }
    }
}
