import Core
import Firewall
import Netlink

/// What the kernel has of bridge networks, all of them and whoever made it.
package struct BridgeInventory: Equatable, Sendable {
    package struct Link: Equatable, Sendable {
        let index: Int32
        let name: String
        let kind: String?
        let alias: String?
        let master: Int32?
        /// Of a port of a bridge of ours; nil of others.
        var port: PortState?
        /// Whether its sysctls are what a bridge of ours needs; of other links it means nothing.
        var hasSettings = true

        var isOwnBridge: Bool { kind == "bridge" && alias?.hasPrefix(BridgeAlias.prefix) == true }
    }

    let links: [Link]
    /// Of our chains, and the jumps into them.
    let rules: [FirewallRule]

    package static let empty = BridgeInventory(links: [], rules: [])
}

/// Something that is there without an owner, or that an owner lacks.
package struct BridgeFinding: Equatable, Sendable {
    package enum Subject: Sendable { case bridge, veth, rule }

    enum Remedy: Equatable, Sendable {
        /// `BridgeDriver.restore` puts it back.
        case restore
        case removeLink(String)
        case takeOffBridge(String)
        case removeRules(of: FirewallOwner)
        case removeChains
    }

    package let subject: Subject
    package let what: String
    package let why: String
    let remedy: Remedy

    package var isLack: Bool { remedy == .restore }
}

/// Compares what there should be of bridge networks with what there is. Nothing here touches the kernel.
package struct BridgeAudit: Sendable {
    /// All that are defined; nil when that is not known, and nothing can be called ownerless.
    private let defined: [NetworkDefinition]?
    private let networks: [NetworkDefinition]
    private let living: Set<ContainerID>
    private let members: [NetworkMember]
    private let inventory: BridgeInventory

    /// - Parameters:
    ///   - isComplete: whether `networks` are all that are defined.
    ///   - living: those that may have something: containers whose supervisor lives, and their endpoints.
    ///   - members: the containers that must have everything: those that run.
    package init(
        _ inventory: BridgeInventory, networks: [NetworkDefinition], isComplete: Bool, living: Set<ContainerID>,
        members: [NetworkMember]
    ) {
        self.inventory = inventory
        self.networks = networks
        defined = isComplete ? networks : nil
        self.living = living
        self.members = members
    }

    package var findings: [BridgeFinding] { bridges + ports + ownerlessRules + missingRules }

    /// Those of which there should be something now; the others are made when they are used.
    package var established: [NetworkDefinition] {
        networks.filter { bridge(of: $0) != nil || !members(of: $0).isEmpty }
    }

    /// Ours, by name and alias.
    private func bridge(of network: NetworkDefinition) -> BridgeInventory.Link? {
        inventory.links.first { $0.name == network.device && $0.alias == network.alias }
    }
    private func members(of network: NetworkDefinition) -> [NetworkMember] {
        members.filter { $0.endpoint.networkID == network.id }
    }
}

// MARK: - Links

extension BridgeAudit {
    private var ownBridges: [BridgeInventory.Link] { inventory.links.filter(\.isOwnBridge) }

    private var bridges: [BridgeFinding] {
        var findings = networks.compactMap(settings)
        if let defined {
            let aliases = Set(defined.map(\.alias))
            for link in ownBridges where !aliases.contains(link.alias ?? "") {
                findings.append(
                    BridgeFinding(
                        subject: .bridge, what: link.name, why: "there is no network that it belongs to",
                        remedy: .removeLink(link.name)))
            }
        }
        for network in networks where bridge(of: network) == nil && !members(of: network).isEmpty {
            findings.append(
                BridgeFinding(
                    subject: .bridge, what: network.device,
                    why: "it is missing, and containers are on network \"\(network.name)\"", remedy: .restore))
        }
        return findings
    }

    private var ports: [BridgeFinding] {
        let bridges = ownBridges
        let hosts = Set(members.map(\.endpoint.hostInterface))
        var findings: [BridgeFinding] = []
        for link in inventory.links where link.kind == "veth" {
            guard let bridge = bridges.first(where: { $0.index == link.master }), !hosts.contains(link.name),
                // One that is being made may have got another name than is on record yet.
                !living.contains(where: { Endpoint.hostInterfaces($0).contains(link.name) })
            else { continue }
            // Others' interfaces are never deleted.
            let isOurs = link.name.utf8.count >= 5 && link.name.utf8.allSatisfy(\.isLowercaseHexDigit)
            findings.append(
                BridgeFinding(
                    subject: .veth, what: link.name, why: "on bridge \(bridge.name), but no living container's",
                    remedy: isOurs ? .removeLink(link.name) : .takeOffBridge(link.name)))
        }
        for network in networks {
            guard let bridge = bridge(of: network) else { continue }
            for member in members(of: network) {
                guard let why = lack(of: member, on: bridge) else { continue }
                findings.append(
                    BridgeFinding(subject: .veth, what: member.endpoint.hostInterface, why: why, remedy: .restore))
            }
        }
        return findings
    }

