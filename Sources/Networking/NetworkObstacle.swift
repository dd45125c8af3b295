import Core

/// Something on the host that is nobody's business but its owner's, and keeps a network from working as it should.
package struct NetworkObstacle: Equatable, Sendable {
    package enum Kind: String, Sendable {
        /// Rules of others.
        case foreign
        case route
        case mtu
        /// A member has none.
        case link
    }

    package let kind: Kind
    package let what: String
    /// What it does, said of it.
    package let why: String
    /// What its owner, or the network's, could do.
    package let remedy: String

    init(_ kind: Kind, _ what: String, _ why: String, remedy: String) {
        self.kind = kind
        self.what = what
        self.why = why
        self.remedy = remedy
    }

    /// In one line.
    package var warning: String { "\(what) \(why); \(remedy)" }
}
