import Core
import Forms
import Linux

/// `mydocker network list`
package struct NetworkListCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network list", aliases: ["network ls"], group: .networks, operands: "", summary: "List networks",
            operandCount: 0...0)
    }

    package static var filterKeys: [String] { ["dangling", "driver", "id", "label", "name", "scope", "type", "until"] }

    var quiet = false
    var wholeTexts = false
    var format: String?
    var filter = Filter()

    package init() {}

    package static var flags: [Flag<NetworkListCommand>] {
        [
            .toggle("quiet", short: "q", "Print ids only") { $0.quiet = $1 },
            .toggle("no-trunc", "Do not cut ids") { $0.wholeTexts = $1 },
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
        try filter.check(knownKeys: Self.filterKeys)
        try filter.checkTruth(of: "dangling")
        for type in filter.values(of: "type") where type != "custom" && type != "builtin" {
            throw OperationError("invalid filter 'type=\(type)'", remedy: "Use custom or builtin", kind: .invalid)
        }
        let engine = context.engine
        // The plain list, and that of its ids, is that of the first mydocker: of networks that somebody has made.
        let isPlain = format == nil && filter.keys.isEmpty && context.program == .mydocker
        let listing = try isPlain ? engine.networks() : engine.allNetworks()
        context.warn(listing.failures)
        let end = try PruneOptions.end(of: filter, now: context.now())
        let used = filter.keys.contains("dangling") ? try engine.usedNetworks() : []
        // As with prune: those that every host has are never old.
        let networks = listing.elements.filter { network in
            end.map { !network.isBuiltIn && network.created < $0 } ?? true
        }
        context.output.write(try text(of: networks, used: used, calledAs: context.program))
        return 0
    }

    /// - Parameters:
    ///   - used: the ids of those that a container is on.
    ///   - program: docker's list has docker's columns.
    package func text(
        of networks: [NetworkDefinition], used: Set<ContainerID> = [], calledAs program: Program = .mydocker
    ) throws(OperationError) -> String {
        let isPlain = format == nil && program == .mydocker
        let report = Report(
            columns: columns(isPlain: isPlain),
            standard: isPlain ? ["Name", "IpRange", "Driver"] : ["ID", "Name", "Driver", "Scope"],
            classic: ["ID", "Name", "Driver", "Scope"], minimumWidth: isPlain ? 12 : 10,
            rows: networks.filter { matches($0, isUsed: used.contains($0.id)) }.sorted { $0.name < $1.name }.map {
                $0.row(isWhole: wholeTexts)
            })
        return try report.text(format: format, quiet: quiet)
    }

    private func matches(_ network: NetworkDefinition, isUsed: Bool) -> Bool {
        let isOurs = network.isBuiltIn
        return filter.allows("name") { Filter.name(network.name.text, matches: $0) }
            && filter.allows("id") { network.id.hex.hasPrefix($0) }
            && filter.allows("driver") { $0 == network.driver }
            && filter.allows("scope") { $0 == "local" }
            && filter.allows("type") { $0 == (isOurs ? "builtin" : "custom") }
            && filter.allows("dangling") { Filter.truth($0) == (!isOurs && !isUsed) }
            && filter.allows(labels: network.labels)
    }

    /// The columns of the plain list, their headers and least width have been so since the first mydocker;
    /// with `--format`, headers are Docker's.
    private func columns(isPlain: Bool) -> [Report.Column] {
        [
            .init(field: "ID", header: "NETWORK ID"), .init(field: "Name", header: "NAME"),
            .init(field: "IpRange", header: "IpRange"),
            .init(field: "Driver", header: isPlain ? "Driver" : "DRIVER"), .init(field: "Scope", header: "SCOPE"),
            .init(field: "IPv4", header: "IPV4"), .init(field: "IPv6", header: "IPV6"),
            .init(field: "Internal", header: "INTERNAL"), .init(field: "Labels", header: "LABELS"),
            .init(field: "CreatedAt", header: "CREATED AT"),
        ]
    }
}
