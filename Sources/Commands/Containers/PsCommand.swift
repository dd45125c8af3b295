import Core
import Engine

/// `mydocker ps`: the containers.
package struct PsCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "ps", group: .containers, operands: "", summary: "List containers", operandCount: 0...0)
    }

    package static var filterKeys: [String] { ["ancestor", "exited", "id", "label", "name", "network", "status"] }

    var all = false
    var quiet = false
    var wholeTexts = false
    /// Only the newest so many.
    var last: Int?
    var format: String?
    var filter = Filter()

    package init() {}

    package static var flags: [Flag<PsCommand>] {
        [
            .toggle("all", short: "a", "Show those that do not run, too") { $0.all = $1 },
            .toggle("quiet", short: "q", "Print ids only") { $0.quiet = $1 },
            .toggle("no-trunc", "Do not cut ids and commands") { $0.wholeTexts = $1 },
            .toggle("latest", short: "l", "Show the newest container, running or not") { $0.last = $1 ? 1 : nil },
            .value("last", short: "n", "NUMBER", "Show the newest so many, running or not; -1 shows all") {
                command, text throws(OperationError) in
                guard text == "-1" || Decimal.parse(text, in: 0...Int.max) != nil else {
                    throw OperationError("use a number")
                }
                command.last = Decimal.parse(text, in: 0...Int.max)
            },
            .value("format", "FORMAT", "json, table, table TEMPLATE or a Go template") {
                command, text throws(OperationError) in
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
        try checkFilter()
        let listing = try context.engine.containers(all: showsStopped)
        context.warn(listing.failures)
        context.output.write(try text(of: listing.elements, now: context.now()))
        return 0
    }

    private func checkFilter() throws(OperationError) {
        try filter.check(knownKeys: Self.filterKeys)
        let states = ["created", "restarting", "running", "removing", "paused", "exited", "dead"]
        for state in filter.values(of: "status") where !states.contains(state) {
            throw OperationError("invalid filter 'status=\(state)'", remedy: "Use \(states.joined(separator: ", "))")
        }
        for code in filter.values(of: "exited") where Int32(code) == nil {
            throw OperationError("invalid filter 'exited=\(code)'", remedy: "Use an exit code")
        }
    }

    /// Some conditions are about containers that do not run.
    var showsStopped: Bool {
        all || last != nil || filter.keys.contains("status") || filter.keys.contains("exited")
    }

    /// - Parameter containers: newest first.
    package func text(of containers: [ContainerSummary], now: Timestamp) throws(OperationError) -> String {
        let shown = containers.filter { matches($0) }.prefix(last ?? Int.max)
        let report = Report(
            columns: Self.columns, standard: ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"],
            rows: shown.map { ContainerRow(container: $0, now: now, isWhole: wholeTexts).row })
        return try report.text(format: format, quiet: quiet)
    }

    private func matches(_ container: ContainerSummary) -> Bool {
        filter.allows("name") { Filter.name(container.name, matches: $0) }
            && filter.allows("id") { container.id.hex.hasPrefix($0) }
            && filter.allows("status") { $0 == container.status.word }
            && filter.allows("exited") { Int32($0) == container.status.exitCode }
            && filter.allows("ancestor") { $0 == container.image || "\($0):latest" == container.image }
            && filter.allows("network") { container.networks.contains($0) }
            && filter.allows(labels: container.labels)
    }

    private static var columns: [Report.Column] {
        [
            .init(field: "ID", header: "CONTAINER ID"), .init(field: "Image", header: "IMAGE"),
            .init(field: "Command", header: "COMMAND"), .init(field: "CreatedAt", header: "CREATED AT"),
            .init(field: "RunningFor", header: "CREATED"), .init(field: "Ports", header: "PORTS"),
            .init(field: "State", header: "STATE"), .init(field: "Status", header: "STATUS"),
            .init(field: "Names", header: "NAMES"), .init(field: "Labels", header: "LABELS"),
            .init(field: "Networks", header: "NETWORKS"), .init(field: "IPAddress", header: "IP ADDRESS"),
            .init(field: "Pid", header: "PID"),
        ]
    }
}
