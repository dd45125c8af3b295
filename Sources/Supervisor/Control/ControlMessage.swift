import Core

/// What a supervisor and those who talk to it send each other: packets of JSON, each with the version of its form.
///
///     {"version": 1, "verb": "attach", …}          a request, or something more for a session
///     {"version": 1, "result": {…}}                its answer
///     {"version": 1, "error": {"text": …, …}}
///     {"version": 1, "event": "ended", …}          what a session is told
package enum ControlMessage {
    static let version: Int64 = 1
    /// Bytes. A longer packet is refused.
    package static let longest = 1 << 16

    static func packet(_ key: String, _ value: JSON, _ members: [(key: String, value: JSON)] = []) -> [UInt8] {
        let object = JSON.object([("version", .int(version)), (key, value)] + members)
        return Array(object.compact.utf8)
    }

    static func parse(_ bytes: [UInt8], of sender: String) throws(OperationError) -> JSON {
        let message: JSON
        do throws(JSONError) {
            message = try JSON(parsing: bytes)
        } catch {
            throw OperationError("read \(sender)", reason: "it is no JSON: \(error)", kind: .invalid)
        }
        guard let version = message["version"]?.int, version > 0 else {
            throw OperationError("read \(sender)", reason: "it has no version", kind: .invalid)
        }
        guard version <= Self.version else {
            throw OperationError(
                "read \(sender)",
                reason: "it is of version \(version), and \(Self.version) is the newest one known here",
                remedy: "restart the container with this mydocker", kind: .newerVersion)
        }
        return message
    }
}

/// What somebody asks of a supervisor.
package struct ControlRequest: Equatable, Sendable {
    package let verb: String
    /// All members, the verb among them.
    package let body: JSON

    package init(parsing bytes: [UInt8]) throws(OperationError) {
        body = try ControlMessage.parse(bytes, of: "request to the supervisor")
        guard let verb = body["verb"]?.string, !verb.isEmpty else {
            throw OperationError("read request to the supervisor", reason: "it has no verb", kind: .invalid)
        }
        self.verb = verb
    }

    package init(_ verb: String, _ members: [(key: String, value: JSON)] = []) {
        self.verb = verb
        body = .object([("version", .int(ControlMessage.version)), ("verb", .string(verb))] + members)
    }

    package var packet: [UInt8] { Array(body.compact.utf8) }

    /// A member that must be there.
    package func value<Value>(_ key: String, _ read: (JSON) -> Value?) throws(OperationError) -> Value {
        guard let member = body[key], let value = read(member) else {
            throw OperationError("read request \"\(verb)\"", reason: "\"\(key)\" is missing or wrong", kind: .invalid)
        }
        return value
    }
}

/// What a supervisor answers.
package enum ControlReply: Equatable, Sendable {
    case result(JSON)
    case failure(OperationError)

    package init(parsing bytes: [UInt8]) throws(OperationError) {
        let message = try ControlMessage.parse(bytes, of: "supervisor's answer")
        if let error = message["error"] {
            self = .failure(OperationError(report: error, of: "ask the container's supervisor"))
        } else if let result = message["result"] {
            self = .result(result)
        } else {
            throw OperationError("read supervisor's answer", reason: "it has neither result nor error", kind: .invalid)
        }
    }

    package var packet: [UInt8] {
        switch self {
        case .result(let result): ControlMessage.packet("result", result)
        case .failure(let error): ControlMessage.packet("error", error.report)
        }
    }
}

/// What a session is told without having asked.
package struct ControlEvent: Equatable, Sendable {
    package let name: String
    package let body: JSON

    package init(_ name: String, _ members: [(key: String, value: JSON)] = []) {
        self.name = name
        body = .object([("version", .int(ControlMessage.version)), ("event", .string(name))] + members)
    }

    package init(parsing bytes: [UInt8]) throws(OperationError) {
        body = try ControlMessage.parse(bytes, of: "supervisor's message")
        name = body["event"]?.string ?? ""
    }

    package var packet: [UInt8] { Array(body.compact.utf8) }
}
