import CNetlink
import Core
import Glibc

extension PacketRule {
    /// As nft(8) reads it.
    /// - Throws: for the name of an interface that nft has no way to write.
    package func text() throws(OperationError) -> String {
        var words: [String] = []
        var protocolName: String?
        for test in tests {
            // Ports stand behind the transport, as one test.
            if case .transport(let number) = test {
                protocolName = Self.transport(number)
            } else if let name = protocolName, case .destinationPorts(let ports) = test {
                words.append("\(name) dport \(Self.range(ports))")
                protocolName = nil
            } else {
                words.append(try Self.text(test))
            }
        }
        if let protocolName { words.append("meta l4proto \(protocolName)") }
        words += ["counter", action.text(transport: tests.compactMap(\.transportName).first ?? "th")]
        if !comment.isEmpty { words.append("comment \"\(comment)\"") }
        return words.joined(separator: " ")
    }

    private static func text(_ test: Test) throws(OperationError) -> String {
        func not(_ isNegated: Bool) -> String { isNegated ? "!= " : "" }
        switch test {
        case .source(let subnet, let isNegated): return "\(family(subnet)) saddr \(not(isNegated))\(text(subnet))"
        case .destination(let subnet, let isNegated): return "\(family(subnet)) daddr \(not(isNegated))\(text(subnet))"
        case .input(let name, let isNegated): return "iifname \(not(isNegated))\(try quoted(name))"
        case .output(let name, let isNegated): return "oifname \(not(isNegated))\(try quoted(name))"
        case .transport(let number): return "meta l4proto \(transport(number))"
        case .destinationPorts(let ports): return "th dport \(range(ports))"
        case .isToThisHost: return "fib daddr type local"
        case .state(let bits, let isNegated): return "ct state \(isNegated ? "! " : "")\(names(bits, states))"
        case .status(let bits, let isNegated): return "ct status \(isNegated ? "! " : "")\(names(bits, statuses))"
        }
    }

    /// The kernel's bits, in the order in which nft prints them.
    private static let states: [(UInt32, String)] = [
        (1, "invalid"), (2, "established"), (4, "related"), (8, "new"), (64, "untracked"),
    ]
    private static let statuses: [(UInt32, String)] = [(16, "snat"), (32, "dnat")]

    private static func names(_ bits: UInt32, _ all: [(bit: UInt32, name: String)]) -> String {
        all.filter { bits & $0.bit != 0 }.map(\.name).joined(separator: ",")
    }

    private static func family(_ subnet: Subnet) -> String { subnet.family == .ipv4 ? "ip" : "ip6" }
    private static func text(_ subnet: Subnet) -> String {
        subnet.prefixLength == subnet.family.bits ? "\(subnet.first)" : "\(subnet.network)"
    }

    static func range(_ ports: ClosedRange<UInt16>) -> String {
        ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
    }

    static func transport(_ number: UInt8) -> String {
        switch Int(number) {
        case Int(IPPROTO_TCP): "tcp"
        case Int(IPPROTO_UDP): "udp"
        case Int(IPPROTO_SCTP): "sctp"
        case Int(IPPROTO_ICMP): "icmp"
        case Int(IPPROTO_ICMPV6): "ipv6-icmp"
        default: "\(number)"
        }
    }

    /// In quotes, as a name may be a word of nft's.
    static func quoted(_ name: String) throws(OperationError) -> String {
        guard !name.utf8.contains(where: { "\"*\\".utf8.contains($0) }) else {
            throw OperationError(
                "write a rule for nft about interface", name, reason: "nft has no way to write such a name",
                kind: .unsupported)
        }
        return "\"\(name)\""
    }
}

extension PacketRule.Test {
    fileprivate var transportName: String? {
        if case .transport(let number) = self { PacketRule.transport(number) } else { nil }
    }
}

extension PacketRule.Action {
    /// - Parameter transport: whose ports they are.
    func text(transport: String) -> String {
        switch self {
        case .accept: "accept"
        case .drop: "drop"
        case .goBack: "return"
        case .jump(let chain): "jump \(chain)"
        case .masquerade: "masquerade"
        case .translateSource(let address): "snat to \(address)"
        case .translateDestination(let address, let ports): "dnat to \(Self.destination(address, ports, transport))"
        }
    }

    private static func destination(_ address: IPAddress, _ ports: Ports, _ transport: String) -> String {
        switch ports {
        case .kept: return "\(address)"
        case .any(let range):
            return "\(address.family == .ipv4 ? "\(address)" : "[\(address)]"):\(PacketRule.range(range))"
        case .moved(let first, let range):
            let pairs = range.enumerated().map { "\(first + UInt16($0.offset)) : \($0.element)" }
            return "\(address) : \(transport) dport map { \(pairs.joined(separator: ", ")) }"
        }
    }
}

extension PacketHook: CustomStringConvertible {
    /// As nft(8) reads it.
    package var description: String {
        let place = Place(rawValue: number).map { "\($0)" } ?? "\(number)"
        return "type \(kind) hook \(place) priority \(priority);"
    }
}
