/// The way of a packet, and where it ends.
package struct PacketWay: Equatable, Sendable {
    package struct Step: Equatable, Sendable {
        /// A hook, `routing`, or a link.
        package let stage: String
        package let text: String
        /// A rule of others that decides about translation.
        package let isForeignTranslation: Bool

        package init(_ stage: String, _ text: String, isForeignTranslation: Bool = false) {
            (self.stage, self.text, self.isForeignTranslation) = (stage, text, isForeignTranslation)
        }
    }

    package enum End: Equatable, Sendable {
        case arrives(String)
        case stops(String)
        /// A rule has stopped it, which is this program's own or somebody else's.
        case isStopped(by: String, isOurs: Bool)
    }

    package var steps: [Step] = []
    package var end = End.stops("nowhere")
    /// Rules of which nobody can say whether they are for the packet.
    package var doubts: [String] = []
    /// The name of the container that it comes to, and whose it seems to be there or beyond this host.
    package var container: String?
    package var source: IPAddress?

    package init() {}

    package var arrives: Bool {
        if case .arrives = end { true } else { false }
    }

    /// Whether there is nothing that may have decided otherwise.
    package var isCertain: Bool { doubts.isEmpty }

    package var conclusion: String {
        let limit = isCertain ? "" : ", as far as is known"
        return switch end {
        case .arrives(let place): "arrives\(limit): \(place)"
        case .stops(let why): "does not arrive\(limit): \(why)"
        case .isStopped(let rule, _): "does not arrive\(limit): dropped by \(rule)"
        }
    }
}
