/// A match or a target in a rule of xtables: struct xt_entry_match or xt_entry_target, which are alike
/// (<linux/netfilter/x_tables.h>). Where it stands in the rule says which of the two it is.
package struct XTablesExtension: Sendable {
    package let name: String
    let revision: Int
    let info: PacketBytes

    package init(_ name: String, revision: Int, _ info: PacketBytes) {
        self.name = name
        self.revision = revision
        self.info = info
    }

    /// - Parameter entry: its size, name and revision, and then what is its own.
    package init(_ entry: PacketBytes) {
        self.init(
            entry.text(2..<31), revision: Int(entry.uint8(31) ?? 0), PacketBytes(entry.bytes.dropFirst(Self.headerSize))
        )
    }

    package static let headerSize = 32
}
