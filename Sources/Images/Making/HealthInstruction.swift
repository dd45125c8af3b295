import Core

extension HealthCheck {
    /// Reads what stands behind `HEALTHCHECK` in a Dockerfile: `[--interval=30s …] CMD COMMAND`, or `NONE`.
    init?(instruction text: String) {
        self.init()
        var rest = text[...]
        while rest.hasPrefix("--") {
            let option = rest.prefix { !$0.isWhitespace }
            guard take(option.dropFirst(2)) else { return nil }
            rest = rest[option.endIndex...].drop(while: \.isWhitespace)
        }
        let word = rest.prefix { !$0.isWhitespace }
        let command = String(rest[word.endIndex...].drop(while: \.isWhitespace))
        switch word.uppercased() {
        case Self.off where command.isEmpty: test = [Self.off]
        case "CMD" where !command.isEmpty: test = Self.test(command)
        default: return nil
        }
    }

    /// - Returns: false when there is no such option, or it has no such value.
    private mutating func take(_ option: Substring) -> Bool {
        guard let equals = option.firstIndex(of: "=") else { return false }
        let value = String(option[equals...].dropFirst())
        if option[..<equals] == "retries" {
            guard let number = Int64(value), number > 0 else { return false }
            retries = number
            return true
        }
        let members: [Substring: WritableKeyPath<HealthCheck, Int64>] = [
            "interval": \.interval, "timeout": \.timeout, "start-period": \.startPeriod,
            "start-interval": \.startInterval,
        ]
        guard let member = members[option[..<equals]], let nanoseconds = GoDuration.nanoseconds(value) else {
            return false
        }
        self[keyPath: member] = nanoseconds
        return true
    }

    private static func test(_ command: String) -> [String] {
        if command.hasPrefix("["), let words = (try? JSON(parsing: command))?.strings { return ["CMD"] + words }
        return ["CMD-SHELL", command]
    }
}
