/// How a container is asked whether it is well: Docker's `Healthcheck`, as an image or `run` says it. Times are nanoseconds; 0,
/// of a number too, leaves it to whoever is asked next: the image, and then Docker's own values.
package struct HealthCheck: Equatable, Sendable {
    /// `["CMD", PROGRAM, …]`, `["CMD-SHELL", LINE]` or `["NONE"]`; empty leaves it to the image.
    package var test: [String] = []
    package var interval: Int64 = 0
    package var timeout: Int64 = 0
    /// In which a failure does not count yet.
    package var startPeriod: Int64 = 0
    /// Between two checks in that time.
    package var startInterval: Int64 = 0
    /// How many failures in a row it takes.
    package var retries: Int64 = 0

    package init() {}

    package static let off = "NONE"

    /// The words of the program; nil when there is nothing to run.
    package var command: [String]? {
        switch test.first {
        case "CMD" where test.count > 1: Array(test.dropFirst())
        case "CMD-SHELL" where test.count > 1: ["/bin/sh", "-c", test[1]]
        default: nil
        }
    }

    /// What this one leaves open is as `image` says it.
    package func completed(by image: HealthCheck?) -> HealthCheck {
        guard let image else { return self }
        var check = self
        if test.isEmpty { check.test = image.test }
        if interval == 0 { check.interval = image.interval }
        if timeout == 0 { check.timeout = image.timeout }
        if startPeriod == 0 { check.startPeriod = image.startPeriod }
        if startInterval == 0 { check.startInterval = image.startInterval }
        if retries == 0 { check.retries = image.retries }
        return check
    }

    /// Why it is none that can be run; the words are Docker's.
    package var complaint: String? {
        let spans = [
            ("Interval", interval), ("Timeout", timeout), ("StartPeriod", startPeriod),
            ("StartInterval", startInterval),
        ]
        for (name, span) in spans where span != 0 && span < 1_000_000 {
            return "\(name) in Healthcheck cannot be less than 1ms"
        }
        return retries < 0 ? "Retries in Healthcheck cannot be negative" : nil
    }
}

// MARK: - In effect

extension HealthCheck {
    private static let second: Int64 = 1_000_000_000

    package var timeoutInEffect: Int64 { timeout == 0 ? 30 * Self.second : timeout }
    package var retriesInEffect: Int64 { retries == 0 ? 3 : retries }

    /// Nanoseconds until the next check.
    /// - Parameter age: nanoseconds since the program began.
    package func pause(_ status: ContainerHealth.Status, age: Int64) -> Int64 {
        if status == .starting, age < startPeriod { return startInterval == 0 ? 5 * Self.second : startInterval }
        return interval == 0 ? 30 * Self.second : interval
    }
}

extension HealthCheck: Record {
    /// With the names that Docker has for its members, in images as well as in what `inspect` shows.
    package init(_ reader: RecordReader) throws(RecordError) {
        test = try reader.optional("Test", \.strings) ?? []
        interval = try reader.optional("Interval", \.int) ?? 0
        timeout = try reader.optional("Timeout", \.int) ?? 0
        startPeriod = try reader.optional("StartPeriod", \.int) ?? 0
        startInterval = try reader.optional("StartInterval", \.int) ?? 0
        retries = try reader.optional("Retries", \.int) ?? 0
    }

    /// Only what is said.
    package var json: JSON {
        let numbers = [
            ("Interval", interval), ("Timeout", timeout), ("StartPeriod", startPeriod),
            ("StartInterval", startInterval),
            ("Retries", retries),
        ]
        return .object(
            (test.isEmpty ? [] : [("Test", .strings(test))])
                + numbers.filter { $0.1 != 0 }.map { ($0.0, .int($0.1)) })
    }
}
