/// How the firewall differs from what is wanted of it. Entries are texts, as the firewall's own tool prints them.
package struct FirewallDifferences: Hashable, Sendable {
    /// What an owner has not as it should.
    package struct Lack: Hashable, Sendable {
        package let owner: FirewallOwner
        /// Nil: all entries are there, but not each once and in order.
        package let entry: String?

        package init(of owner: FirewallOwner, _ entry: String?) {
            self.owner = owner
            self.entry = entry
        }
    }

    /// A place of what all networks share, and what is wrong there.
    package struct Fault: Hashable, Sendable {
        package let place: String
        package let why: String

        package init(_ place: String, _ why: String) {
            self.place = place
            self.why = why
        }
    }

    /// An entry whose owner is none.
    package struct Stray: Hashable, Sendable {
        package let owner: FirewallOwner
        package let entry: String

        package init(of owner: FirewallOwner, _ entry: String) {
            self.owner = owner
            self.entry = entry
        }
    }

    package var lacks: [Lack] = []
    /// Of the frame: what all networks share.
    package var faults: [Fault] = []
    package var strays: [Stray] = []
    /// Entries of the frame when there is nothing in it, and nothing is wanted.
    package var unusedFrame: [String] = []

    package init() {}

    /// Of one firewall after the other.
    package mutating func add(_ others: FirewallDifferences) {
        lacks += others.lacks
        faults += others.faults
        strays += others.strays
        unusedFrame += others.unusedFrame
    }

    /// Of one part of the firewall after the other: that something is missing says more than that the order is wrong.
    mutating func add(_ missing: [String], of owner: FirewallOwner) {
        let isKnown = lacks.contains { $0.owner == owner }
        if missing.isEmpty {
            if !isKnown { lacks.append(Lack(of: owner, nil)) }
        } else {
            if isKnown { lacks.removeAll { $0 == Lack(of: owner, nil) } }
            lacks += missing.map { Lack(of: owner, $0) }
        }
    }
}
