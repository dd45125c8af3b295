import Core

/// What a syslog server gets of a line, in the words of Docker's driver.
struct SyslogForm {
    private let settings: SyslogSettings
    private let tag: [UInt8]
    private let host: String

    /// - Parameter host: this one's name.
    init(_ definition: ContainerDefinition, _ settings: SyslogSettings, host: String) {
        self.settings = settings
        self.host = host
        tag = settings.tag.text(of: definition).kernelBytes
    }

    /// - Parameters:
    ///   - time: the line's.
    ///   - process: who sends.
    func message(_ line: OutputLine, at time: LocalTime, process: Int32) -> [UInt8] {
        let priority = settings.facility << 3 | line.priority
        var bytes: [UInt8] = []
        bytes.reserveCapacity(line.text.count + 2 * tag.count + 96)
        switch settings.format {
        case .local, .rfc3164:
            let place = settings.format == .local ? "" : " \(host)"
            bytes += Array("<\(priority)>\(time.stamp)\(place) ".utf8)
            bytes += tag
            bytes += Array("[\(process)]: ".utf8)
        case .rfc5424, .rfc5424micro:
            let stamp = time.rfc3339(decimals: settings.format == .rfc5424 ? 0 : 6)
            bytes += Array("<\(priority)>1 \(stamp) \(host) ".utf8)
            bytes += tag
            bytes += Array(" \(process) ".utf8)
            bytes += tag
            bytes += Array(" - ".utf8)
        }
        bytes += line.text
        return bytes
    }
}
