import Core

/// A rule of nftables about what goes from one interface to another. It has the form in which iptables-nft writes its own, so that
/// `iptables -S` shows it.
package struct InterfaceRule: Equatable, Sendable {
    package enum Verdict: Sendable { case accept, goBack }

    /// Nil is any. One that ends in `+` is all whose names begin so.
    package let input: String?
    package let output: String?
    package let verdict: Verdict
    /// Nothing but this says whose it is.
    package let comment: String

    package init(from input: String?, to output: String?, _ verdict: Verdict, comment: String) {
        self.input = input
        self.output = output
        self.verdict = verdict
        self.comment = comment
    }
}

/// A chain of nftables, by name.
package struct RuleChain: Equatable, Sendable {
    /// One of NFPROTO_*.
    let family: UInt8
    package let table: String
    package let name: String

    /// - Parameter table: of one family, as iptables has them.
    package init(_ family: AddressFamily, _ table: String, _ name: String) {
        self.init(NFTables.number(of: family), table, name)
    }
    private init(_ family: UInt8, _ table: String, _ name: String) {
        self.family = family
        self.table = table
        self.name = name
    }

    /// Of a table that both families pass.
    package static func inet(_ table: String, _ name: String) -> RuleChain { RuleChain(1, table, name) }

    package var text: String { "\(NFTables.name(ofFamily: family) ?? "") \(table) \(name)" }
}

/// What is said of a rule that is there.
package struct FoundRule: Equatable, Sendable {
    package let handle: UInt64
    package let comment: String?
    /// It sends every packet back: no rule behind it is ever asked.
    package let isBareReturn: Bool

    package init(handle: UInt64, comment: String?, isBareReturn: Bool) {
        self.handle = handle
        self.comment = comment
        self.isBareReturn = isBareReturn
    }
}
