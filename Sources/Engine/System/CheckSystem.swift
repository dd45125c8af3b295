import Core
import Glibc
import Lifecycle
import Linux
import Networking
import Records

/// What kind of thing was left behind, or is missing.
package enum LeakClass: String, CaseIterable, Sendable {
    case address, rule, veth, bridge, netns, cgroup, mount, state, lock, port, log, volume
}

/// One difference between the records and the kernel.
package struct SystemFinding: Equatable, Sendable {
    package let leakClass: LeakClass
    package let what: String
    package let why: String
    let remedy: SystemRemedy

    init(_ leakClass: LeakClass, _ what: String, _ why: String, _ remedy: SystemRemedy) {
        self.leakClass = leakClass
        self.what = what
        self.why = why
        self.remedy = remedy
    }
}

/// What `system check --repair` does about a finding.
enum SystemRemedy: Equatable, Sendable {
    /// Nobody but the user can do anything.
    case none
    /// A dead supervisor's container.
    case reclaim(ContainerID)
    /// What has no record.
    case removeContainer(ContainerID)
    case releaseName(Name, ContainerID)
    case reserveName(Name, ContainerID)
    case releaseLease(NetworkDefinition, IPAddress, ContainerID?)
    case reserveLease(NetworkDefinition, IPAddress, ContainerID)
    /// Opening a damaged pool makes a new one from the records.
    case openPool(NetworkDefinition)
    case bridge(BridgeDifference)
    case removeCgroup(String)
    case unmount(String, thenRemove: Bool)
    case removeFile(String)
    /// By what its files are called.
    case removeNetworkRuntime(String)
    case releaseNetworkName(Name, ContainerID)
    case reserveNetworkName(NetworkDefinition)
    case clearWorkspaces
    case endScope(Name)
    case removeUnfinishedVolumes
    case settleVolume(Name)
    /// The lock that a process holds which knows nothing of its meaning.
    case abandonLock(String)
}

/// The outcome of `system check`.
package struct SystemReport: Sendable {
    /// What there is to complain about, after a repair what is still.
    package var findings: [SystemFinding]
    package var repaired: [SystemFinding] = []
    package var failures: [OperationError] = []
}

extension Engine {
    /// Compares the records with the kernel. It takes no lock and changes nothing, and containers that start or end
    /// meanwhile are no findings: each must be there twice.
    package func checkSystem() throws(OperationError) -> SystemReport {
        var findings = try audit().findings
        var pauses = 0
        while !findings.isEmpty {
            usleep(50_000)
            let again = try audit().findings
            findings.removeAll { !again.contains($0) }
            pauses += 1
            guard findings.contains(where: \.takesItsTime), pauses < Self.patience else { break }
        }
        return SystemReport(findings: findings)
    }

    /// How often what takes its time is looked at.
    private static let patience = 20

    /// Does what every command does for what it needs itself, for everything, and looks again.
    package func repairSystem() throws(OperationError) -> SystemReport {
        try host.prepare()
        let before = try checkSystem().findings
        guard !before.isEmpty else { return SystemReport(findings: []) }
        var failures = repair(before)
        let after = try checkSystem().findings
        // What could be put right in the end is no failure.
        if after.isEmpty { failures = [] }
        return SystemReport(
            findings: after, repaired: before.filter { finding in !after.contains { $0.isSame(as: finding) } },
            failures: failures)
    }

    func audit() throws(OperationError) -> SystemAudit {
        let records = try RecordSnapshot(self)
        return SystemAudit(records, try KernelSnapshot(self, records), layout: layout)
    }
}

extension SystemFinding {
    /// A namespace takes its time to die, longer when many do: so does the veth in it. And the definition of a network that a
    /// command has given its name is on its way to the disk.
    fileprivate var takesItsTime: Bool {
        if case .releaseNetworkName = remedy { return true }
        return leakClass == .veth
    }

    fileprivate func isSame(as other: SystemFinding) -> Bool { leakClass == other.leakClass && what == other.what }
}
