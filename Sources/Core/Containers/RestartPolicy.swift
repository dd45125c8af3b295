/// When a container whose program has ended begins again.
package struct RestartPolicy: Equatable, Sendable {
    package enum Name: String, CaseIterable, Sendable {
        case never = "no"
        case always
        case onFailure = "on-failure"
        case unlessStopped = "unless-stopped"
    }

    package var name: Name
    /// With `on-failure`: how often at most; 0 is no limit.
    package var maximumRetryCount: Int

    package init(_ name: Name = .never, maximumRetryCount: Int = 0) {
        self.name = name
        self.maximumRetryCount = maximumRetryCount
    }

    /// Reads `on-failure:3`. The sentences are Docker's.
    package init(parsing text: String) throws(OperationError) {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count < 2 || halves[0] != "" else {
            throw OperationError("invalid restart policy format: no policy provided before colon")
        }
        let number = halves.count == 2 ? String(halves[1]) : ""
        guard let count = number.isEmpty ? 0 : Int(number) else {
            throw OperationError("invalid restart policy format: maximum retry count must be an integer")
        }
        // Docker's default, given by the empty word too.
        guard let name = text.isEmpty ? .never : Name(rawValue: String(halves[0])) else {
            throw OperationError(
                "invalid restart policy: unknown policy '\(halves[0])'; "
                    + "use one of 'no', 'always', 'on-failure', or 'unless-stopped'")
        }
        let complaint = Self.complaint(about: count, name)
        if let complaint { throw OperationError("invalid restart policy: \(complaint)") }
        self.init(name, maximumRetryCount: count)
    }

    private static func complaint(about count: Int, _ name: Name) -> String? {
        if name == .onFailure { return count < 0 ? "maximum retry count cannot be negative" : nil }
        if count == 0 { return nil }
        return "maximum retry count can only be used with 'on-failure'" + (count < 0 ? " and cannot be negative" : "")
    }

    /// - Parameter restartCount: how often it has begun again so far.
    package func restarts(after exitCode: Int32, restartCount: Int) -> Bool {
        switch name {
        case .never: false
        // A container that somebody has stopped does not come to this; they differ after a reboot, in Docker.
        case .always, .unlessStopped: true
        case .onFailure: exitCode != 0 && (maximumRetryCount == 0 || restartCount < maximumRetryCount)
        }
    }
}

extension RestartPolicy: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            try reader.text("name", Name.init),
            maximumRetryCount: try reader.value("maximumRetryCount") { $0.int.flatMap { Int(exactly: $0) } })
    }

    package var json: JSON { ["name": .string(name.rawValue), "maximumRetryCount": .number(maximumRetryCount)] }
}

/// How long a container rests before it begins again: the longer, the more often it ended soon.
package struct RestartDelay: Equatable, Sendable {
    private static let first: Int32 = 100
    private static let longest: Int32 = 60_000
    /// A program that ran for so long had begun well.
    private static let recovery: Int64 = 10_000_000_000

    private var milliseconds: Int32 = 0

    package init() {}

    /// - Returns: milliseconds.
    package mutating func next(afterRunningFor nanoseconds: Int64) -> Int32 {
        if nanoseconds >= Self.recovery { milliseconds = 0 }
        milliseconds = milliseconds == 0 ? Self.first : min(Self.longest, milliseconds * 2)
        return milliseconds
    }
}

extension RestartDelay: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        milliseconds = Int32(try reader.int("milliseconds", in: 0...Int64(Self.longest)))
    }
    package var json: JSON { ["milliseconds": .number(milliseconds)] }
}
