import CNetlink
import Core
import Testing

@testable import Netlink

/// Rules of nftables carried out on packets: of our own by what is sent to the kernel, of others by hand.
@Suite struct TracedRuleTests {
    private var packet: TracedPacket {
        var packet = TracedPacket(
            from: IPAddress(ipv4: 0x0afa_0002), to: IPAddress(ipv4: 0x0afa_0001), 6, port: 80)
        (packet.input, packet.output) = ("out0", "bd0")
        packet.addressTypes = [packet.destination: 2, packet.source: 1]
        return packet
    }

    /// What `put` writes, as the kernel gives it back.
    private func rule(
        _ tests: [PacketRule.Test], _ action: PacketRule.Action, _ comment: String = "",
        sets: [String: NFTablesSet] = [:]
    ) throws -> NFTablesRule {
        var batch = RequestBatch()
        batch.begin(
            Int(NFTables.type(NFT_MSG_NEWRULE)), 0, NFTables.header(2), .init(operation: "", subject: nil), asks: true)
        batch.put(PacketRule(tests, action, comment: comment, note: []), map: 1)
        return try parsed(batch.bytes, sets: sets)
    }

    private func parsed(_ bytes: [UInt8], sets: [String: NFTablesSet] = [:]) throws -> NFTablesRule {
        let message = try #require(try Message.all(in: bytes).first)
        var expressions: [NFTablesExpression] = []
        var comment: String?
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            if attribute.type == Int(NFTA_RULE_USERDATA.rawValue) { comment = RuleNotes.comment(attribute.payload) }
            guard attribute.type == Int(NFTA_RULE_EXPRESSIONS.rawValue) else { continue }
            var elements = attribute.nested()
            while let element = try elements.next() { expressions.append(try NFTablesExpression(element)) }
        }
        return NFTablesRule(expressions: expressions, comment: comment, sets: sets)
    }

    /// The text is the one that `nft` is told.
    @Test func ownRulesReadAsTheyAreWritten() throws {
        let rules: [([PacketRule.Test], PacketRule.Action)] = [
            ([.output("bd0", isNegated: false), .state(6, isNegated: false)], .accept),
            (
                [.destination(Subnet(IPAddress(ipv4: 0x7f00_0000), 8), isNegated: true), .isToThisHost],
                .jump("MYDOCKER-DNAT")
            ),
            (
                [.source(Subnet(IPAddress(ipv4: 0x0a4d_0700), 24), isNegated: false), .output("bd0", isNegated: true)],
                .masquerade
            ),
            ([.status(32, isNegated: false)], .translateSource(IPAddress(ipv4: 0x0a4d_0701))),
            ([.input("bd0", isNegated: false), .state(6, isNegated: true)], .drop),
        ]
        for (tests, action) in rules {
            let text = try PacketRule(tests, action, comment: "", note: []).text()
            var sender = packet
            sender.hasNewDestination = true
            #expect(try rule(tests, action).judge(sender).text.hasPrefix(text.prefix { $0 != " " }))
            // A rule that is meant is read to its end.
            let whole = try rule(tests, action)
            let meant = [packet, sender].map { whole.judge($0) }.first { $0.isMeant == .yes }
            if let meant { #expect(meant.text == text) }
        }
    }

    @Test func rulesOfIPv6() throws {
        let (here, there) = (try #require(IPAddress("fd00:77::2")), try #require(IPAddress("fd00:250::2")))
        var packet = TracedPacket(from: there, to: here, 58, port: nil)
        packet.input = "out0"
        let network = try #require(Subnet("fd00:250::/64"))
        let own = try rule([.source(network, isNegated: false), .input("out0", isNegated: false)], .drop)
        let judged = own.judge(packet)
        #expect(judged.isMeant == .yes && judged.action == .drop)
        #expect(judged.text == #"ip6 saddr fd00:250::/64 iifname "out0" counter drop"#)
        #expect(try rule([.destination(network, isNegated: false)], .drop).judge(packet).isMeant == .no)
        let translated = try rule([], .translateDestination(here, .any(of: 80...80))).judge(packet)
        #expect(translated.action == .translateDestination(here, port: 80))
        // No port is compared with what begins an ICMPv6 message.
        #expect(try rule([.destinationPorts(80...80)], .drop).judge(packet).isMeant == .unknown("@2,16,16"))
    }

    /// The rule that asks a map, with these elements in it.
    private func lookup(
        _ map: PacketMap, fields: [Int] = [], _ elements: [PacketElement], of family: AddressFamily = .ipv4
    ) throws -> NFTablesRule {
        var batch = RequestBatch()
        batch.family = family
        batch.addLookup(map, to: "c", of: "t", .atEnd, 1)
        let set = NFTablesSet(
            isInterval: map.isInterval, fields: fields,
            elements: try elements.map { element in
                guard case .translateDestination(let address, let ports) = element.action else {
                    throw OperationError("read element", reason: "it translates nothing")
                }
                var value = address.bytes
                if case .any(let range) = ports { value += range.lowerBound.networkBytes + [0, 0] }
                return NFTablesSet.Element(
                    key: element.key.bounds.first, last: element.key.bounds.last, endsInterval: false, data: value,
                    verdict: nil, note: nil, comment: element.comment)
            })
        return try parsed(batch.bytes, sets: [map.name: set])
    }

    /// A map has where a port goes, and its element says whose it is.
    @Test func publishedPorts() throws {
        let (inside, here) = (IPAddress(ipv4: 0x0a4d_0702), packet.destination)
        let to = PacketRule.Action.translateDestination(inside, .any(of: 8080...8080))
        func elements(_ address: IPAddress?) -> [PacketElement] {
            let ports: [(number: UInt16, transport: UInt8)] = [(80, 6), (81, 17)]
            return ports.map {
                PacketElement(.port($0.number, PacketDestination($0.transport, address)), to, comment: "x", note: [])
            }
        }
        let any = try lookup(PacketMap("any", .port(of: .anyAddress)), elements(nil))
        let own = try lookup(PacketMap("own", .port(of: .address)), elements(here))
        for (rule, text) in [(any, "th dport map @any"), (own, "ip daddr . th dport map @own")] {
            let judged = rule.judge(packet)
            #expect(judged.isMeant == .yes && judged.action == .translateDestination(inside, port: 8080))
            #expect(judged.text == "meta l4proto . \(text) dnat to 10.77.7.2:8080 comment \"x\"")
            var other = packet
            other.destinationPort = 81
            #expect(rule.judge(other).isMeant == .no, "of another transport")
            other.destinationPort = nil
            #expect(rule.judge(other).isMeant != .no)
            // What has no ports is none of these, and nobody need know what stands there.
            other.transport = 1
            #expect(rule.judge(other).isMeant == .no)
        }
        var other = packet
        other.destination = IPAddress(ipv4: 0x0afa_0003)
        #expect(any.judge(other).isMeant == .yes && own.judge(other).isMeant == .no)
        #expect(try lookup(PacketMap("any", .port(of: .anyAddress)), []).judge(packet).isMeant == .no)
    }

    @Test func publishedRanges() throws {
        let (inside, here) = (IPAddress(ipv4: 0x0a4d_0702), packet.destination)
        let cases: [(place: PacketMap.Place, address: IPAddress?, fields: [Int])] = [
            (.anyAddress, nil, [1, 2]), (.address, here, [1, 4, 2]),
        ]
        for (place, address, fields) in cases {
            let element = PacketElement(
                .range(70...80, PacketDestination(6, address)), .translateDestination(inside, .kept), note: [])
            let rule = try lookup(PacketMap("r", .range(of: place)), fields: fields, [element])
            #expect(rule.judge(packet).action == .translateDestination(inside, port: nil))
            let ports: [UInt16: Certainty] = [69: .no, 70: .yes, 75: .yes, 80: .yes, 81: .no]
            for (port, isMeant) in ports {
                var other = packet
                other.destinationPort = port
                #expect(rule.judge(other).isMeant == isMeant, "\(port)")
                other.transport = 17
                #expect(rule.judge(other).isMeant == .no, "\(port)")
            }
        }
    }

    @Test func publishedPortsOfIPv6() throws {
        let (here, inside) = (try #require(IPAddress("fd00:250::1")), try #require(IPAddress("fd00:77::2")))
        let packet = TracedPacket(from: try #require(IPAddress("fd00:250::2")), to: here, 6, port: 80)
        let element = PacketElement(
            .port(80, PacketDestination(6, here)), .translateDestination(inside, .any(of: 8080...8080)), note: [])
        let judged = try lookup(PacketMap("m", .port(of: .address)), [element], of: .ipv6).judge(packet)
        #expect(judged.isMeant == .yes && judged.action == .translateDestination(inside, port: 8080))
        #expect(judged.text.hasPrefix("meta l4proto . ip6 daddr . th dport map @m dnat to "))
    }

    /// Of a key of several parts each is compared by itself: addresses of a range, with ports of another.
    @Test func partsOfAKeyAreRangesOfTheirOwn() {
        let set = NFTablesSet(
            isInterval: true, fields: [4, 2],
            elements: [
                .init(
                    key: [10, 0, 0, 1, 0, 80, 0, 0], last: [10, 0, 0, 9, 0, 90, 0, 0], endsInterval: false, data: nil,
                    verdict: nil, note: nil)
            ])
        #expect(set.element(of: [10, 0, 0, 5, 0, 85, 0, 0]) != nil)
        #expect(set.element(of: [10, 0, 0, 5, 0, 95, 0, 0]) == nil)
        #expect(set.element(of: [10, 0, 0, 5, 0, 20, 0, 0]) == nil)
        #expect(set.element(of: [10, 0, 0, 10, 0, 85, 0, 0]) == nil)
        func isUnknown(_ key: [UInt8?]) -> Bool { if case .unknown = set.search(key) { true } else { false } }
        #expect(isUnknown([10, 0, 0, 5, nil, nil, nil, nil]))
        #expect(!isUnknown([10, 0, 0, 10, nil, nil, nil, nil]))
    }

    /// Where elements of such a key do not say where they end, it is no long number that could be between two of them.
    @Test func partsOfAKeyAreNoNumber() {
        func element(_ key: [UInt8], endsInterval: Bool = false) -> NFTablesSet.Element {
            .init(key: key, last: nil, endsInterval: endsInterval, data: nil, verdict: nil, note: nil)
        }
        let bounds = [element([10, 0, 0, 1, 0, 80, 0, 0]), element([10, 0, 0, 9, 0, 90, 0, 0], endsInterval: true)]
        let set = NFTablesSet(isInterval: true, fields: [4, 2], elements: bounds)
        func isUnknown(_ key: [UInt8?]) -> Bool { if case .unknown = set.search(key) { true } else { false } }
        #expect(isUnknown([10, 0, 0, 5, 0, 20, 0, 0]))
        #expect(isUnknown([10, 0, 0, 5, nil, nil, nil, nil]))
        #expect(!isUnknown([10, 0, 0, 1, 0, 80, 0, 0]), "it is one of them")
    }

    /// A port becomes the one that the rule's map has for it.
    @Test func movedPorts() throws {
        let address = IPAddress(ipv4: 0x0a4d_0702)
        let action = PacketRule.Action.translateDestination(address, .moved(from: 79, to: 8079...8081))
        let tests: [PacketRule.Test] = [.transport(6), .destinationPorts(79...81)]
        let map = try #require(PortMap(of: PacketRule(tests, action, comment: "", note: [])))
        let set = NFTablesSet(
            elements: map.elements.map {
                NFTablesSet.Element(
                    key: $0.key.networkBytes, last: nil, endsInterval: false, data: $0.value.networkBytes, verdict: nil,
                    note: nil)
            })
        let judged = try rule(tests, action, sets: ["__map%d": set]).judge(packet)
        #expect(judged.isMeant == .yes && judged.action == .translateDestination(address, port: 8080))
        #expect(
            try PacketRule(tests, action, comment: "", note: []).text()
                == "tcp dport 79-81 counter dnat to 10.77.7.2 : tcp dport map { 79 : 8079, 80 : 8080, 81 : 8081 }")
    }

    @Test func whatARuleIsFor() throws {
        let published = try rule(
            [.transport(6), .destinationPorts(80...80)],
            .translateDestination(IPAddress(ipv4: 0x0a4d_0702), .any(of: 8080...8080)), "x")
        let judged = published.judge(packet)
        #expect(judged.isMeant == .yes)
        #expect(judged.action == .translateDestination(IPAddress(ipv4: 0x0a4d_0702), port: 8080))
        #expect(judged.text.hasSuffix("dnat to 10.77.7.2:8080 comment \"x\""))
        var other = packet
        other.destinationPort = 81
        #expect(published.judge(other).isMeant == .no)
        other.destinationPort = nil
        #expect(published.judge(other).isMeant == .unknown("th dport"))
        let ports = try rule([.transport(6), .destinationPorts(80...90)], .accept)
        #expect(ports.judge(packet).isMeant == .yes && ports.judge(packet).action == .accept)
        let established = try rule([.state(6, isNegated: false)], .accept)
        var answer = packet
        #expect(established.judge(answer).isMeant == .no)
        answer.isReply = true
        #expect(established.judge(answer).isMeant == .yes)
        let local = try rule([.isToThisHost], .jump("X"))
        #expect(local.judge(packet).isMeant == .yes && local.judge(packet).action == .jump("X"))
        answer.addressTypes = [:]
        #expect(local.judge(answer).isMeant == .unknown("fib daddr type"))
    }

    /// NFTA_EXPR_NAME and NFTA_EXPR_DATA.
    private func expression(_ name: String, _ data: [UInt8]) -> [UInt8] {
        attribute(1, attribute(1, text(name)) + attribute(2, data))
    }
    private func judge(
        _ expressions: [[UInt8]], sets: [String: NFTablesSet] = [:], of other: TracedPacket? = nil
    ) throws -> JudgedRule {
        let payload: [UInt8] = [2, 0, 0, 0] + attribute(4, expressions.flatMap { $0 })
        return try parsed(message(10 << 8 | 6, payload), sets: sets).judge(other ?? packet)
    }
    /// NFTA_META_DREG and KEY, in network byte order.
    private let inputName: [UInt8] = attribute(1, [0, 0, 0, 1]) + attribute(2, [0, 0, 0, 6])
    private let port: [UInt8] =
        attribute(1, [0, 0, 0, 1]) + attribute(2, [0, 0, 0, 2]) + attribute(3, [0, 0, 0, 2])
        + attribute(4, [0, 0, 0, 2])
    private func lookUp(_ set: String, inverted: Bool = false) -> [UInt8] {
        expression(
            "lookup",
            attribute(1, text(set)) + attribute(2, [0, 0, 0, 1]) + (inverted ? attribute(5, [0, 0, 0, 1]) : []))
    }

    @Test func setsOfOthers() throws {
        func element(_ port: UInt16, endsInterval: Bool = false) -> NFTablesSet.Element {
            .init(key: port.networkBytes, last: nil, endsInterval: endsInterval, data: nil, verdict: nil, note: nil)
        }
        let plain = ["web": NFTablesSet(isInterval: false, elements: [element(80), element(443)])]
        #expect(try judge([expression("payload", port), lookUp("web")], sets: plain).isMeant == .yes)
        #expect(try judge([expression("payload", port), lookUp("web", inverted: true)], sets: plain).isMeant == .no)
        #expect(try judge([expression("payload", port), lookUp("gone")]).isMeant == .unknown("set gone"))
        let ranges = NFTablesSet(
            isInterval: true, elements: [element(0, endsInterval: true), element(70), element(90, endsInterval: true)])
        #expect(try judge([expression("payload", port), lookUp("r")], sets: ["r": ranges]).isMeant == .yes)
        #expect(
            ranges.element(of: UInt16(90).networkBytes) == nil && ranges.element(of: UInt16(69).networkBytes) == nil)
        #expect(ranges.element(of: UInt16(70).networkBytes) != nil)
    }

    /// Every key is found as by going through all elements, also where one interval begins at the end of another.
    @Test func keysAreFoundWhereTheyAre() {
        func element(_ port: UInt16, endsInterval: Bool = false) -> NFTablesSet.Element {
            .init(key: port.networkBytes, last: nil, endsInterval: endsInterval, data: nil, verdict: nil, note: nil)
        }
        let intervals: [Range<UInt16>] = [10..<20, 20..<25, 300..<301, 400..<1000]
        let bounds = intervals.flatMap { [element($0.upperBound, endsInterval: true), element($0.lowerBound)] }
        let set = NFTablesSet(isInterval: true, elements: bounds.reversed())
        for port in UInt16(0)..<1100 {
            let found = set.element(of: port.networkBytes)
            let wanted = intervals.first { $0.contains(port) }
            #expect(found?.key == wanted?.lowerBound.networkBytes, "\(port)")
        }
    }

    /// The links of a bridge's own rules are its ports, and what is tracked is not theirs to know.
    @Test func framesOnABridge() throws {
        func load(_ name: String, _ key: UInt8) -> [UInt8] {
            expression(name, attribute(1, [0, 0, 0, 1]) + attribute(2, [0, 0, 0, key]))
        }
        func equals(_ bytes: [UInt8]) -> [UInt8] {
            expression(
                "cmp", attribute(1, [0, 0, 0, 1]) + attribute(2, [0, 0, 0, 0]) + attribute(3, attribute(1, bytes)))
        }
        let kind = expression(
            "payload",
            attribute(1, [0, 0, 0, 1]) + attribute(2, [0, 0, 0, 0]) + attribute(3, [0, 0, 0, 12])
                + attribute(4, [0, 0, 0, 2]))
        let frame = packet.onBridge("bd0", from: "ab123", to: nil)
        func holds(_ loaded: [UInt8], _ bytes: [UInt8], _ packet: TracedPacket) throws -> Certainty {
            try judge([loaded, equals(bytes)], of: packet).isMeant
        }
        #expect(try holds(load("meta", 6), text("ab123"), frame) == .yes)
        #expect(try holds(load("meta", 7), text("bd0"), frame) == .no)
        #expect(try holds(load("meta", 17), text("bd0"), frame) == .yes)
        #expect(try holds(load("meta", 17), text("bd0"), packet) == .unknown("meta ibrname"))
        #expect(try holds(load("meta", 18), text("bd0"), frame) == .unknown("meta obrname"))
        #expect(try holds(load("meta", 15), [7], frame) == .yes)
        #expect(try holds(load("meta", 15), [2], packet) == .yes)
        #expect(try holds(kind, [0x08, 0], frame) == .yes)
        #expect(try holds(kind, [0x86, 0xdd], frame) == .no)
        #expect(try holds(kind, [0x08, 0], packet) == .unknown("@0,96,16"))
        #expect(try holds(load("ct", 0), [8, 0, 0, 0], frame) == .unknown("ct state"))
        #expect(try holds(load("ct", 0), [8, 0, 0, 0], packet) == .yes)
    }

    @Test func whatIsNotUnderstoodIsSaid() throws {
        #expect(try judge([expression("limit", [])]).isMeant == .unknown("limit"))
        let judged = try judge([expression("meta", inputName), expression("numgen", []), expression("reject", [])])
        #expect(judged.isMeant == .unknown("numgen") && judged.action == .reject)
        // One that does not hold needs no other.
        let other = expression(
            "cmp", attribute(1, [0, 0, 0, 1]) + attribute(2, [0, 0, 0, 0]) + attribute(3, attribute(1, text("eth9"))))
        #expect(try judge([expression("meta", inputName), other, expression("limit", [])]).isMeant == .no)
        #expect(try judge([]).action == .goesOn)
        for length in 0..<40 { _ = try? judge([expression("payload", Array(port.prefix(length)))]) }
    }
}
