import Core
import Engine
import Forms
import Glibc

/// `mydocker events`: what happens on this host.
package struct EventsCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "events", aliases: ["system events"], group: .other, operands: "",
            summary: "Show what happens to containers, images and networks, as it happens", operandCount: 0...0)
    }

    package static var filterKeys: [String] { ["container", "event", "image", "label", "network", "type", "volume"] }

    var since: String?
    var until: String?
    var format: String?
    var filter = Filter()

    package init() {}

    package static var flags: [Flag<EventsCommand>] {
        [
            .value("since", "TIME", "Show what has happened from a moment on, too: a date, seconds since 1970 or 10m") {
                command, text throws(OperationError) in
                command.since = text
            },
            .value("until", "TIME", "Stop at a moment") { command, text throws(OperationError) in
                command.until = text
            },
            .value("format", "FORMAT", "json or a Go template") { command, text throws(OperationError) in
                command.format = text
            },
            .value("filter", short: "f", "KEY=VALUE", "Show only what has \(filterKeys.joined(separator: ", "))") {
                command, text throws(OperationError) in
                try command.filter.add(text)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try filter.check(knownKeys: Self.filterKeys)
        let template = try format.flatMap { text throws(OperationError) in
            ["", "json"].contains(text) ? nil : try Template(parsing: text)
        }
        let now = context.now()
        let since = try moment(since, now), until = try moment(until, now)
        signal(SIGPIPE, SIG_IGN)
        try context.engine.events(since: since, until: until, output: STDOUT_FILENO) { event throws(OperationError) in
            guard allows(event) else { return true }
            context.output.line(try text(of: event, template))
            context.flush()
            return context.output.failure == nil
        }
        return 0
    }

    private func moment(_ text: String?, _ now: Timestamp) throws(OperationError) -> Timestamp? {
        guard let text, !text.isEmpty else { return nil }
        guard let moment = TimeValue.moment(text, now: now) else {
            throw OperationError(
                "failed to parse value as time or duration: \(JSON.quoted(text))",
                remedy: "Use a time such as 2024-01-02T15:04:05Z, 1704207845 or 10m", kind: .invalid)
        }
        return moment
    }

    private func text(of event: Event, _ template: Template?) throws(OperationError) -> String {
        if let template { return try template.evaluate(event.told) }
        return format == "json" ? event.told.compact : TerminalText.escaped(event.line)
    }

    package func allows(_ event: Event) -> Bool {
        filter.allows("type") { $0 == event.kind.rawValue }
            && filter.allows("event") { $0 == event.action || $0 == event.verb }
            && filter.allows("container") { concerns(event, .container, $0) }
            && filter.allows("network") { concerns(event, .network, $0) }
            && filter.allows("volume") { concerns(event, .volume, $0) }
            && filter.allows("image") { image in
                let named = event.attributes[event.kind == .image ? "name" : "image"] ?? ""
                return [named, event.kind == .image ? event.actor : named].contains {
                    image == $0 || $0 == image + ":latest"
                }
            }
            && filter.allows(labels: event.attributes)
    }

    /// By its id, the beginning of that, or its name.
    private func concerns(_ event: Event, _ kind: Event.Kind, _ wanted: String) -> Bool {
        guard event.kind == kind, !wanted.isEmpty else { return false }
        return event.actor.hasPrefix(wanted) || event.attributes["name"] == wanted
    }
}
