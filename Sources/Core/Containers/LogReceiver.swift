/// Who gets every line of a container's output beside its log: `--log-driver journald` and `syslog`.
package enum LogReceiver: Equatable, Sendable {
    case journald(JournalSettings)
    case syslog(SyslogSettings)

    package enum Name: String, Sendable, CaseIterable {
        case journald, syslog

        /// What `--log-opt` may say of it.
        package var options: [String] {
            switch self {
            case .journald: ["env", "labels", "tag"]
            case .syslog: ["syslog-address", "syslog-facility", "syslog-format", "tag"]
            }
        }
    }

    /// Where it listens: the first of these that is there.
    package var peers: [MessagePeer] {
        switch self {
        case .journald: [.path("/run/systemd/journal/socket", isStream: false)]
        case .syslog(let settings): settings.peers
        }
    }
}

/// Who listens at a socket.
package enum MessagePeer: Equatable, Sendable, CustomStringConvertible {
    case path(String, isStream: Bool)
    case internet(IPAddress, port: UInt16, isStream: Bool)

    /// Bytes, and no messages that end by themselves.
    package var isStream: Bool {
        switch self {
        case .path(_, let isStream), .internet(_, _, let isStream): isStream
        }
    }

    package var isInternet: Bool {
        if case .internet = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .path(let path, let isStream): "\(isStream ? "unix" : "unixgram")://\(path)"
        case .internet(let address, let port, let isStream):
            "\(isStream ? "tcp" : "udp")://\(address.family == .ipv6 ? "[\(address)]" : "\(address)"):\(port)"
        }
    }
}

/// `--log-opt` of `journald`.
package struct JournalSettings: Equatable, Sendable {
    package let tag: LogTag
    /// Labels that become fields of every line.
    package let labels: [String]
    /// Likewise variables of the environment.
    package let variables: [String]

    /// - Parameter options: none but known ones.
    package init(_ options: [String: String]) throws(OperationError) {
        func names(_ option: String) -> [String] { options[option]?.split(separator: ",").map(String.init) ?? [] }
        tag = try LogTag(options["tag"] ?? "")
        labels = names("labels")
        variables = names("env")
    }
}
