import Core

extension ContainerSummary {
    /// The container in the words of `ps`.
    /// - Parameter isWhole: ids and commands in full.
    package func row(now: Timestamp, isWhole: Bool) -> Row {
        let words = HumanText.command(command)
        let fields: JSON = [
            "Command": .string(HumanText.quoted(isWhole ? words : HumanText.cut(words, 20))),
            "CreatedAt": .string(HumanText.moment(created)),
            "ID": .string(isWhole ? id.hex : id.short),
            "IPAddress": .string(address?.description ?? ""),
            "Image": .string(isWhole ? image : shortImage),
            "Labels": .string(HumanText.labels(labels)),
            "LocalVolumes": .string(String(Set(volumes.map(\.name)).count)),
            "Mounts": .string(
                (binds.map(\.source) + volumes.map(\.name.text)).map { HumanText.cut($0, isWhole ? .max : 15) }
                    .joined(separator: ",")),
            "Names": .string(name),
            "Networks": .string(networks.joined(separator: ",")),
            "Pid": .string(pid.map { String($0) } ?? ""),
            "Ports": .string(PortsText.summary(ports, open: openPorts, exposed: isRunning ? exposedPorts : [])),
            "RunningFor": .string(HumanText.ago(created, now: now)),
            "Size": .string(sizeText),
            "State": .string(phase.word),
            "Status": .string(phase.text(now: now) + healthText),
        ]
        return Row(fields: fields, labels: labels)
    }

    /// An id is cut as that of the container is.
    private var shortImage: String { (Digest(image) ?? Digest(hex: image))?.short ?? image }

    private var healthText: String {
        guard let health, case .running = phase else { return "" }
        return health == .starting ? " (health: starting)" : " (\(health.rawValue))"
    }

    private var sizeText: String {
        guard let size else { return "0B" }
        return "\(HumanText.size(size.own)) (virtual \(HumanText.size(size.whole)))"
    }
}

extension ContainerPhase {
    /// Of one that has ended.
    package var exitCode: Int32? {
        switch self {
        case .exited(let code, _): code
        // It was killed, whoever did that; `wait` says so, too.
        case .lost: 137
        case .created, .starting, .running, .paused, .restarting: nil
        }
    }

    /// Docker's `Status`.
    package func text(now: Timestamp) -> String {
        switch self {
        case .created, .starting: "Created"
        case .running(let since): "Up " + HumanText.duration(nanoseconds: now.nanoseconds(since: since))
        case .paused(let since): "Up " + HumanText.duration(nanoseconds: now.nanoseconds(since: since)) + " (Paused)"
        case .restarting(let code, let finished): "Restarting (\(code)) \(HumanText.ago(finished, now: now))"
        case .exited(let code, let finished): "Exited (\(code)) \(HumanText.ago(finished, now: now))"
        case .lost: "Exited (\(exitCode ?? 0))"
        }
    }
}