    private func lack(of member: NetworkMember, on bridge: BridgeInventory.Link) -> String? {
        let name = member.endpoint.hostInterface
        let link = inventory.links.first { $0.name == name && $0.master == bridge.index }
        guard let link else { return "it should be on bridge \(bridge.name) for container \(member.id.short)" }
        if let port = link.port, !member.endpoint.port(link.index).isMet(by: port) {
            return "it lets in more than container \(member.id.short) may send"
        }
        return nil
    }

    private func settings(_ network: NetworkDefinition) -> BridgeFinding? {
        guard let bridge = bridge(of: network), !bridge.hasSettings else { return nil }
        return BridgeFinding(
            subject: .bridge, what: network.device, why: "its settings (sysctl) have been changed", remedy: .restore)
    }
}

// MARK: - Rules

extension BridgeAudit {
    private var ownRules: [FirewallRule] { inventory.rules.filter { $0.chain.hasPrefix(OwnChain.prefix) } }
    private var jumps: [FirewallRule] { inventory.rules.filter { !$0.chain.hasPrefix(OwnChain.prefix) } }

    private var ownerlessRules: [BridgeFinding] {
        let byOwner = [FirewallOwner: [FirewallRule]](grouping: ownRules.filter { $0.owner != nil }) {
            $0.owner ?? .network(bridge: "")
        }
        var findings: [BridgeFinding] = []
        for (owner, rules) in byOwner where isDead(owner) {
            for rule in rules {
                findings.append(
                    BridgeFinding(
                        subject: .rule, what: "\(rule.table.rawValue) \(rule)", why: "\(owner) does not exist",
                        remedy: .removeRules(of: owner)))
            }
        }
        if defined?.isEmpty == true, byOwner.isEmpty {
            for jump in jumps {
                findings.append(
                    BridgeFinding(
                        subject: .rule, what: "\(jump.table.rawValue) \(jump)", why: "there is no network",
                        remedy: .removeChains))
            }
        }
        return findings.sorted { $0.what < $1.what }
    }

    private func isDead(_ owner: FirewallOwner) -> Bool {
        switch owner {
        case .endpoint(let shortID): !living.contains { $0.short == shortID }
        case .network(let device): defined.map { !$0.contains { $0.device == device } } ?? false
        }
    }

    private var missingRules: [BridgeFinding] {
        let made = networks.filter { bridge(of: $0) != nil }
        guard !made.isEmpty else { return [] }
        var findings: [BridgeFinding] = []
        for network in made {
            findings += lacks(
                BridgeRules.rules(of: network), of: .network(bridge: network.device), "network \"\(network.name)\"")
            for member in members(of: network) where !member.endpoint.ports.isEmpty {
                findings += lacks(
                    BridgeRules.rules(publishing: member.endpoint), of: .endpoint(member.endpoint.id),
                    "container \(member.id.short)")
            }
        }
        return findings + missingJumps
    }

    /// The rules of one owner in each chain, in their order.
    private func lacks(_ wanted: [FirewallRule], of owner: FirewallOwner, _ who: String) -> [BridgeFinding] {
        let found = ownRules.filter { $0.owner == owner }
        let missing = wanted.filter { !found.contains($0) }
        if missing.isEmpty, byChain(found) != byChain(wanted) {
            return [
                BridgeFinding(
                    subject: .rule, what: who, why: "its rules are there, but not each once and in order",
                    remedy: .restore)
            ]
        }
        return missing.map { rule in
            BridgeFinding(
                subject: .rule, what: "\(rule.table.rawValue) \(rule)", why: "missing; \(who) needs it",
                remedy: .restore)
        }
    }

    private var missingJumps: [BridgeFinding] {
        let wanted = BridgeRules.layout.headJumps + BridgeRules.layout.tailJumps
        let found = byChain(jumps.filter { wanted.contains($0) })
        return byChain(wanted).compactMap { chain, rules in
            guard found[chain] != rules else { return nil }
            return BridgeFinding(
                subject: .rule, what: "\(chain.table.rawValue) \(chain.name)",
                why: "the jumps to our chains are not there, each once and in order", remedy: .restore)
        }.sorted { $0.what < $1.what }
    }

    private func byChain(_ rules: [FirewallRule]) -> [FirewallLayout.Chain: [FirewallRule]] {
        [FirewallLayout.Chain: [FirewallRule]](grouping: rules) { .init($0.table, $0.chain) }
    }
}
