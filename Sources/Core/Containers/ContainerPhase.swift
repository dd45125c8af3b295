/// Where a container is in its life. What may be done to it follows from that alone.
package enum ContainerPhase: Equatable, Sendable {
    /// It has never begun.
    case created
    /// Its supervisor makes what it needs; its program does not run yet.
    case starting
    case running(since: Timestamp)
    /// Its processes are held still.
    case paused(since: Timestamp)
    /// Between the end of its program and its next beginning.
    case restarting(code: Int32, finished: Timestamp)
    case exited(code: Int32, finished: Timestamp)
    /// Its run ended without anybody to record how: a reboot, or its supervisor was killed.
    case lost

    /// Whether a supervisor is at work on it, as Docker sees it: also between two beginnings of its program.
    package var isRunning: Bool {
        switch self {
        case .running, .paused, .restarting: true
        case .created, .starting, .exited, .lost: false
        }
    }

    /// Docker's word for it.
    package var word: String {
        switch self {
        case .created, .starting: "created"
        case .running: "running"
        case .paused: "paused"
        case .restarting: "restarting"
        case .exited, .lost: "exited"
        }
    }
}

/// What commands do to containers, where that depends on the phase. All others are done in each.
package enum ContainerVerb: CaseIterable, Sendable {
    case exec, attach, kill, pause, unpause, start
    /// Without force.
    case remove
}

extension ContainerPhase {
    /// The truth table: nil where the verb is done. Sentences and exit codes are Docker's.
    /// - Parameter name: what the container was called by.
    package func refusal(of verb: ContainerVerb, _ id: ContainerID, _ name: String) -> OperationError? {
        switch (self, verb) {
        case (.running, .exec), (.running, .attach), (.running, .kill), (.running, .pause): nil
        case (.paused, .kill), (.paused, .unpause): nil
        case (.created, .remove), (.exited, .remove), (.lost, .remove): nil
        case (.restarting, .kill): nil
        case (.paused, .start):
            OperationError("cannot start a paused container, try unpause instead", kind: .conflict)
        case (_, .start): nil

        case (.restarting, .exec), (.restarting, .pause):
            OperationError("Container \(id) is restarting, wait until the container is running", kind: .conflict)
        case (.paused, .exec):
            OperationError("Container \(id) is paused, unpause the container before exec", kind: .conflict)
        case (.paused, .pause): OperationError("Container \(id) is already paused", kind: .conflict)
        case (_, .unpause): OperationError("Container \(id) is not paused", kind: .conflict)
        case (.paused, .attach):
            OperationError("You cannot attach to a paused container, unpause it first", kind: .conflict)
        case (.restarting, .attach):
            OperationError("You cannot attach to a restarting container, wait until it is running", kind: .conflict)
        case (_, .attach): OperationError("You cannot attach to a stopped container, start it first", kind: .notRunning)
        case (_, .exec), (_, .pause): OperationError("container \(id) is not running", kind: .notRunning)
        case (_, .kill):
            OperationError("Cannot kill container: \(name): container \(id) is not running", kind: .notRunning)
        case (.starting, .remove): removal(name, "container is being created")
        case (.running, .remove):
            removal(name, "container is running: stop the container before removing or force remove")
        case (.paused, .remove): removal(name, "container is paused and must be unpaused first")
        case (.restarting, .remove):
            removal(name, "container is restarting: stop the container before removing or force remove")
        }
    }

    private func removal(_ name: String, _ obstacle: String) -> OperationError {
        OperationError("cannot remove container \"\(name)\": \(obstacle)", kind: .conflict)
    }
}
