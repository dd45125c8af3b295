import CIPTables
import Core
import Testing

@testable import Firewall

@Suite struct RawRuleTests {
    @Test func everyRuleSurvivesTheKernelsForm() throws {
        var generator = Seeded(2)
        for _ in 0..<2000 {
            let rule = FirewallRule.random(&generator)
            let raw = try RawRule(rule)
            #expect(raw.decoded(rule.table, rule.chain) == rule)
            let back = try #require(raw.throughEntry(verdict: rule.target.verdict, of: rule.table.family))
            #expect(back == raw, "\(rule)")
        }
    }

    @Test func entriesHaveTheSizesOfIp6tables() throws {
        let accept = try RawRule(FirewallRule(.filter6, "C", target: .accept))
        #expect(accept.entry.count == 168 + 40)
        let snat = try RawRule(FirewallRule(.nat6, "C", target: .snat(to: .loopbackIPv6)))
        #expect(snat.entry.count == 168 + 32 + 40)
    }

    @Test func entriesHaveTheSizesOfIptables() throws {
        let accept = try RawRule(FirewallRule(.filter, "C", target: .accept))
        #expect(accept.entry.count == 112 + 40)
        let dnat = try RawRule(
            FirewallRule(.nat, "C", transport: .tcp, ports: 1...1, comment: "x", target: .dnat(to: .loopbackIPv4)))
        #expect(dnat.entry.count == 112 + 48 + 288 + 80)
    }

    @Test(arguments: [
        FirewallRule(.nat, "C", input: .yes("sixteen-letters-"), target: .drop),
        FirewallRule(.nat, "C", output: .yes("br\0x"), target: .drop),
        FirewallRule(.nat, "C", comment: String(repeating: "x", count: 64), target: .drop),
        FirewallRule(.nat, "C", target: .jump(String(repeating: "x", count: 32))),
    ]) func whatDoesNotFitIsAnError(rule: FirewallRule) {
        #expect(throws: OperationError.self) { try RawRule(rule) }
    }

    @Test func addressesOfAnotherFamilyThanTheTablesAreAnError() throws {
        let subnet = try #require(Subnet("fd00::/64"))
        for rule in [
            FirewallRule(.nat, "C", source: .yes(subnet), target: .masquerade),
            FirewallRule(.nat, "C", destination: .not(subnet), target: .drop),
            FirewallRule(.nat, "C", target: .snat(to: subnet.first)),
            FirewallRule(.nat, "C", transport: .tcp, target: .dnat(to: subnet.first, ports: 1...1)),
        ] {
            #expect(throws: OperationError.self, "\(rule)") { try RawRule(rule) }
        }
    }

    @Test(arguments: [
        FirewallRule(.nat, "C", input: .yes("br+"), target: .drop),
        FirewallRule(.nat, "C", target: .jump("")),
        FirewallRule(.nat, "C", target: .jump(String(repeating: "x", count: 29))),
    ]) func whatTheKernelWouldReadOtherwiseIsAnError(rule: FirewallRule) throws {
        #expect(try RawRule(rule).entry.isEmpty)
    }

    /// No byte of an entry may be overlooked: a rule that differs anywhere is another rule, or opaque.
    @Test func everyByteOfAnEntryCounts() throws {
        var generator = Seeded(3)
        for _ in 0..<50 {
            let rule = FirewallRule.random(&generator)
            let raw = try RawRule(rule)
            let entry = raw.entry
            for index in entry.indices where !raw.isBookkeeping(index, entry) {
                var other = entry
                other[index] ^= 0x11
                let decoded = RawRule.decode(other, verdict: rule.target.verdict, of: rule.table.family)
                #expect(decoded == nil || decoded != raw, "byte \(index) of \(rule)")
            }
        }
    }
}

extension RawRule {
    /// The kernel's form; empty when there is none.
    var entry: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
            count = withUnsafePointer(to: value) { max(0, Int(ciptables_encode($0, buffer.baseAddress, 1024))) }
        }
    }

    /// A verdict or jump has no name in a table that comes from the kernel: libip4tc gives it.
    fileprivate static func decode(_ entry: [UInt8], verdict: String?, of family: AddressFamily) -> RawRule? {
        var entry = entry
        let target = EntryShape(family).target(of: entry)
        if verdict != nil, target + 32 <= entry.count { for index in target + 2..<target + 31 { entry[index] = 0 } }
        var rule = RawRule()
        return ciptables_decode(family == .ipv6 ? 1 : 0, entry, verdict ?? "", &rule.value) == 0 ? rule : nil
    }

    fileprivate func throughEntry(verdict: String?, of family: AddressFamily) -> RawRule? {
        RawRule.decode(entry, verdict: verdict, of: family)
    }

    private var shape: EntryShape { EntryShape(value.ipv6 == 0 ? .ipv4 : .ipv6) }

    /// Offsets and sizes, counters, padding, and what only verdicts use.
    fileprivate func isBookkeeping(_ index: Int, _ entry: [UInt8]) -> Bool {
        let target = shape.target(of: entry)
        if (shape.devices..<shape.devices + 64).contains(index) { return afterName(index - shape.devices) }
        return (shape.bookkeeping..<shape.head).contains(index) || index >= target
            || inMatches(index, entry, target)
    }

    /// Behind a device name's NUL nobody looks; its mask counts whole.
    private func afterName(_ index: Int) -> Bool {
        if (0..<16).contains(index) { return index > RawRule.text(value.input).utf8.count }
        if (16..<32).contains(index) { return index - 16 > RawRule.text(value.output).utf8.count }
        return false
    }

    /// In a match only its head's name is looked at here.
    private func inMatches(_ index: Int, _ entry: [UInt8], _ target: Int) -> Bool {
        var start = shape.head
        while start < target {
            let size = Int(entry[start]) | Int(entry[start + 1]) << 8
            if index < start + size { return !(start + 2..<start + 5).contains(index) }
            start += size
        }
        return false
    }
}

