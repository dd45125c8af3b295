import Core
import Netlink

/// How published ports stand in a table of nftables: the chain for them ends with rules that ask maps, so that a new connection to this host
/// finds its port in four steps at most, however many there are. A port is an element, and so is a range that keeps its numbers.
///
/// A range whose numbers move stays a rule of the chain, in front of the maps, with a map of its own (`PortMap`): one message and one
/// note, where elements would be as many as it has ports. It hides no port of a single address, as no two of one number are published
/// (`PortReservation`, `TableEditor`). For the same reason the order of an endpoint's rules says nothing, and those that former releases have
/// made stay rules, whose supervisors take away rules and know no elements.
enum PublishingMaps {
    /// In the order in which they are asked: addresses of their own come before "all addresses".
    static let all: [PacketMap] = [
        PacketMap(IntentRules.publish + "-daddr-dport", .port(of: .address)),
        PacketMap(IntentRules.publish + "-daddr-range", .range(of: .address)),
        PacketMap(IntentRules.publish + "-dport", .port(of: .anyAddress)),
        PacketMap(IntentRules.publish + "-range", .range(of: .anyAddress)),
    ]

    /// None of a map of something else.
    static func maps(before map: PacketMap) -> [PacketMap] { all.firstIndex(of: map).map { Array(all[..<$0]) } ?? [] }

    /// Nil of a rule that stands as one.
    static func element(_ rule: FirewallRule) -> (map: PacketMap, key: PacketElement.Key)? {
        guard rule.isOfPortsAlone, let transport = rule.transport, let ports = rule.ports,
            case .dnat(_, let inside, nil) = rule.target
        else { return nil }
        let place: PacketMap.Place = rule.destination == nil ? .anyAddress : .address
        let destination = PacketDestination(transport.number, rule.destination?.value.first)
        guard let inside else { return found(.range(of: place), .range(ports, destination)) }
        guard ports.count == 1, inside.count == 1 else { return nil }
        return found(.port(of: place), .port(ports.lowerBound, destination))
    }

    private static func found(
        _ key: PacketMap.Key, _ element: PacketElement.Key
    ) -> (map: PacketMap, key: PacketElement.Key)? {
        all.first { $0.key == key }.map { ($0, element) }
    }
}

extension FirewallRule {
    /// Whether it is an endpoint's, and asks for ports of this host, or of one address of it, and for nothing else.
    fileprivate var isOfPortsAlone: Bool {
        guard chain == IntentRules.publish, case .endpoint? = owner else { return false }
        if let destination {
            guard !destination.isNegated, destination.value.prefixLength == table.family.bits else { return false }
        }
        return self
            == FirewallRule(
                table, chain, destination: destination, transport: transport, ports: ports, comment: comment,
                target: target)
    }
}
