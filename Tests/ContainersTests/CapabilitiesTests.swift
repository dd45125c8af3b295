import Core
import Foundation
import Testing

@testable import Containers

@Suite struct CapabilitiesTests {
    struct Case: Sendable {
        var added: [String] = []
        var dropped: [String] = []
        var expected: [String]
    }
    /// What this very process could pass on: in a container that is not everything.
    static let held: [String] = {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapPrm:") } ?? ""
        let mask = UInt64(line.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) ?? 0
        return Capabilities.names.indices.filter { mask >> UInt64($0) & 1 == 1 }.map { Capabilities.names[$0] }
    }()
    static let cases = [
        Case(expected: Capabilities.defaults),
        Case(added: ["net_admin"], dropped: ["ALL"], expected: ["NET_ADMIN"]),
        Case(added: ["CAP_CHOWN", "cap_chown"], dropped: ["all"], expected: ["CHOWN"]),
        Case(dropped: ["ALL"], expected: []),
        Case(added: ["ALL"], dropped: ["ALL"], expected: held),
        Case(added: ["ALL"], expected: held),
        Case(added: ["ALL"], dropped: ["SYS_ADMIN"], expected: held.filter { $0 != "SYS_ADMIN" }),
        Case(dropped: ["CAP_KILL"], expected: Capabilities.defaults.filter { $0 != "KILL" }),
        Case(added: ["KILL"], dropped: ["KILL"], expected: Capabilities.defaults),
        Case(added: ["CHOWN"], expected: Capabilities.defaults),
    ]

    @Test(arguments: cases) func resolves(_ example: Case) throws {
        let resolved = try Capabilities.resolve(added: example.added, dropped: example.dropped, privileged: false)
        #expect(resolved == example.expected)
    }

    @Test func defaultsAreDockersWithoutDevices() {
        let dockers = [
            "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
            "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
        ]
        #expect(Set(dockers).subtracting(Capabilities.defaults) == ["MKNOD"])
        #expect(Set(Capabilities.defaults).isSubset(of: dockers))
    }

    @Test(arguments: ["NET_ADMN", "", "CAP_", "CAP_ALL", "ALL "]) func refusesUnknownNames(_ name: String) {
        for privileged in [false, true] {
            #expect(throws: OperationError("invalid capability \(JSON.quoted(name))")) {
                try Capabilities.resolve(added: [name], dropped: [], privileged: privileged)
            }
            #expect(throws: OperationError("invalid capability \(JSON.quoted(name))")) {
                try Capabilities.resolve(added: [], dropped: [name], privileged: privileged)
            }
        }
    }

    @Test func privilegedHasAllThatCanBePassedOn() throws {
        #expect(try Capabilities.resolve(added: [], dropped: ["ALL"], privileged: true) == Self.held)
    }

    @Test func masksAreBitsOfNumbers() {
        #expect(Capabilities.mask(of: []) == 0)
        #expect(Capabilities.mask(of: ["CHOWN", "SYS_ADMIN", "CHECKPOINT_RESTORE"]) == 1 | 1 << 21 | 1 << 40)
        #expect(Capabilities.mask(of: ["cap_chown"]) == 0)
        #expect(Capabilities.names.count == 41 && Set(Capabilities.names).count == 41)
    }
}
