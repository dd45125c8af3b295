import Core

/// One rule of the firewall of either family as a value: what a packet must be like, and what becomes of it.
///
/// Two rules with the same meaning are equal; `description` is the line that `iptables-save` prints for it.
struct FirewallRule: Hashable, Sendable {
    /// A test and whether it is turned round (`! -d 127.0.0.0/8`).
    struct Match<Value: Hashable & Sendable>: Hashable, Sendable {
        let value: Value
        let isNegated: Bool

        static func yes(_ value: Value) -> Match { Match(value: value, isNegated: false) }
        static func not(_ value: Value) -> Match { Match(value: value, isNegated: true) }
    }

    /// What connection tracking thinks of a packet.
    struct States: OptionSet, Hashable, Sendable {
        let rawValue: UInt16
        init(rawValue: UInt16) { self.rawValue = rawValue }

        // The kernel's bits (xt_conntrack.h).
        static let invalid = States(rawValue: 1 << 0)
        static let established = States(rawValue: 1 << 1)
        static let related = States(rawValue: 1 << 2)
        static let new = States(rawValue: 1 << 3)
        static let snat = States(rawValue: 1 << 6)
        static let dnat = States(rawValue: 1 << 7)
        static let untracked = States(rawValue: 1 << 8)
    }

    enum Target: Hashable, Sendable {
        case accept, drop, `return`
        case jump(String)
        case masquerade
        case snat(to: IPAddress)
        /// - ports: nil keeps the port.
        /// - base: with it the ports keep their order: `base` becomes the first of `ports`, and so on.
        case dnat(to: IPAddress, ports: ClosedRange<UInt16>? = nil, base: UInt16? = nil)
    }

    let table: FirewallTable
    private(set) var chain: String
    let source: Match<Subnet>?
    let destination: Match<Subnet>?
    let input: Match<String>?
    let output: Match<String>?
    let transport: TransportProtocol?
    /// Destination ports; only with a transport.
    let ports: ClosedRange<UInt16>?
    /// Only for ICMP, of the table's family; not with a transport.
    let isICMP: Bool
    /// Only for addresses of this host (addrtype `--dst-type LOCAL`).
    let isToLocalAddress: Bool
    let states: Match<States>?
    /// At most 63 bytes.
    let comment: String?
    let target: Target

    init(
        _ table: FirewallTable, _ chain: String, source: Match<Subnet>? = nil, destination: Match<Subnet>? = nil,
        input: Match<String>? = nil, output: Match<String>? = nil, transport: TransportProtocol? = nil,
        ports: ClosedRange<UInt16>? = nil, isICMP: Bool = false, isToLocalAddress: Bool = false,
        states: Match<States>? = nil, comment: String? = nil, target: Target
    ) {
        precondition(ports == nil || transport != nil)
        precondition(!isICMP || transport == nil)
        self.isICMP = isICMP
        self.table = table
        self.chain = chain
        self.source = source.flatMap(\.canonical)
        self.destination = destination.flatMap(\.canonical)
        self.input = input
        self.output = output
        self.transport = transport
        // "Any port" is no test at all.
        self.ports = ports == 0...65535 ? nil : ports
        self.isToLocalAddress = isToLocalAddress
        self.states = states
        self.comment = comment
        self.target = target
    }
}

extension FirewallRule {
    /// The same in another chain.
    func standing(in chain: String) -> FirewallRule {
        var rule = self
        rule.chain = chain
        return rule
    }

    /// The number of the protocol that it is about, of IP; 0: of any.
    var protocolNumber: UInt8 { isICMP ? Self.icmp(table.family) : transport?.number ?? 0 }
    static func icmp(_ family: AddressFamily) -> UInt8 { family == .ipv4 ? 1 : 58 }

    /// Whether its addresses are of the table's family.
    var isOfOneFamily: Bool {
        let translated: IPAddress? =
            switch target {
            case .snat(let address), .dnat(let address, _, _): address
            case .accept, .drop, .return, .jump, .masquerade: nil
            }
        return [source?.value.family, destination?.value.family, translated?.family].allSatisfy {
            $0 == nil || $0 == table.family
        }
    }
}

