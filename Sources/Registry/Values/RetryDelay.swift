import Core

/// When the same is asked for again.
package struct RetryDelay: Sendable {
    /// How often something is tried that makes no headway.
    package static let maximumAttempts = 5
    /// Seconds; who is told to wait for longer is told so instead.
    package static let longest = 120

    /// Statuses that pass: too many requests, and a server's own troubles.
    package static func isPassing(_ status: Int) -> Bool { [408, 429, 500, 502, 503, 504].contains(status) }

    /// Milliseconds before another attempt; nil when there is none.
    /// - Parameters:
    ///   - attempt: how many have failed, from 1.
    ///   - told: `Retry-After`.
    package static func milliseconds(after attempt: Int, told: String? = nil) -> Int? {
        guard attempt < maximumAttempts else { return nil }
        if let told, let seconds = Decimal.parse(told, in: 0...Int.max) {
            return seconds <= longest ? max(seconds * 1000, 100) : nil
        }
        return 250 << (2 * (attempt - 1))
    }
}
