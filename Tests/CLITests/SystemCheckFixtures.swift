import Foundation
import Testing

/// What `system check --json` says.
struct CheckReport: Decodable {
    struct Finding: Decodable {
        let `class`: String
        let what: String
        let why: String
    }
    let clean: Bool
    let classes: [String: Int]
    let findings: [Finding]
    let repaired: [Finding]?

    /// The classes in which there is something.
    var found: Set<String> { Set(classes.filter { $0.value > 0 }.keys) }

    /// Runs the check; its exit code must go with what it says.
    static func take(_ options: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> CheckReport {
        let outcome = Host.run(
            [Host.mydocker, "system", "check", "--json"] + options, sourceLocation: sourceLocation)
        let report = try JSONDecoder().decode(CheckReport.self, from: outcome.output)
        #expect(outcome.code == (report.clean ? 0 : 3), "\(outcome.error)", sourceLocation: sourceLocation)
        #expect(report.clean == report.findings.isEmpty, sourceLocation: sourceLocation)
        #expect(report.classes.values.reduce(0, +) == report.findings.count, sourceLocation: sourceLocation)
        return report
    }

    static func expectClean(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let report = try take(sourceLocation: sourceLocation)
        #expect(report.findings.isEmpty, "\(report.findings)", sourceLocation: sourceLocation)
    }

    /// Expects findings of `leakClass` alone, one of which names `what`; that a repair takes them away, and that it
    /// says so.
    static func expectRepair(
        _ leakClass: String, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let report = try take(sourceLocation: sourceLocation)
        #expect(report.found == [leakClass], "\(report.findings)", sourceLocation: sourceLocation)
        #expect(
            report.findings.contains { $0.what.contains(what) && !$0.why.isEmpty }, "\(report.findings)",
            sourceLocation: sourceLocation)
        let repair = try take("--repair", sourceLocation: sourceLocation)
        #expect(repair.clean, "\(repair.findings)", sourceLocation: sourceLocation)
        #expect(repair.repaired?.map(\.what) == report.findings.map(\.what), sourceLocation: sourceLocation)
        try expectClean(sourceLocation: sourceLocation)
    }
}

/// A network with a container on it. The host is after `body` what it was before it.
/// - Parameter ports: flags of `run` that publish some.
func withCheckedContainer(
    _ number: Int, ports: [String] = ["-p", "20210:80"], options: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (TestNetwork, Box) throws -> Void
) throws {
    let network = try TestNetwork("chk", "10.210.\(number).1/24", options)
    let box = try Box("chkbox", on: "chk", ports)
    defer {
        box.remove()
        network.remove()
    }
    try CheckReport.expectClean(sourceLocation: sourceLocation)
    try Ledger.expectUnchanged(sourceLocation: sourceLocation) { try body(network, box) }
}

// MARK: - A socket of another process

private func function<Function>(_ name: String, as type: Function.Type) -> Function? {
    dlsym(nil, name).map { unsafeBitCast($0, to: type) }
}

/// Copies of the open files of `pid` whose names in /proc are wanted, for the caller to close.
func copies(of pid: Int, isWanted: (String) -> Bool) -> [Int32] {
    guard let open = function("pidfd_open", as: (@convention(c) (Int32, UInt32) -> Int32).self),
        let take = function("pidfd_getfd", as: (@convention(c) (Int32, Int32, UInt32) -> Int32).self)
    else { return [] }
    let process = open(Int32(pid), 0)
    defer { close(process) }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
    return names.compactMap { name in
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)")
        guard let number = Int32(name), isWanted(target ?? "") else { return nil }
        let copy = take(process, number, 0)
        return copy < 0 ? nil : copy
    }
}

/// Shuts the socket down that `pid` listens on `port` with.
func stopListening(_ pid: Int, port: UInt16) -> Bool {
    let sockets = copies(of: pid) { $0.hasPrefix("socket:") }
    defer { for socket in sockets { close(socket) } }
    let listener = sockets.first { socket in
        var name = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        return result == 0 && name.sin_family == sa_family_t(AF_INET) && name.sin_port == port.bigEndian
    }
    return listener.map { shutdown($0, Int32(SHUT_RDWR)) == 0 } ?? false
}

/// What is made on first use is there.
func prepareForChecks() {
    Host.switchRoutingOn()
    // The default image is made on first use.
    succeed("run", "--rm", "--net", "none", "true")
    // The first name of a namespace makes /run/netns a mount.
    Host.shell("ip netns add chkfirst && ip netns delete chkfirst")
}

func inShell(_ line: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let outcome = Host.shell("set -e; \(line)", sourceLocation: sourceLocation)
    #expect(outcome.code == 0, "\(line): \(outcome.error)", sourceLocation: sourceLocation)
}