extension FirewallRule.Match<Subnet> {
    /// Without host bits, which no packet's address would ever be compared with; nil when every address passes.
    fileprivate var canonical: Self? {
        value.prefixLength == 0 && !isNegated ? nil : Self(value: value.network, isNegated: isNegated)
    }
}

extension FirewallRule: CustomStringConvertible {
    /// `-A CHAIN …`, as `iptables-save` prints it.
    var description: String { (["-A", chain] + words(comment: comment?.quotedForSave)).joined(separator: " ") }

    /// What `iptables` is told of it behind the chain.
    var words: [String] { words(comment: comment) }

    private func words(comment: String?) -> [String] {
        var words: [String] = []
        words.add("-s", source) { $0.description }
        words.add("-d", destination) { $0.description }
        words.add("-i", input) { $0 }
        words.add("-o", output) { $0 }
        words += transportWords
        if isToLocalAddress { words += ["-m", "addrtype", "--dst-type", "LOCAL"] }
        if let states {
            words += ["-m", "conntrack"]
            words.add("--ctstate", states) { $0.names.joined(separator: ",") }
        }
        if let comment { words += ["-m", "comment", "--comment", comment] }
        return words + target.words
    }

    private var transportWords: [String] {
        if isICMP { return ["-p", table.family == .ipv4 ? "icmp" : "ipv6-icmp"] }
        guard let transport else { return [] }
        guard let ports else { return ["-p", transport.rawValue] }
        let range = ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound):\(ports.upperBound)"
        return ["-p", transport.rawValue, "-m", transport.rawValue, "--dport", range]
    }
}

extension FirewallRule.Target {
    fileprivate var words: [String] {
        switch self {
        case .accept: ["-j", "ACCEPT"]
        case .drop: ["-j", "DROP"]
        case .return: ["-j", "RETURN"]
        case .jump(let chain): ["-j", chain]
        case .masquerade: ["-j", "MASQUERADE"]
        case .snat(let address): ["-j", "SNAT", "--to-source", "\(address)"]
        case .dnat(let address, let ports, let base):
            ["-j", "DNAT", "--to-destination", Self.destination(address, ports, base)]
        }
    }

    private static func destination(
        _ address: IPAddress, _ ports: ClosedRange<UInt16>?, _ base: UInt16?
    ) -> String {
        guard let ports else { return "\(address)" }
        return (address.family == .ipv4 ? "\(address)" : "[\(address)]") + suffix(ports, base)
    }

    private static func suffix(_ ports: ClosedRange<UInt16>, _ base: UInt16?) -> String {
        let range = ports.count == 1 ? ":\(ports.lowerBound)" : ":\(ports.lowerBound)-\(ports.upperBound)"
        return base.map { "\(range)/\($0)" } ?? range
    }
}

extension FirewallRule.States {
    /// In the order in which iptables prints them.
    fileprivate var names: [String] {
        let all: [(Self, String)] = [
            (.invalid, "INVALID"), (.new, "NEW"), (.related, "RELATED"), (.established, "ESTABLISHED"),
            (.untracked, "UNTRACKED"), (.snat, "SNAT"), (.dnat, "DNAT"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}

extension [String] {
    fileprivate mutating func add<Value>(
        _ option: String, _ match: FirewallRule.Match<Value>?, text: (Value) -> String
    ) {
        guard let match else { return }
        if match.isNegated { append("!") }
        append(option)
        append(text(match.value))
    }
}

extension String {
    /// As libxtables does it: bare when it is letters, digits, "_" and "-", else in quotes.
    fileprivate var quotedForSave: String {
        if utf8.allSatisfy({ $0.isDigit || $0.isASCIILetter || "_-".utf8.contains($0) }), !isEmpty { return self }
        let escaped = map { "\"\\'".contains($0) ? "\\\($0)" : "\($0)" }
        return "\"" + escaped.joined() + "\""
    }
}
