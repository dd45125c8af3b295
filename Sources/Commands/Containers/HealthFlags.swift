import Core
import Engine

/// What the flags say about a container's health check.
struct HealthFlags {
    private var check = HealthCheck()
    private var isOff = false
    /// Flags whose value is below zero.
    private var negative: String?

    /// Nil leaves it to the image.
    func resolve() throws(OperationError) -> HealthCheck? {
        let isSaid = check != HealthCheck() || negative != nil
        if isOff {
            if isSaid { throw OperationError("--no-healthcheck conflicts with --health-* options", kind: .invalid) }
            var off = HealthCheck()
            off.test = [HealthCheck.off]
            return off
        }
        if let negative { throw OperationError("--\(negative) cannot be negative", kind: .invalid) }
        return isSaid ? check : nil
    }

    static var flags: [Flag<HealthFlags>] {
        [
            .value("health-cmd", "COMMAND", "Command that tells by its exit code whether the container is well") {
                flags, text throws(OperationError) in
                flags.check.test = text.isEmpty ? [] : ["CMD-SHELL", text]
            },
            span("health-interval", "Time between two checks (default 30s)", \.interval),
            span("health-timeout", "Time that a check may take (default 30s)", \.timeout),
            span("health-start-period", "Time in which failures do not count yet (default 0s)", \.startPeriod),
            span("health-start-interval", "Time between two checks in that period (default 5s)", \.startInterval),
            .value("health-retries", "NUMBER", "Failures in a row until it is unhealthy (default 3)") {
                flags, text throws(OperationError) in
                guard let number = Int64(text) else { throw OperationError("use a number") }
                flags.set(number, "health-retries", \.retries)
            },
            .toggle("no-healthcheck", "Do not check, whatever the image says") { $0.isOff = $1 },
        ]
    }

    private static func span(
        _ name: String, _ help: String, _ member: WritableKeyPath<HealthCheck, Int64>
    ) -> Flag<HealthFlags> {
        .value(name, "DURATION", help) { flags, text throws(OperationError) in
            flags.set(try TimeValue.duration(text), name, member)
        }
    }

    private mutating func set(_ number: Int64, _ name: String, _ member: WritableKeyPath<HealthCheck, Int64>) {
        if number < 0 { negative = name }
        check[keyPath: member] = number
    }
}
