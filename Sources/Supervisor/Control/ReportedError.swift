import Core

/// How one process tells another of an error, whose words and exit code are to be the same there.
extension OperationError {
    package var report: JSON {
        [
            "text": .string(description), "remedy": .optional(remedy), "kind": .string(kind.rawValue),
            "exitCode": .optional(exitCode),
        ]
    }

    /// - Parameter operation: what is said of one that has no words.
    package init(report: JSON, of operation: String) {
        self.init(
            report["text"]?.string ?? operation, remedy: report["remedy"]?.string,
            exitCode: report["exitCode"]?.int.map { Int32(truncatingIfNeeded: $0) },
            kind: report["kind"]?.string.flatMap(ErrorKind.init) ?? .failed)
    }
}