extension FirewallRule.Target {
    fileprivate var verdict: String? {
        switch self {
        case .accept: "ACCEPT"
        case .drop: "DROP"
        case .return: "RETURN"
        case .jump(let chain): chain
        case .masquerade, .snat, .dnat: nil
        }
    }
}

extension FirewallRule {
    static func random(_ generator: inout Seeded) -> FirewallRule {
        let transport = [TransportProtocol.tcp, .udp, nil].randomElement(using: &generator) ?? nil
        let family: AddressFamily = Bool.random(using: &generator) ? .ipv4 : .ipv6
        return FirewallRule(
            .nat(of: family), "MYDOCKER-TEST", source: .random(&generator) { Subnet.random(&$0, family) },
            destination: .random(&generator) { Subnet.random(&$0, family) },
            input: .random(&generator) { ["a", "eth0", "fifteen-letters"].randomElement(using: &$0) ?? "b" },
            output: .random(&generator) { ["a", "eth0", "fifteen-letters"].randomElement(using: &$0) ?? "b" },
            transport: transport, ports: transport == nil ? nil : ports(&generator),
            isToLocalAddress: Bool.random(using: &generator),
            states: .random(&generator) { States(rawValue: [1, 2, 6, 0x1cf, 0x80].randomElement(using: &$0) ?? 1) },
            comment: ["mydocker-0123456789ab", "a \"b\" 'c' \\", "x", nil].randomElement(using: &generator) ?? nil,
            target: .random(&generator, hasTransport: transport != nil, family))
    }

    private static func ports(_ generator: inout Seeded) -> ClosedRange<UInt16> {
        let first = UInt16.random(in: 1...65535, using: &generator)
        return first...UInt16.random(in: first...65535, using: &generator)
    }
}

extension Subnet {
    fileprivate static func random(_ generator: inout Seeded, _ family: AddressFamily) -> Subnet {
        Subnet(.random(&generator, family), .random(in: 1...family.bits, using: &generator))
    }
}

extension IPAddress {
    fileprivate static func random(_ generator: inout Seeded, _ family: AddressFamily) -> IPAddress {
        family == .ipv4
            ? IPAddress(ipv4: .random(in: 1...(.max), using: &generator))
            : IPAddress(ipv6: .random(in: 1...(.max), using: &generator))
    }
}

/// Where the parts of struct ipt_entry and struct ip6t_entry stand.
struct EntryShape {
    /// The device names, behind the addresses; their masks come next.
    let devices: Int
    /// The rest behind what is compared.
    let bookkeeping: Int
    let head: Int
    private let targetOffset: Int

    init(_ family: AddressFamily) {
        (devices, bookkeeping, targetOffset, head) = family == .ipv4 ? (16, 84, 88, 112) : (64, 132, 140, 168)
    }

    /// Of the target and of what follows the entry.
    var offsets: Range<Int> { targetOffset..<targetOffset + 4 }
    func target(of entry: [UInt8]) -> Int { Int(entry[targetOffset]) | Int(entry[targetOffset + 1]) << 8 }
}

extension FirewallRule.Match {
    fileprivate static func random(_ generator: inout Seeded, _ value: (inout Seeded) -> Value) -> Self? {
        if UInt8.random(in: 0..<3, using: &generator) == 0 { return nil }
        return Self(value: value(&generator), isNegated: Bool.random(using: &generator))
    }
}

extension FirewallRule.Target {
    fileprivate static func random(_ generator: inout Seeded, hasTransport: Bool, _ family: AddressFamily) -> Self {
        let address = IPAddress.random(&generator, family)
        let simple: [Self] = [
            .accept, .drop, .return, .jump("MYDOCKER-OTHER"), .masquerade, .snat(to: address), .dnat(to: address),
        ]
        let port = UInt16.random(in: 1...60000, using: &generator)
        let ports: [Self] = [
            .dnat(to: address, ports: port...port), .dnat(to: address, ports: port...(port + 10)),
            .dnat(to: address, ports: port...(port + 10), base: 7),
        ]
        return (hasTransport ? simple + ports : simple).randomElement(using: &generator) ?? .drop
    }
}
