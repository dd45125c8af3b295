import Core
import Lifecycle
import Linux
import Networking
import Records

/// Something that keeps a network from being what it should be, and what can be done.
package struct NetworkFinding: Equatable, Sendable {
    /// Nil: it concerns all of them, or none.
    package let network: Name?
    /// One of `LeakClass` for what is ours, of `NetworkObstacle.Kind` for what is not.
    package let kind: String
    package let what: String
    package let why: String
    package let remedy: String
    /// What of ours is mended by `--repair`.
    let ours: SystemFinding?

    package var isRepairable: Bool { ours != nil }
}

/// The outcome of `network doctor`.
package struct NetworkReport: Sendable {
    /// After a repair what there is still.
    package var findings: [NetworkFinding]
    package var repaired: [NetworkFinding] = []
    package var failures: [OperationError] = []
}

extension Engine {
    /// Compares networks with what this host has: what is theirs as `system check` does, and what others have that is in
    /// their way. It takes no lock and changes nothing.
    /// - Parameter names: none for all networks, and what belongs to none.
    package func diagnoseNetworks(_ names: [String]) throws(OperationError) -> NetworkReport {
        let listing = try names.isEmpty ? networks() : networks(called: names)
        var report = NetworkReport(findings: try own(among: listing.elements, isAll: names.isEmpty))
        report.failures = listing.failures
        let obstacles = try host.drivers.diagnose(listing.elements, tracedContainers())
        let absences = absences()
        for network in listing.elements {
            report.findings += absences.filter { $0.network == network.name }
            if let opening = try opening(of: network) { report.findings.append(opening) }
            report.findings += (obstacles[network.id] ?? []).map { NetworkFinding($0, network.name) }
        }
        return report
    }

    /// Puts right what is theirs, and looks again. Rules and routes of others stay as they are.
    package func repairNetworks(_ names: [String]) throws(OperationError) -> NetworkReport {
        try prepare()
        let before = try diagnoseNetworks(names)
        let broken = before.findings.compactMap(\.ours)
        if broken.isEmpty { return before }
        let failures = repair(broken)
        var after = try diagnoseNetworks(names)
        after.repaired = before.findings.filter { finding in
            finding.isRepairable && !after.findings.contains { $0.kind == finding.kind && $0.what == finding.what }
        }
        // What could be put right in the end is no failure.
        if after.findings.contains(where: \.isRepairable) { after.failures += failures }
        return after
    }

    /// Containers that run, and are on a network by their definition alone.
    private func absences() -> [NetworkFinding] {
        ((try? containerStore.runtimeIDs()) ?? []).flatMap { id -> [NetworkFinding] in
            guard let state = (try? containerStore.state(id)) ?? nil, state.isRunning,
                let definition = (try? containerStore.definition(id)) ?? nil
            else { return [] }
            let joined = state.endpoints.map(\.network)
            return definition.networkMode.wishes.map(\.network).filter { !joined.contains($0) }.map {
                NetworkFinding(absent: definition.name, $0)
            }
        }
    }

    /// Releases before have made networks without the firewall that they need.
    private func opening(of network: NetworkDefinition) throws(OperationError) -> NetworkFinding? {
        guard network.firewall == .none, try !host.drivers.of(network).isBesideHost,
            let need = network.options.needOfFirewall(isInternal: network.isInternal)
        else { return nil }
        return NetworkFinding(need, network.name)
    }

    private func own(among networks: [NetworkDefinition], isAll: Bool) throws(OperationError) -> [NetworkFinding] {
        let classes: Set<LeakClass> = [.address, .rule, .veth, .bridge]
        // What nobody but its owner puts right is among the obstacles.
        return try checkSystem().findings.filter { classes.contains($0.leakClass) && $0.remedy != .none }.compactMap {
            finding in
            guard let id = finding.network else {
                return isAll || finding.isForAll ? NetworkFinding(finding, nil) : nil
            }
            guard let network = networks.first(where: { $0.id == id }) else { return nil }
            return NetworkFinding(finding, network.name)
        }
    }
}

extension NetworkFinding {
    fileprivate init(_ finding: SystemFinding, _ network: Name?) {
        self.network = network
        kind = finding.leakClass.rawValue
        (what, why) = (finding.what, finding.why)
        ours = finding.remedy == .none ? nil : finding
        remedy = "\(Program.current.name) network doctor --repair"
    }

    /// Which firewall it is to have is for its owner to say.
    fileprivate init(_ need: FirewallNeed, _ network: Name) {
        self.network = network
        kind = LeakClass.rule.rawValue
        what = "network \"\(network)\""
        why = "has no firewall: \(need.opening)"
        remedy = "\(Program.current.name) network reload --firewall iptables|nftables \(network)"
        ours = nil
    }

    fileprivate init(absent container: Name, _ network: Name) {
        self.network = network
        kind = NetworkObstacle.Kind.link.rawValue
        (what, why) = ("container \(container)", "has no link, and is to be on this network")
        let verbs = ["disconnect", "connect"].map { "\(Program.current.name) network \($0) \(network) \(container)" }
        remedy = "run: \(verbs.joined(separator: "; "))"
        ours = nil
    }

    fileprivate init(_ obstacle: NetworkObstacle, _ network: Name) {
        self.network = network
        kind = obstacle.kind.rawValue
        (what, why, remedy) = (obstacle.what, obstacle.why, obstacle.remedy)
        ours = nil
    }
}

extension SystemFinding {
    /// The one that it is about.
    fileprivate var network: ContainerID? {
        switch remedy {
        case .bridge(let difference): difference.network
        case .releaseLease(let network, _, _), .reserveLease(let network, _, _), .openPool(let network): network.id
        default: nil
        }
    }

    /// What all networks need.
    fileprivate var isForAll: Bool {
        if case .bridge(let difference) = remedy { difference.isLack } else { false }
    }
}
