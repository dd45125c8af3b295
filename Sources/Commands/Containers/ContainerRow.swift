import Core
import Engine

/// One container in the words of `ps`.
struct ContainerRow {
    let container: ContainerSummary
    let now: Timestamp
    /// Ids and commands in full.
    let isWhole: Bool

    var row: Row {
        let command = HumanText.command(container.command)
        let fields: JSON = [
            "Command": .string(HumanText.quoted(isWhole ? command : HumanText.cut(command, 20))),
            "CreatedAt": .string(HumanText.moment(container.created)),
            "ID": .string(isWhole ? container.id.hex : container.id.short),
            "IPAddress": .string(container.address?.description ?? ""),
            "Image": .string(container.image),
            "Labels": .string(HumanText.labels(container.labels)),
            "LocalVolumes": "0",
            "Mounts": .string(
                container.binds.map { HumanText.cut($0.source, isWhole ? .max : 15) }.joined(separator: ",")),
            "Names": .string(container.name),
            "Networks": .string(container.networks.joined(separator: ",")),
            "Pid": .string(container.pid.map { String($0) } ?? ""),
            "Ports": .string(PortsText.summary(container.ports)),
            "RunningFor": .string(HumanText.ago(container.created, now: now)),
            "Size": .string(size),
            "State": .string(container.phase.word),
            "Status": .string(container.phase.text(now: now)),
        ]
        return Row(fields: fields, labels: container.labels)
    }

    private var size: String {
        guard let size = container.size else { return "0B" }
        return "\(HumanText.size(size.own)) (virtual \(HumanText.size(size.whole)))"
    }
}

extension ContainerPhase {
    var exitCode: Int32? {
        if case .exited(let code, _) = self { code } else { nil }
    }

    func text(now: Timestamp) -> String {
        switch self {
        case .created, .starting: "Created"
        case .running(let since): "Up " + HumanText.duration(nanoseconds: now.nanoseconds(since: since))
        case .paused(let since): "Up " + HumanText.duration(nanoseconds: now.nanoseconds(since: since)) + " (Paused)"
        case .restarting(let code, let finished): "Restarting (\(code)) \(HumanText.ago(finished, now: now))"
        case .exited(let code, let finished): "Exited (\(code)) \(HumanText.ago(finished, now: now))"
        case .lost: "Exited (unknown)"
        }
    }
}
