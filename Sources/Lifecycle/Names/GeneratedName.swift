import Core

extension Name {
    /// A name for a container that was given none: easy to say, unlikely to be taken.
    package static func generated() -> Name {
        let words = (adjectives.randomElement() ?? "calm", nouns.randomElement() ?? "harbour")
        let text = "\(words.0)_\(words.1)_\(UInt16.random(in: 0...9999))"
        return Name(text) ?? predefinedBridge
    }

    /// The network that containers are on when they name none.
    package static let predefinedBridge: Name = {
        guard let name = Name("bridge") else { preconditionFailure("a constant that is a valid name") }
        return name
    }()

    private static let adjectives = [
        "amber", "brisk", "calm", "daring", "eager", "fair", "gentle", "hardy", "ideal", "jolly", "keen", "lucid",
        "mellow", "nimble", "open", "proud", "quiet", "rapid", "solid", "tidy", "upbeat", "vivid", "warm", "zesty",
    ]
    private static let nouns = [
        "anchor", "beacon", "canal", "dock", "estuary", "ferry", "gantry", "harbour", "island", "jetty", "keel",
        "lagoon", "mast", "narrows", "oar", "pier", "quay", "rudder", "sail", "tide", "unity", "voyage", "wharf",
        "yard",
    ]
}
