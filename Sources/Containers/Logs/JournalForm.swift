import Core

/// What journald gets of a line: fields, as in https://systemd.io/JOURNAL_NATIVE_PROTOCOL/, with Docker's names.
struct JournalForm {
    /// The same for all lines.
    private let fields: [UInt8]

    init(_ definition: ContainerDefinition, _ settings: JournalSettings) {
        let tag = settings.tag.text(of: definition)
        let own = [
            ("SYSLOG_IDENTIFIER", tag), ("CONTAINER_ID", definition.id.short),
            ("CONTAINER_ID_FULL", definition.id.hex), ("CONTAINER_NAME", definition.name.text),
            ("CONTAINER_TAG", tag), ("IMAGE_NAME", definition.image),
        ]
        var taken = Set(own.map(\.0)).union(Self.changing)
        var fields: [UInt8] = []
        for (name, value) in own { Self.append(name, value.kernelBytes, to: &fields) }
        for (key, value) in Self.wanted(definition, settings) {
            let name = Self.fieldName(key)
            // A label does not pass for one of ours.
            guard !name.isEmpty, taken.insert(name).inserted else { continue }
            Self.append(name, value.kernelBytes, to: &fields)
        }
        self.fields = fields
    }

    private static let changing: Set = ["MESSAGE", "PRIORITY", "SYSLOG_TIMESTAMP", "CONTAINER_PARTIAL_MESSAGE"]

    func message(_ line: OutputLine) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(line.text.count + fields.count + 128)
        Self.append("MESSAGE", line.text, to: &bytes)
        bytes += Array("PRIORITY=\(line.priority)\nSYSLOG_TIMESTAMP=\(line.time)\n".utf8)
        if line.isPart { bytes += Array("CONTAINER_PARTIAL_MESSAGE=true\n".utf8) }
        return bytes + fields
    }

    private static func wanted(_ definition: ContainerDefinition, _ settings: JournalSettings) -> [(String, String)] {
        let labels = settings.labels.compactMap { key in definition.labels[key].map { (key, $0) } }
        let variables = settings.variables.compactMap { key in
            definition.environment.first { $0.utf8.starts(with: "\(key)=".utf8) }
                .map { (key, String($0.utf8.dropFirst(key.utf8.count + 1)) ?? "") }
        }
        return labels + variables
    }

    /// Docker's: letters become upper case, what is neither letter nor digit an underscore, and none begins with one.
    static func fieldName(_ key: String) -> String {
        let characters = key.unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "a"..."z": Character(UnicodeScalar(UInt8(scalar.value) - 32))
            case "A"..."Z", "0"..."9": Character(scalar)
            default: "_"
            }
        }
        return String(characters.drop { $0 == "_" })
    }

    private static func append(_ name: String, _ value: some Collection<UInt8>, to bytes: inout [UInt8]) {
        bytes += Array(name.utf8)
        if value.allSatisfy({ $0 >= 0x20 && $0 < 0x7f || $0 == 0x09 }) {
            bytes.append(UInt8(ascii: "="))
        } else {
            bytes.append(LogFormat.newline)
            let count = UInt64(value.count)
            for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
        }
        bytes += value
        bytes.append(LogFormat.newline)
    }
}
