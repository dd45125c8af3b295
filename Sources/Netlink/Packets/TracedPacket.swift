import Core

/// A packet as rules see it at one moment of its way; what nobody knows of it is nil.
package struct TracedPacket: Equatable, Sendable {
    package var source: IPAddress
    package var destination: IPAddress
    /// Of IP: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6.
    package var transport: UInt8
    package var sourcePort: UInt16?
    package var destinationPort: UInt16?
    /// Names of links; nil where it did not come in, or does not go out, by one.
    package var input: String?
    package var output: String?
    /// Of one that the rules of a bridge's own are asked about: the bridge, whose ports `input` and `output` are then.
    package var bridge: String?
    /// It answers one that was let through, else it is the first of its connection.
    package var isReply = false
    /// Whether the connection's destination, or its source, was translated.
    package var hasNewDestination = false
    package var hasNewSource = false
    /// Whose it becomes where it is masqueraded; nil: that is not known.
    package var masqueradedSource: IPAddress?
    /// Of an answer for whom it is, once that is translated back: where destinations are (NF_IP_PRI_NAT_DST).
    package var untranslatedDestination: IPAddress?
    /// What rules have marked it with; nil: with what nobody knows here.
    package var mark: UInt32? = 0
    /// The same of its connection.
    package var connectionMark: UInt32? = 0
    /// Whether its connection is tracked, and so translated; nil: that is not known.
    package var isTracked: Bool? = true
    /// To whom it goes where it is redirected to this host; nil: that is not known.
    package var redirection: IPAddress?
    /// What this host takes addresses for: RTN_LOCAL, RTN_UNICAST and so on. Of any other nothing is known.
    package var addressTypes: [IPAddress: UInt8] = [:]

    package init(from source: IPAddress, to destination: IPAddress, _ transport: UInt8, port: UInt16?) {
        self.source = source
        self.destination = destination
        self.transport = transport
        destinationPort = port
    }

    /// What comes back to whom it is for, once it is.
    /// - Parameter sender: under which address this one has left.
    package func answer(to sender: IPAddress) -> TracedPacket {
        var answer = self
        (answer.source, answer.destination) = (destination, sender)
        answer.untranslatedDestination = sender == source ? nil : source
        (answer.sourcePort, answer.destinationPort) = (destinationPort, sourcePort)
        (answer.input, answer.output) = (output, nil)
        answer.isReply = true
        answer.mark = 0
        // What answers one that was not tracked is of no connection, or not tracked either.
        answer.isTracked = isTracked == true ? true : nil
        return answer
    }

    /// What the rules of a bridge's own see of it. Which connection it is of is not theirs to know.
    /// - Parameters: ports of the bridge.
    package func onBridge(_ bridge: String, from input: String?, to output: String?) -> TracedPacket {
        var frame = self
        (frame.bridge, frame.input, frame.output) = (bridge, input, output)
        return frame
    }

    package mutating func translateBack() {
        guard isTracked != false, let own = untranslatedDestination else { return }
        (destination, untranslatedDestination) = (own, nil)
    }

    package var family: AddressFamily { destination.family }
    package var isOfTCP: Bool { transport == 6 }
    package var hasPorts: Bool { transport != 1 && transport != 58 }
    /// As iptables and nft call it.
    package static func name(ofTransport number: UInt8) -> String {
        [1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"][number] ?? "\(number)"
    }

    /// The state of connection tracking, by its bit (NF_CT_STATE_BIT).
    /// - Parameter untracked: the bit of a packet that has none.
    /// - Returns: nil: that is not known.
    func stateBit(untracked: UInt32) -> UInt32? {
        isTracked.map { $0 ? (isReply ? 2 : 8) : untracked }
    }
    /// Bits of enum ip_conntrack_status that rules ask for.
    var statusBits: UInt32 { (hasNewSource ? 16 : 0) | (hasNewDestination ? 32 : 0) }
}

/// Whether something holds for a packet.
package enum Certainty: Equatable, Sendable {
    case yes, no
    /// It depends on what is not known here; with that.
    case unknown(String)

    package init(_ holds: Bool) { self = holds ? .yes : .no }

    package func and(_ other: Certainty) -> Certainty {
        switch (self, other) {
        case (.no, _), (_, .no): .no
        case (.unknown, _): self
        default: other
        }
    }

    package func negated(_ isNegated: Bool) -> Certainty {
        switch self {
        case .unknown: self
        case .yes: Certainty(!isNegated)
        case .no: Certainty(isNegated)
        }
    }
}

/// What becomes of a packet that a rule is for.
package enum TracedAction: Equatable, Sendable {
    /// It is counted, logged or marked, and goes on to the next rule.
    case goesOn
    case accept, drop, reject, goBack
    case jump(String)
    case goTo(String)
    /// - port: nil keeps the port.
    case translateDestination(IPAddress?, port: UInt16?)
    /// Nil: the address of the link that it leaves by.
    case translateSource(IPAddress?)
    case unknown(String)
}

/// What a rule does to a packet beside deciding about it.
package enum TracedEffect: Equatable, Sendable {
    /// Nil: nobody knows with what, or whether.
    case marks(UInt32?)
    case marksConnection(UInt32?)
    /// - isSure: false where nobody knows whether it does.
    case untracks(isSure: Bool)

    /// What is left of it where nobody knows whether the rule is for the packet.
    var unsure: TracedEffect {
        switch self {
        case .marks: .marks(nil)
        case .marksConnection: .marksConnection(nil)
        case .untracks: .untracks(isSure: false)
        }
    }
}

extension [TracedEffect] {
    /// What is left of them where a rule is for a packet, is not, or perhaps is.
    package func happening(_ isMeant: Certainty) -> [TracedEffect] {
        switch isMeant {
        case .yes: self
        case .no: []
        case .unknown: map(\.unsure)
        }
    }
}

extension TracedPacket {
    /// - Parameter canBeUntracked: connection tracking has not seen it yet.
    package mutating func take(_ effect: TracedEffect, canBeUntracked: Bool) {
        switch effect {
        case .marks(let mark): self.mark = mark
        case .marksConnection(let mark): if isTracked != false { connectionMark = mark }
        case .untracks(let isSure): if canBeUntracked, isTracked != false { isTracked = isSure ? false : nil }
        }
    }
}

/// What a rule says of a packet.
package struct JudgedRule: Equatable, Sendable {
    /// As the rule's own tool writes it, as far as it is understood.
    package let text: String
    package let isMeant: Certainty
    package let action: TracedAction
    /// These happen whatever `isMeant` says, which they have heeded.
    package let effects: [TracedEffect]

    package init(_ text: String, _ isMeant: Certainty, _ action: TracedAction, _ effects: [TracedEffect] = []) {
        self.text = text
        self.isMeant = isMeant
        self.action = action
        self.effects = effects
    }
}

/// A rule that can be asked about packets.
package protocol TraceableRule: Sendable {
    func judge(_ packet: TracedPacket) -> JudgedRule
}

/// A chain, with its place where packets come by it.
package struct TraceableChain: Sendable {
    package struct Hook: Equatable, Sendable {
        package let place: PacketHook.Place
        /// Lower ones come first.
        package let priority: Int32
        /// Asked about the first packet of a connection alone, and until one of them has translated it.
        package let translates: Bool

        package init(_ place: PacketHook.Place, priority: Int32, translates: Bool) {
            self.place = place
            self.priority = priority
            self.translates = translates
        }
    }

    package let name: String
    package let hook: Hook?
    /// What no rule decides on is dropped.
    package let drops: Bool
    package let rules: [any TraceableRule]

    package init(_ name: String, _ hook: Hook?, drops: Bool, _ rules: [any TraceableRule]) {
        self.name = name
        self.hook = hook
        self.drops = drops
        self.rules = rules
    }
}

/// A table of one of the kernel's firewalls.
package struct TraceableTable: Sendable {
    /// As it is called: `iptables-legacy filter`, `nft ip filter`.
    package let name: String
    package let chains: [TraceableChain]
    /// Whether it is asked about what goes by ports of bridges, and not about what goes by this host.
    package let isOfBridges: Bool
    /// Where among `chains` each one is.
    private let places: [String: Int]

    package init(_ name: String, _ chains: [TraceableChain], isOfBridges: Bool = false) {
        self.name = name
        self.chains = chains
        self.isOfBridges = isOfBridges
        places = Dictionary(chains.enumerated().map { ($0.element.name, $0.offset) }) { first, _ in first }
    }

    package func chain(_ name: String) -> TraceableChain? { places[name].map { chains[$0] } }
}
