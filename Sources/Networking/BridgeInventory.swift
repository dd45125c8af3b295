import Core
import Firewall
import Glibc
import Netlink

extension BridgeDriver {
    /// What there is now. A reader: it takes no lock and changes nothing.
    package func inventory() throws(OperationError) -> BridgeInventory {
        var rules: [FirewallRule] = []
        for table in [FirewallTable.filter, .nat] { rules += try firewall.rules(in: table) }
        var netlink = try RouteSocket()
        var links = try netlink.links().map {
            BridgeInventory.Link(
                index: $0.index, name: $0.name, kind: $0.kind, alias: $0.alias, master: $0.master,
                hasSettings: BridgeSettings.areRight($0.settings))
        }
        let bridges = Set(links.filter(\.isOwnBridge).map(\.index))
        for place in links.indices {
            guard let master = links[place].master, bridges.contains(master) else { continue }
            do throws(OperationError) {
                links[place].port = try netlink.port(links[place].index)
            } catch {
                // It has just gone.
                guard error.errno == ENODEV || error.errno == EINVAL else { throw error }
            }
        }
        return BridgeInventory(links: links, rules: rules)
    }

    /// Takes away what has no owner; what an owner lacks is for `restore`.
    package func clear(_ findings: [BridgeFinding]) throws(OperationError) {
        var change = FirewallChange([.filter, .nat])
        for finding in findings {
            switch finding.remedy {
            case .removeRules(let owner):
                if !change.ownerships.contains(where: { $0.owner == owner }) { change.remove(owner) }
            case .removeChains: change.layout = .removeUnused(BridgeRules.layout)
            case .restore, .removeLink, .takeOffBridge: continue
            }
        }
        if !change.ownerships.isEmpty || change.layout != .leave { try firewall.apply(change) }
        var netlink = try RouteSocket()
        for finding in findings {
            switch finding.remedy {
            case .removeLink(let name): try netlink.deleteLink(.named(name))
            case .takeOffBridge(let name): try netlink.setMaster(.named(name), bridge: nil)
            case .restore, .removeRules, .removeChains: continue
            }
        }
    }
}
