import CIPTables
import Core
import Netlink
import Testing

@testable import Firewall

/// The way of a packet by rules, without a kernel.
@Suite struct TraceTests {
    /// Says one thing of every packet.
    private struct Said: TraceableRule {
        let judged: JudgedRule
        init(_ text: String, _ action: TracedAction, _ isMeant: Certainty = .yes, effects: [TracedEffect] = []) {
            judged = JudgedRule(text, isMeant, action, effects)
        }
        func judge(_ packet: TracedPacket) -> JudgedRule { judged }
    }

    private let packet = TracedPacket(from: IPAddress(ipv4: 1), to: IPAddress(ipv4: 2), 6, port: 80)

    private func base(
        _ name: String, _ priority: Int32, translates: Bool = false, drops: Bool = false, _ rules: [Said]
    ) -> TraceableChain {
        TraceableChain(
            name, .init(.forward, priority: priority, translates: translates), drops: drops, rules)
    }

    private func pass(_ chains: [TraceableChain], isReply: Bool = false) -> (
        FirewallWalk.Verdict, FirewallWalk, TracedPacket
    ) {
        var walk = FirewallWalk(chains.enumerated().map { TraceableTable("t\($0.offset)", [$0.element]) })
        var packet = packet
        packet.isReply = isReply
        let verdict = walk.pass(.forward, &packet)
        return (verdict, walk, packet)
    }

