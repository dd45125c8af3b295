/// How much of a container's output is kept, and who gets it besides: `--log-driver` and `--log-opt`.
///
/// The log of our own is kept with every driver but `none`, so that `logs` can read it (Docker's "dual logging").
package struct LogLimits: Equatable, Sendable {
    package static let driverName = "json-file"
    /// More of them would only make each rotation slower.
    package static let fileCounts = 1...100

    /// Off (`none`): the output goes to whoever reads it now, and nowhere else.
    package var isKept = true
    /// Docker has another form for `local`, which only its own commands read; here it is the same one.
    package private(set) var isLocal = false
    /// Bytes at which a file is full; nil is no limit.
    package var maximumSize: Int64? = 10_000_000
    /// How many files there are, with the one that is written. The oldest goes when another one begins.
    package var maximumFiles = 3
    /// Who gets every line besides; nil when nobody does.
    package private(set) var receiverName: LogReceiver.Name?
    /// What was asked for beside the two of the files, by name: flags come in any order.
    package private(set) var receiverOptions: [String: String] = [:]

    package init() {}

    /// Docker's name of the way that the output is kept.
    package var driver: String {
        guard isKept else { return "none" }
        return receiverName?.rawValue ?? (isLocal ? "local" : Self.driverName)
    }

    /// Takes over a `--log-driver`.
    package mutating func setDriver(_ name: String) throws(OperationError) {
        receiverName = LogReceiver.Name(rawValue: name)
        guard receiverName != nil || [Self.driverName, "local", "none"].contains(name) else {
            throw OperationError("no log driver named '\(name)': use json-file, local, journald, syslog or none")
        }
        isKept = name != "none"
        isLocal = name == "local"
    }

    /// Takes over a `--log-opt`, `max-size=10m` or `max-file=3`.
    package mutating func setOption(_ text: String) throws(OperationError) {
        guard let equals = text.firstIndex(of: "=") else { throw OperationError("use max-size=10m or max-file=3") }
        let value = String(text[text.index(after: equals)...])
        switch text[..<equals] {
        case "max-size": maximumSize = try Self.size(value)
        case "max-file":
            guard let count = Decimal.parse(value, in: Self.fileCounts) else {
                throw OperationError("use a number of files from 1 to \(Self.fileCounts.upperBound)")
            }
            maximumFiles = count
        case let name: receiverOptions[String(name)] = value
        }
    }

    /// Whether options and driver go together, once all of them are known.
    package func check() throws(OperationError) {
        var none = LogLimits()
        none.isKept = false
        guard isKept || self == none else { throw OperationError("invalid logging opts for driver none") }
        let known = receiverName?.options ?? []
        if let unknown = receiverOptions.keys.sorted().first(where: { !known.contains($0) }) {
            throw OperationError(
                "unknown log opt '\(unknown)' for \(driver) log driver",
                remedy: "it has \((known + ["max-file", "max-size"]).sorted().joined(separator: ", "))", kind: .invalid)
        }
        _ = try receiver()
    }

    /// Nil when nobody gets the output beside the log.
    package func receiver() throws(OperationError) -> LogReceiver? {
        switch receiverName {
        case .journald: .journald(try JournalSettings(receiverOptions))
        case .syslog: .syslog(try SyslogSettings(receiverOptions))
        case nil: nil
        }
    }

    /// -1 is no limit. Docker counts this size in powers of 1000.
    private static func size(_ text: String) throws(OperationError) -> Int64? {
        if text == "-1" { return nil }
        guard let bytes = ByteCount.parse(text, base: 1000), bytes > 0 else {
            throw OperationError("use a size such as 10m, or -1 for no limit")
        }
        return bytes
    }

    /// The options in the form in which `setOption` takes them.
    package var options: [String: String] {
        guard isKept else { return [:] }
        let own = ["max-file": String(maximumFiles), "max-size": maximumSize.map(Self.text) ?? "-1"]
        return receiverOptions.merging(own) { $1 }
    }

    private static func text(_ size: Int64) -> String {
        for (unit, factor) in [("g", 1_000_000_000), ("m", 1_000_000), ("k", 1000)] as [(String, Int64)]
        where size % factor == 0 {
            return "\(size / factor)\(unit)"
        }
        return String(size)
    }
}

extension LogLimits: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        isKept = try reader.bool("kept")
        isLocal = try reader.optional("local", \.bool) ?? false
        maximumSize = try reader.optional("maximumSize") { $0.int.flatMap { $0 > 0 ? $0 : nil } }
        maximumFiles = try reader.value("maximumFiles") { json in
            json.int.flatMap { Self.fileCounts.contains(Int($0)) ? Int($0) : nil }
        }
        // Records of before there were receivers lack them.
        receiverName = try reader.optionalText("receiver", LogReceiver.Name.init)
        receiverOptions = try reader.optional("receiverOptions", [String: String].init(json:)) ?? [:]
        do throws(OperationError) { try check() } catch { throw RecordError("log is not valid: \(error)") }
    }

    package var json: JSON {
        [
            "kept": .bool(isKept), "local": .bool(isLocal), "maximumSize": .optional(maximumSize),
            "maximumFiles": .number(maximumFiles), "receiver": .optional(receiverName?.rawValue),
            "receiverOptions": receiverOptions.json,
        ]
    }
}
