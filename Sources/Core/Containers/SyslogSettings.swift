/// `--log-opt` of `syslog`.
package struct SyslogSettings: Equatable, Sendable {
    package enum Format: String, Sendable {
        /// Without the name of the host: what a server on this one takes.
        case local = ""
        case rfc3164, rfc5424, rfc5424micro
    }

    /// The first one that is there.
    package let peers: [MessagePeer]
    package let facility: Int
    package let format: Format
    package let tag: LogTag

    /// - Parameter options: none but known ones.
    package init(_ options: [String: String]) throws(OperationError) {
        peers = try Self.peers(options["syslog-address"] ?? "")
        facility = try Self.facility(options["syslog-facility"] ?? "")
        guard let format = Format(rawValue: options["syslog-format"] ?? "") else {
            throw OperationError(
                "Invalid syslog format", remedy: "use rfc3164, rfc5424 or rfc5424micro", kind: .invalid)
        }
        self.format = format
        tag = try LogTag(options["tag"] ?? "")
    }

    // MARK: Facility

    /// By their numbers; twelve to fifteen have none.
    private static let facilities = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "", "",
        "",
        "", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ]

    private static func facility(_ text: String) throws(OperationError) -> Int {
        guard !text.isEmpty else { return facility(named: "daemon") ?? 3 }
        guard let number = facility(named: text) ?? Decimal.parse(text, in: 0...facilities.count - 1) else {
            throw OperationError(
                "invalid syslog facility", text, reason: "there is none of this name",
                remedy: "use \(facilities.filter { !$0.isEmpty }.joined(separator: ", ")), or 0 to 23", kind: .invalid)
        }
        return number
    }

    private static func facility(named text: String) -> Int? { facilities.firstIndex(of: text) }
}

// MARK: - Address

extension SyslogSettings {
    private static let usualPath = "/dev/log"
    private static let usualPort: UInt16 = 514
    /// What fits into sockaddr_un.
    private static let longestPath = 107

    private static func peers(_ text: String) throws(OperationError) -> [MessagePeer] {
        if text.isEmpty { return [.path(usualPath, isStream: false), .path(usualPath, isStream: true)] }
        let scheme = text.prefix { $0 != ":" }
        let rest = text.dropFirst(scheme.count)
        guard rest.hasPrefix("://") else { throw unsupported(rest.isEmpty ? "" : scheme) }
        let place = String(rest.dropFirst(3))
        switch scheme {
        case "unix", "unixgram": return [.path(try path(place), isStream: scheme == "unix")]
        case "udp", "tcp": return [try internet(place, isStream: scheme == "tcp")]
        default: throw unsupported(scheme)
        }
    }

    private static func unsupported(_ scheme: Substring) -> OperationError {
        OperationError(
            "unsupported scheme: '\(scheme)'",
            remedy: scheme == "tcp+tls"
                ? "send to a server on this host, which passes it on by TLS: there is none here"
                : "use unix:///PATH, unixgram:///PATH, udp://ADDRESS:PORT or tcp://ADDRESS:PORT", kind: .invalid)
    }

    private static func path(_ text: String) throws(OperationError) -> String {
        guard text.isAbsolutePath, !text.utf8.contains(0), text.kernelBytes.count <= longestPath else {
            throw OperationError(
                "syslog-address", text, reason: "this is no absolute path of at most \(longestPath) bytes",
                remedy: "use unix:///dev/log or the like", kind: .invalid)
        }
        return text
    }

    private static func internet(_ text: String, isStream: Bool) throws(OperationError) -> MessagePeer {
        let isBracketed = text.hasPrefix("[")
        let host = isBracketed ? text.dropFirst().prefix { $0 != "]" } : text.prefix { $0 != ":" }
        let rest = text.dropFirst(host.count + (isBracketed ? 1 : 0))
        let port = isBracketed ? rest.dropFirst() : rest
        guard let address = IPAddress(String(host)), (address.family == .ipv6) == isBracketed,
            !isBracketed || rest.hasPrefix("]")
        else {
            throw OperationError(
                "syslog-address", text, reason: "'\(host)' is no IP address, and names are not looked up",
                remedy: "use udp://192.0.2.1:514, tcp://[2001:db8::1]:514 or the like", kind: .invalid)
        }
        if port.isEmpty { return .internet(address, port: usualPort, isStream: isStream) }
        guard port.hasPrefix(":"), let number = Decimal.parse(port.dropFirst(), in: 1...65_535) else {
            throw OperationError(
                "syslog-address", text, reason: "'\(port)' is no port",
                remedy: "use a number from 1 to 65535, as in :514",
                kind: .invalid)
        }
        return .internet(address, port: UInt16(number), isStream: isStream)
    }
}
