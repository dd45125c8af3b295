import Foundation
import Testing

extension Host {
    /// mydocker as a shell at a terminal starts it, whatever the caller of the tests ignores.
    static let withDefaults = ["/usr/bin/env", "--default-signal=INT,QUIT,HUP,TERM", Host.mydocker]

    /// The one that is on record.
    static func recordedSupervisor(of name: String) throws -> Int32 {
        let id = inspect("{{.Id}}", name)
        let state = try String(contentsOfFile: "/run/mydocker/containers/\(id)/state.json", encoding: .utf8)
        let number = try #require(state.firstMatch(of: /"supervisor":\s*(\d+)/))
        return try #require(Int32(number.1))
    }

    static func isStopped(_ pid: Int32) -> Bool {
        let fields =
            (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8))?.split(separator: " ") ?? []
        return fields.count > 2 && "Tt".contains(fields[2])
    }

    static func isRunning(_ name: String) -> Bool { inspect("{{.State.Running}}", name) == "true" }
}

func expectDone(
    _ command: [String], _ code: Int32, within seconds: Double,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let outcome = Host.run([Host.mydocker] + command, seconds: seconds, sourceLocation: sourceLocation)
    #expect(outcome.code == code, "\(command): \(outcome.error)", sourceLocation: sourceLocation)
}