    /// Whatever an earlier chain accepts, a later one may drop.
    @Test func everyChainIsAskedInItsOrder() {
        let late = base("late", 10, [Said("drop it", .drop)])
        let early = base("early", -10, [Said("no", .drop, .no), Said("take it", .accept), Said("never asked", .drop)])
        let (verdict, walk, _) = pass([late, early])
        guard case .dropped(let step) = verdict else { return #expect(Bool(false), "\(verdict)") }
        #expect(step.chain == "late")
        #expect(walk.steps.map(\.text) == ["take it", "drop it"])
    }

    @Test func policiesJumpsAndReturns() {
        func table(_ inner: [Said], _ rest: [Said], drops: Bool, _ jump: TracedAction = .jump("inner"))
            -> FirewallWalk.Verdict
        {
            var walk = FirewallWalk([
                TraceableTable(
                    "t",
                    [
                        base("base", 0, drops: drops, [Said("go", jump)] + rest),
                        TraceableChain("inner", nil, drops: false, inner),
                    ])
            ])
            var packet = packet
            return walk.pass(.forward, &packet)
        }
        #expect(table([Said("back", .goBack)], [Said("ok", .accept)], drops: true) == .passes)
        guard case .dropped(let policy) = table([], [], drops: true) else { return #expect(Bool(false)) }
        #expect(policy.text == "policy DROP")
        #expect(table([Said("ok", .accept)], [Said("no", .drop)], drops: true) == .passes)
        // What goes to a chain does not come back.
        guard case .dropped = table([], [Said("ok", .accept)], drops: true, .goTo("inner")) else {
            return #expect(Bool(false))
        }
        guard case .rejected = table([Said("r", .reject)], [], drops: false) else { return #expect(Bool(false)) }
    }

    /// A bridge's own rules are asked about what is on that bridge, and about nothing else.
    @Test func rulesOfBridges() {
        func bridge(_ rules: [Said], drops: Bool = false) -> TraceableTable {
            TraceableTable("bridge", [base("b", 0, drops: drops, rules)], isOfBridges: true)
        }
        let host = TraceableTable("host", [base("h", 0, [Said("pass", .accept)])])
        var walk = FirewallWalk([bridge([Said("no", .drop)]), host])
        var routed = packet
        var frame = packet.onBridge("bd0", from: "one", to: "two")
        #expect(walk.pass(.forward, &routed) == .passes)
        #expect(walk.takeSteps().map(\.table) == ["host"])
        guard case .dropped(let step) = walk.pass(.forward, &frame) else { return #expect(Bool(false)) }
        #expect(step.table == "bridge")
        #expect(walk.asksBridges && FirewallWalk([bridge([], drops: true)]).asksBridges)
        #expect(!FirewallWalk([bridge([]), host]).asksBridges)
    }

    /// A loop of jumps, which the kernel does not take, ends.
    @Test func jumpsAreLimited() {
        var walk = FirewallWalk([TraceableTable("t", [base("base", 0, [Said("again", .jump("base"))])])])
        var packet = packet
        #expect(walk.pass(.forward, &packet) == .passes)
    }

    @Test func theFirstTranslationWins() {
        var chains: [TraceableChain] = []
        for (index, priority) in [Int32(-100), -105].enumerated() {
            let to = TracedAction.translateDestination(IPAddress(ipv4: UInt32(10 + index)), port: 8080)
            chains.append(
                TraceableChain(
                    "c\(index)", .init(.prerouting, priority: priority, translates: true), drops: false, [Said("t", to)]
                ))
        }
        var walk = FirewallWalk(chains.map { TraceableTable("t", [$0]) })
        var packet = packet
        #expect(walk.pass(.prerouting, &packet) == .passes)
        #expect(packet.destination == IPAddress(ipv4: 11) && packet.destinationPort == 8080 && packet.hasNewDestination)
        #expect(walk.steps.count == 1)
        var answer = packet
        (answer.isReply, answer.hasNewDestination) = (true, false)
        #expect(walk.pass(.prerouting, &answer) == .passes && !answer.hasNewDestination)
    }

    @Test func whatIsNotKnownIsNoDecision() {
        let (verdict, walk, _) = pass([
            base("c", 0, [Said("perhaps", .drop, .unknown("limit")), Said("log", .goesOn, .unknown("x"))])
        ])
        #expect(verdict == .passes)
        #expect(walk.doubts == ["t0 c: perhaps (depends on limit)"])
    }

    /// A rule that marks goes on; what is not tracked from the tables raw on is not translated.
    @Test func whatRulesDoToAPacket() {
        let to = TracedAction.translateDestination(IPAddress(ipv4: 10), port: 8080)
        func passed(_ priority: Int32) -> (TracedPacket, FirewallWalk) {
            let effects: [TracedEffect] = [.marks(7), .untracks(isSure: true)]
            var walk = FirewallWalk(
                [
                    TraceableChain(
                        "raw", .init(.prerouting, priority: priority, translates: false), drops: false,
                        [Said("both", .goesOn, effects: effects)]),
                    TraceableChain(
                        "nat", .init(.prerouting, priority: -100, translates: true), drops: false, [Said("t", to)]),
                ].map { TraceableTable("t", [$0]) })
            var packet = packet
            _ = walk.pass(.prerouting, &packet)
            return (packet, walk)
        }
        let (early, walk) = passed(-300)
        #expect(early.mark == 7 && early.isTracked == false && !early.hasNewDestination)
        #expect(walk.steps.map(\.text) == ["both"])
        // Connection tracking has seen it before.
        let (late, _) = passed(-150)
        #expect(late.mark == 7 && late.isTracked == true && late.hasNewDestination)
    }

    // MARK: Entries of legacy tables

    private func legacy(_ rule: FirewallRule) throws -> LegacyRule {
        let raw = try RawRule(rule)
        var bytes = [UInt8](repeating: 0, count: 1024)
        let size = withUnsafePointer(to: raw.value) { value in
            bytes.withUnsafeMutableBytes { ciptables_encode(value, $0.baseAddress, 1024) }
        }
        try #require(size > 0)
        // In a snapshot verdicts and jumps have no name of their own (struct xt_entry_target, at target_offset).
        switch rule.target {
        case .accept, .drop, .return, .jump:
            let place = rule.table.family == .ipv4 ? 88 : 140
            let offset = Int(bytes[place]) | Int(bytes[place + 1]) << 8
            for place in offset + 2..<offset + 31 { bytes[place] = 0 }
        default: break
        }
        let target =
            switch rule.target {
            case .accept: "ACCEPT"
            case .drop: "DROP"
            case .return: "RETURN"
            case .jump(let chain): chain
            default: ""
            }
        return LegacyRule(PacketBytes(bytes.prefix(Int(size))), rule.table.family, target: target)
    }

    /// Each of our rules reads as iptables-save prints it, and is for the packets that it is for.
    @Test func ownRulesAreUnderstood() throws {
        let published = PublishedPorts("0123456789ab", Golden.mappings)
        for rule in NetworkIntent.testbridge.rules + IntentRules.rules(of: published)
            + IntentRules.layout(of: .ipv4).tailJumps
        {
            let judged = try legacy(rule).judge(packet)
            let text = "-A \(rule.chain) \(judged.text)".replacing("\"", with: "").replacing(
                "127.0.0.1/32", with: "127.0.0.1/32")
            #expect(text == rule.description)
        }
    }

    /// The same of IPv6, in its own structures.
    @Test func ownRulesOfIPv6AreUnderstood() throws {
        let (here, there) = (try #require(IPAddress("fd00:77::2")), try #require(IPAddress("fd00:250::2")))
        let packet = TracedPacket(from: there, to: here, 6, port: 80)
        let gateway6 = Subnet(try #require(IPAddress("fd00:77::1")), 64)
        let network = NetworkIntent(
            bridge: "testbridge", gateway: Subnet("10.0.0.1/24"), gateway6: gateway6, isInternal: false)
        let published = FirewallRule(
            .nat6, "D", transport: .tcp, ports: 80...80, target: .dnat(to: here, ports: 8080...8080))
        let rules =
            network.rules.filter { $0.table.family == .ipv6 } + [published] + IntentRules.layout(of: .ipv6).tailJumps
        #expect(rules.count > 6)
        for rule in rules {
            let judged = try legacy(rule).judge(packet)
            #expect("-A \(rule.chain) \(judged.text)" == rule.description)
        }
        #expect(try legacy(published).judge(packet).action == .translateDestination(here, port: 8080))
        let near = FirewallRule(.filter6, "F", source: .yes(gateway6), target: .drop)
        #expect(try legacy(near).judge(packet).isMeant == .no)
        let far = FirewallRule(.filter6, "F", source: .not(gateway6), target: .drop)
        #expect(try legacy(far).judge(packet) == JudgedRule("! -s fd00:77::/64 -j DROP", .yes, .drop))
    }

    @Test func whatTheyAreFor() throws {
        var answer = packet
        (answer.output, answer.isReply) = ("testbridge", true)
        let established = try legacy(
            FirewallRule(
                .filter, "F", output: .yes("testbridge"), states: .yes([.related, .established]), target: .accept))
        #expect(established.judge(answer).isMeant == .yes && established.judge(packet).isMeant == .no)
        let shifted = try legacy(
            FirewallRule(
                .nat, "D", transport: .tcp, ports: 80...90,
                target: .dnat(to: IPAddress(ipv4: 7), ports: 8080...8090, base: 80)))
        #expect(shifted.judge(packet).action == .translateDestination(IPAddress(ipv4: 7), port: 8080))
        let local = try legacy(FirewallRule(.nat, "P", isToLocalAddress: true, target: .jump("X")))
        #expect(local.judge(packet).isMeant == .unknown("--dst-type"))
        var known = packet
        known.addressTypes = [known.destination: 2]
        #expect(local.judge(known) == JudgedRule("-m addrtype --dst-type LOCAL -j X", .yes, .jump("X")))
        for size in 0..<180 {
            for family in AddressFamily.allCases {
                _ = LegacyRule(PacketBytes([UInt8](repeating: 0xff, count: size)), family, target: "").judge(packet)
            }
        }
    }
}
