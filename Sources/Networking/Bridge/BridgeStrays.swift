import Core
import Firewall
import Netlink

/// What there is of bridge networks without an owner.
extension WantedBridges {
    func strays(among observed: ObservedBridges) -> [BridgeDifference] {
        guard let owners else { return [] }
        return bridges(observed, owners) + ports(observed, owners) + rules(observed.firewall, owners)
            + admissions(observed.admitted, owners)
    }

    private func admissions(_ devices: [AddressFamily: Set<String>], _ owners: Owners) -> [BridgeDifference] {
        guard let defined = owners.networks else { return [] }
        return DockerUserChain.all.flatMap { chain in
            (devices[chain.family] ?? []).subtracting(defined.map(\.device)).sorted().map {
                BridgeDifference(
                    subject: .rule, what: "\(chain.chain.text) \($0)",
                    why: "there is no network that it belongs to", remedy: .dismiss($0))
            }
        }
    }

    private func bridges(_ observed: ObservedBridges, _ owners: Owners) -> [BridgeDifference] {
        guard let defined = owners.networks else { return [] }
        let aliases = Set(defined.map(\.alias))
        return observed.links.map(\.info).filter { $0.isOwnBridge && !aliases.contains($0.alias ?? "") }.map {
            BridgeDifference(
                subject: .bridge, what: $0.name, why: "there is no network that it belongs to",
                remedy: .removeLink($0.name))
        }
    }

    private func ports(_ observed: ObservedBridges, _ owners: Owners) -> [BridgeDifference] {
        let bridges = observed.links.map(\.info).filter(\.isOwnBridge)
        let hosts = Set(networks.flatMap(\.members).map(\.endpoint.hostInterface))
        return observed.links.map(\.info).compactMap { link in
            guard link.kind == "veth", let bridge = bridges.first(where: { $0.index == link.master }),
                !hosts.contains(link.name),
                // One that is being made may have got another name than is on record yet.
                !owners.living.contains(where: { Endpoint.hostInterfaces($0).contains(link.name) })
            else { return nil }
            // Others' interfaces are never deleted.
            let isOurs = link.name.utf8.count >= 5 && link.name.utf8.allSatisfy(\.isLowercaseHexDigit)
            return BridgeDifference(
                subject: .veth, what: link.name, why: "on bridge \(bridge.name), but no living container's",
                remedy: isOurs ? .removeLink(link.name) : .takeOffBridge(link.name))
        }
    }

    private func rules(_ firewall: FirewallDifferences, _ owners: Owners) -> [BridgeDifference] {
        let strays = firewall.strays.map {
            BridgeDifference(
                subject: .rule, what: $0.entry, why: "\($0.owner) does not exist", remedy: .removeRules(of: $0.owner))
        }
        guard owners.networks?.isEmpty == true else { return strays }
        return strays
            + firewall.unusedFrame.map {
                BridgeDifference(subject: .rule, what: $0, why: "there is no network", remedy: .removeFrame)
            }
    }
}
