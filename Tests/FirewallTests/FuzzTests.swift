import CIPTables
import Core
import Fuzzing
import Testing

@testable import Firewall

/// See `Fuzz` for what is expected of a parser.
@Suite struct FuzzTests {
    /// Rules of others, whatever they say: each is decoded to the same bytes again, or is opaque.
    ///
    /// The kernel checks the offsets and sizes of what it takes (mark_source_chains, xt_check_entry_offsets), so these
    /// stay as they are; all else is anybody's.
    @Test(arguments: AddressFamily.allCases) func entries(family: AddressFamily) throws {
        var generator = Seeded(Fuzz.seed)
        var examples: [[UInt8]] = []
        while examples.count < 60 {
            let rule = FirewallRule.random(&generator)
            let entry = try RawRule(rule).entry
            if !entry.isEmpty, rule.table.family == family { examples.append(entry) }
        }
        let sizes = Set(examples.map(\.count))
        Fuzz.bytes(examples) { bytes in
            guard sizes.contains(bytes.count),
                let example = examples.first(where: { Self.haveSameShape($0, bytes, family) })
            else { return }
            for verdict in ["", "ACCEPT", "MYDOCKER-OTHER"] {
                var rule = RawRule()
                guard ciptables_decode(family == .ipv6 ? 1 : 0, bytes, verdict, &rule.value) == 0 else { continue }
                if rule.isOpaque { continue }
                guard let decoded = rule.decoded(.nat(of: family), "C") else { continue }
                // What is not UTF-8 cannot be shown; nor is it compared, but in its raw form.
                if decoded.description.contains("\u{fffd}") { continue }
                guard let again = try? RawRule(decoded), again == rule else {
                    Issue.record("\(bytes) of \(example.count): \(decoded)")
                    continue
                }
            }
        }
    }

    /// Offsets of target and next entry, and the sizes of all matches and the target.
    private static func haveSameShape(_ left: [UInt8], _ right: [UInt8], _ family: AddressFamily) -> Bool {
        let shape = EntryShape(family)
        guard left.count == right.count, left[shape.offsets] == right[shape.offsets] else { return false }
        var offset = shape.head
        while offset + 2 <= left.count {
            let size = Int(left[offset]) | Int(left[offset + 1]) << 8
            guard size > 0, left[offset..<offset + 2] == right[offset..<offset + 2] else { return size == 0 }
            offset += size
        }
        return true
    }
}
