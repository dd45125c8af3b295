import Core
import Glibc

/// What a line looks like to its receiver.
enum LogForm {
    case journald(JournalForm)
    case syslog(SyslogForm)

    /// RFC 3164, 4.1: what every syslog server takes.
    static let leastLength = 1024

    init(_ receiver: LogReceiver, _ definition: ContainerDefinition, host: String) {
        switch receiver {
        case .journald(let settings): self = .journald(JournalForm(definition, settings))
        case .syslog(let settings): self = .syslog(SyslogForm(definition, settings, host: host))
        }
    }

    /// - Returns: nil where there is nothing to say, as in Docker.
    func message(_ line: OutputLine) -> [UInt8]? {
        switch self {
        case .journald(let form): form.message(line)
        case .syslog(let form):
            line.text.isEmpty ? nil : form.message(line, at: LocalTime(line.time), process: getpid())
        }
    }

    /// A message that is too large loses its end; else it goes in memory of its own.
    var isCut: Bool {
        switch self {
        case .journald: false
        case .syslog: true
        }
    }
}
