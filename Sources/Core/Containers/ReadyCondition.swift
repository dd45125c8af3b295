/// What somebody waits for who wants to use a container: `running`, `healthy`, `exited`, `tcp:PORT` or `log:TEXT`.
package enum ReadyCondition: Equatable, Sendable {
    case running
    /// By its health check.
    case healthy
    case exited
    /// A program in it listens on that TCP port.
    case listening(UInt16)
    /// It has written that since its program began.
    case written(String)

    package init(parsing text: String) throws(OperationError) {
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        let value = String(text[colon...].dropFirst())
        switch (text[..<colon], value) {
        case ("running", "") where colon == text.endIndex: self = .running
        case ("healthy", "") where colon == text.endIndex: self = .healthy
        case ("exited", "") where colon == text.endIndex: self = .exited
        case ("tcp", _):
            guard let port = Decimal.parse(value, in: 1...65_535) else { throw OperationError("use tcp:PORT") }
            self = .listening(UInt16(port))
        case ("log", _) where !value.isEmpty: self = .written(value)
        default: throw OperationError("use running, healthy, exited, tcp:PORT or log:TEXT")
        }
    }

    /// What it is called in a sentence.
    package var phrase: String {
        switch self {
        case .running: "it runs"
        case .healthy: "it is healthy"
        case .exited: "it has ended"
        case .listening(let port): "it listens on TCP port \(port)"
        case .written(let text): "it has written \"\(text)\""
        }
    }

    /// Why it can never come true for a container; nil when it can.
    package func obstacle(_ definition: ContainerDefinition) -> OperationError? {
        switch self {
        case .healthy where definition.healthCheck?.command == nil:
            OperationError(
                "wait until container \"\(definition.name)\" is healthy", reason: "it has no health check",
                remedy: "give it one by --health-cmd, or wait for tcp:PORT or log:TEXT", kind: .invalid)
        case .written where !definition.log.isKept:
            OperationError(
                "wait for output of container \"\(definition.name)\"", reason: "its log driver keeps none",
                remedy: "make it without --log-driver none", kind: .invalid)
        default: nil
        }
    }
}
