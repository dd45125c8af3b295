import Core
import Engine

/// `mydocker network explain`
package struct NetworkExplainCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network explain", group: .networks,
            operands: "NETWORK|CONTAINER... | --from ADDRESS --to ADDRESS:PORT",
            summary: "Print the commands that would make what networks and containers have, or the way of a packet",
            operandCount: 1...Int.max)
    }

    var from: String?
    var to: String?
    var transport: String?

    package init() {}

    package static var flags: [Flag<NetworkExplainCommand>] {
        [
            .value("from", "ADDRESS|CONTAINER", "Follow a packet: where it comes from") {
                command, text throws(OperationError) in
                command.from = try SimpleValue.nonEmpty(text)
            },
            .value(
                "to", "ADDRESS|CONTAINER[:PORT]",
                "Where it goes to: exit code 0 when it arrives, 3 when not, 4 when something unknown may decide"
            ) {
                command, text throws(OperationError) in
                command.to = try SimpleValue.nonEmpty(text)
            },
            .value("proto", "PROTOCOL", "tcp, udp or icmp (default tcp with a port, else icmp)") {
                command, text throws(OperationError) in
                guard ["tcp", "udp", "icmp"].contains(text) else {
                    throw OperationError("there are tcp, udp and icmp", kind: .invalid)
                }
                command.transport = text
            },
        ]
    }

    private var asksForWay: Bool { from != nil || to != nil || transport != nil }

    package func complaint(aboutOperandCount count: Int) -> String? {
        asksForWay && count == 0 ? nil : Self.synopsis.complaint(aboutOperandCount: count)
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        guard asksForWay else {
            context.show(try context.engine.commands(behind: operands))
            return 0
        }
        guard let from, let to, operands.isEmpty else {
            throw OperationError(
                "--from and --to go together, and without names of networks", kind: .invalid
            ).exiting(with: 125)
        }
        var request = PacketRequest(from: from, to: to)
        request.transport = transport
        let way = try context.engine.trace(request)
        context.show(way)
        guard way.isCertain else { return 4 }
        return way.arrives ? 0 : 3
    }
}

extension CommandContext {
    fileprivate mutating func show(_ way: PacketWay) {
        var table = TextTable()
        for step in way.steps { table.add([step.stage, step.text]) }
        output.write(table.text)
        for doubt in way.doubts { output.line("not known: \(doubt)") }
        output.line(way.conclusion)
        answer = [
            "arrives": .bool(way.arrives), "conclusion": .string(way.conclusion), "unknown": .strings(way.doubts),
            "steps": .array(way.steps.map { ["stage": .string($0.stage), "text": .string($0.text)] }),
        ]
    }
}
