import Core

extension ContainerHealth {
    /// `State.Health`
    var inspected: JSON {
        [
            "Status": .string(status.rawValue), "FailingStreak": .int(failingStreak),
            "Log": .array(log.map(\.inspected)),
        ]
    }
}

extension HealthProbe {
    fileprivate var inspected: JSON {
        [
            "Start": .string(start.description), "End": .string(end.description), "ExitCode": .number(exitCode),
            "Output": .string(output),
        ]
    }
}
