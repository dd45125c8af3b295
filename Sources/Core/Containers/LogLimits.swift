/// How much of a container's output is kept: `--log-driver` and `--log-opt`.
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

    package init() {}

    /// Docker's name of the way that the output is kept.
    package var driver: String { isKept ? (isLocal ? "local" : Self.driverName) : "none" }

    /// Takes over a `--log-driver`.
    package mutating func setDriver(_ name: String) throws(OperationError) {
        guard [Self.driverName, "local", "none"].contains(name) else {
            throw OperationError("no log driver named '\(name)': use json-file, local or none")
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
        case let name: throw OperationError("unknown log opt '\(name)': use max-size or max-file")
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
        isKept ? ["max-file": String(maximumFiles), "max-size": maximumSize.map(Self.text) ?? "-1"] : [:]
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
    }

    package var json: JSON {
        [
            "kept": .bool(isKept), "local": .bool(isLocal), "maximumSize": .optional(maximumSize),
            "maximumFiles": .number(maximumFiles),
        ]
    }
}
