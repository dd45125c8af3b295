import Core

extension FirewallRule {
    /// The rules that send published ports on to a container: a run of ports that lie as far apart on the host as
    /// in the container is one rule. A range that keeps its numbers needs no rewriting of ports at all.
    static func publishing(
        _ mappings: [PortMapping], in chain: String, to address: IPAddress, owner: FirewallOwner
    ) -> [FirewallRule] {
        runs(of: mappings).map { run in
            FirewallRule(
                .nat(of: address.family), chain, destination: run.first.hostAddress.ownSubnet.map { .yes($0) },
                transport: run.first.transport, ports: run.first.hostPort...run.last.hostPort,
                comment: owner.comment, target: target(run, address))
        }
    }

    /// The rules that let in what is for ports of a container, at its own address: a run of ports is one rule.
    static func opening(
        _ mappings: [PortMapping], in chain: String, to address: IPAddress, owner: FirewallOwner
    ) -> [FirewallRule] {
        // Where nothing is translated the port of this host is the container's.
        runs(of: mappings).map { run in
            FirewallRule(
                .filter(of: address.family), chain, destination: address.ownSubnet.map { .yes($0) },
                transport: run.first.transport, ports: run.first.containerPort...run.last.containerPort,
                comment: owner.comment, target: .accept)
        }
    }

    private typealias Run = (first: PortMapping, last: PortMapping)

    private static func runs(of mappings: [PortMapping]) -> [Run] {
        var runs: [Run] = []
        for mapping in Set(mappings).sorted(by: precedes) {
            if let last = runs.last?.last, last.isFollowed(by: mapping) {
                runs[runs.count - 1].last = mapping
            } else {
                runs.append((mapping, mapping))
            }
        }
        return runs
    }

    /// Addresses of their own come before "all addresses", which would take their packets.
    private static func precedes(_ left: PortMapping, _ right: PortMapping) -> Bool {
        (left.transport.rawValue, right.hostAddress, left.distance, left.hostPort)
            < (right.transport.rawValue, left.hostAddress, right.distance, right.hostPort)
    }

    private static func target(_ run: Run, _ address: IPAddress) -> Target {
        let isRange = run.first != run.last
        if isRange, run.first.distance == 0 { return .dnat(to: address) }
        return .dnat(
            to: address, ports: run.first.containerPort...run.last.containerPort,
            base: isRange ? run.first.hostPort : nil)
    }
}

extension IPAddress {
    /// Nil of "all addresses".
    fileprivate var ownSubnet: Subnet? { isUnspecified ? nil : Subnet(self, family.bits) }
}

extension PortMapping {
    fileprivate var distance: Int { Int(containerPort) - Int(hostPort) }

    fileprivate func isFollowed(by next: PortMapping) -> Bool {
        transport == next.transport && hostAddress == next.hostAddress && distance == next.distance
            && Int(hostPort) + 1 == Int(next.hostPort)
    }
}
