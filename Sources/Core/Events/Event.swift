/// Something that was done to a container, an image, a network or a volume, or that one of them has done.
package struct Event: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case container, image, network, volume
    }

    package let kind: Kind
    /// In Docker's words: `start`, `exec_create: sh -c ls`.
    package let action: String
    /// An id; of a volume its name.
    package let actor: String
    package let attributes: [String: String]
    package let time: Timestamp

    package init(
        _ kind: Kind, _ action: String, _ actor: String, _ attributes: [String: String] = [:],
        at time: Timestamp = .now()
    ) {
        self.kind = kind
        self.action = action
        self.actor = actor
        self.attributes = attributes
        self.time = time
    }

    /// The action without what may stand behind it: `exec_create`.
    package var verb: String { String(action.prefix { $0 != ":" }) }
}

extension Event {
    /// - Throws: what is no event of ours, or one that a newer mydocker knows.
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            try reader.text("type", Kind.init), try reader.string("action"), try reader.string("id"),
            try reader.value("attributes", [String: String].init(json:)),
            at: Timestamp(nanoseconds: try reader.int("time")))
    }

    package var json: JSON {
        [
            "time": .int(time.nanoseconds), "type": .string(kind.rawValue), "action": .string(action),
            "id": .string(actor), "attributes": attributes.json,
        ]
    }
}
