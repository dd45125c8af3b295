import Core

/// What a register holds.
struct NFTablesValue {
    /// Nil when nobody knows.
    var bytes: [UInt8]?
    /// As nft calls it.
    let name: String
    let form: Form
    /// Of a part of the value that is looked at.
    var mask: [UInt8]?

    enum Form: Equatable {
        case address(AddressFamily)
        case port, name, transport, state, status, type, mark, other
    }
}
