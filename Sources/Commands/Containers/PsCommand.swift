import Core
import Forms

/// `mydocker ps`: the containers.
package struct PsCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "ps", aliases: ["container ls", "container list", "container ps"], group: .containers, operands: "",
            summary: "List containers", operandCount: 0...0)
    }

    package static var filterKeys: [String] {
        [
            "ancestor", "before", "exited", "expose", "health", "id", "is-task", "label", "name", "network", "publish",
            "since",
            "status", "volume",
        ]
    }

    var all = false
    var quiet = false
    var wholeTexts = false
    var sizes = false
    var external = false
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
            .toggle("size", short: "s", "Show what each has on disk, too") { $0.sizes = $1 },
            .toggle("external", "Show those of builds, too, as Podman does") { $0.external = $1 },
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
        let comparesAge = filter.keys.contains { $0 == "before" || $0 == "since" }
        let listing = try context.engine.containers(
            all: showsStopped || comparesAge, sizes: sizes || format?.contains(".Size") ?? false, external: external,
            networkIDs: filter.keys.contains("network"), ancestors: filter.values(of: "ancestor"))
        context.warn(listing.failures)
        let shown = try ofAge(listing.elements).filter { showsStopped || $0.isRunning }
        context.output.write(try text(of: shown, now: context.now()))
        return 0
    }

    private func checkFilter() throws(OperationError) {
        try filter.check(knownKeys: Self.filterKeys)
        let states = ["created", "restarting", "running", "removing", "paused", "exited", "dead"]
        for state in filter.values(of: "status") where !states.contains(state) {
            throw OperationError("invalid filter 'status=\(state)'", remedy: "Use \(states.joined(separator: ", "))")
        }
        for text in filter.values(of: "publish") + filter.values(of: "expose") where PortFilter(text) == nil {
            throw OperationError("invalid filter port '\(text)'", remedy: "Use PORT[-LAST][/tcp|udp]")
        }
        let healths = ContainerHealth.Status.allCases.map(\.rawValue) + ["none"]
        for health in filter.values(of: "health") where !healths.contains(health) {
            throw OperationError(
                "unrecognized filter value for health: \(health)", remedy: "Use \(healths.joined(separator: ", "))")
        }
        try filter.checkTruth(of: "is-task")
        for code in filter.values(of: "exited") where Int32(code) == nil {
            throw OperationError("invalid filter 'exited=\(code)'", remedy: "Use an exit code")
        }
    }

    /// Some conditions are about containers that do not run.
    var showsStopped: Bool {
        all || last != nil || filter.keys.contains("status") || filter.keys.contains("exited")
    }

    /// Those between the containers that `before` and `since` name.
    package func ofAge(_ containers: [ContainerSummary]) throws(OperationError) -> [ContainerSummary] {
        func created(_ name: String) throws(OperationError) -> Timestamp {
            let found = containers.first { $0.name == name } ?? containers.first { $0.id.hex.hasPrefix(name) }
            guard let found, !name.isEmpty else {
                throw OperationError.noContainer(name)
            }
            return found.created
        }
        var shown = containers
        for name in filter.values(of: "before") {
            let limit = try created(name)
            shown = shown.filter { $0.created < limit }
        }
        for name in filter.values(of: "since") {
            let limit = try created(name)
            shown = shown.filter { $0.created > limit }
        }
        return shown
    }

    /// - Parameter containers: newest first.
    package func text(of containers: [ContainerSummary], now: Timestamp) throws(OperationError) -> String {
        let shown = containers.filter { matches($0) }.prefix(last ?? Int.max)
        let report = Report(
            columns: Self.columns,
            standard: ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"] + (sizes ? ["Size"] : []),
            rows: shown.map { $0.row(now: now, isWhole: wholeTexts) })
        return try report.text(format: format, quiet: quiet)
    }

    private func matches(_ container: ContainerSummary) -> Bool {
        filter.allows("name") { Filter.name(container.name, matches: $0) }
            && filter.allows("id") { container.id.hex.hasPrefix($0) }
            && filter.allows("status") { $0 == container.phase.word }
            && filter.allows("exited") { Int32($0) == container.phase.exitCode }
            && filter.allows("ancestor") { container.ancestors.contains($0) }
            && filter.allows("network") { container.isOn($0) }
            && filter.allows("volume") { volume in
                container.binds.contains { $0.source == volume || $0.target == volume }
                    || container.volumes.contains { $0.name.text == volume || $0.target == volume }
            }
            && filter.allows("publish") { PortFilter($0)?.matches(container.portsOfHost) ?? false }
            && filter.allows("expose") { PortFilter($0)?.matches(container.exposedPorts) ?? false }
            // There are no clusters that could give tasks.
            && filter.allows("is-task") { Filter.truth($0) == false }
            && filter.allows("health") { $0 == container.health?.rawValue ?? "none" }
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
            .init(field: "Pid", header: "PID"), .init(field: "Mounts", header: "MOUNTS"),
            .init(field: "LocalVolumes", header: "LOCAL VOLUMES"), .init(field: "Size", header: "SIZE"),
        ]
    }
}

extension ContainerSummary {
    /// - Parameter network: its name, or the first digits of its id.
    fileprivate func isOn(_ network: String) -> Bool {
        if networks.contains(network) { return true }
        return !network.isEmpty && networkIDs.contains { $0.hex.hasPrefix(network) }
    }

    /// Those by which it is reached now, `8080/tcp`.
    fileprivate var portsOfHost: [String] { ports.map { "\($0.hostPort)/\($0.transport.rawValue)" } }
}

/// `80`, `80/udp`, `80-90`: the ports that a filter asks for.
private struct PortFilter {
    private let ports: ClosedRange<UInt16>
    private let transport: String

    init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard halves.count <= 2, let ports = ClosedRange(ports: halves[0]) else { return nil }
        self.ports = ports
        transport = halves.count == 2 ? halves[1] : "tcp"
        guard TransportProtocol(rawValue: transport) != nil else { return nil }
    }

    /// - Parameter names: `80/tcp`
    func matches(_ names: [String]) -> Bool {
        names.contains { name in
            let halves = name.split(separator: "/")
            return halves.last == transport[...] && UInt16(halves[0]).map(ports.contains) ?? false
        }
    }
}
