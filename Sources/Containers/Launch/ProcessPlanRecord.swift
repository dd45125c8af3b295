import Core
import Linux

/// A process's plan as a supervisor hands it over to itself: for further rounds, in which nobody is told any more that there is no such
/// program.
extension ProcessPlan: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            command: try reader.string("command"), arguments: try reader.strings("arguments"),
            environment: try reader.strings("environment"), directory: try reader.string("directory"), path: "",
            capabilities: UInt64(bitPattern: try reader.int("capabilities")))
        candidates = try reader.strings("candidates")
        terminalSize = try reader.optionalObject("terminalSize", TerminalSize.init)
        user = try reader.value("user", \.userNumber)
        group = try reader.value("group", \.userNumber)
        groups = try reader.value("groups", \.array).compactMap(\.userNumber)
        noNewPrivileges = try reader.bool("noNewPrivileges")
        seccomp = try reader.optional("seccomp", \.bytes)
        ulimits = try reader.objects("ulimits", ResourceUlimit.init)
        usesInit = try reader.bool("usesInit")
        diesWithParent = try reader.bool("diesWithParent")
        oomScore = Int32(try reader.int("oomScore", in: -1000...1000))
    }

    package var json: JSON {
        [
            "command": .string(command), "arguments": .strings(arguments), "environment": .strings(environment),
            "directory": .string(directory), "capabilities": .int(Int64(bitPattern: capabilities)),
            "candidates": .strings(candidates), "terminalSize": terminalSize?.json ?? .null, "user": .number(user),
            "group": .number(group), "groups": .array(groups.map { .number($0) }),
            "noNewPrivileges": .bool(noNewPrivileges), "seccomp": seccomp.map { .bytes($0) } ?? .null,
            "ulimits": .array(ulimits.map(\.json)), "usesInit": .bool(usesInit),
            "diesWithParent": .bool(diesWithParent), "oomScore": .number(oomScore),
        ]
    }
}

extension TerminalSize: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            rows: UInt16(try reader.int("rows", in: 0...0xffff)),
            columns: UInt16(try reader.int("columns", in: 0...0xffff)))
    }
    package var json: JSON { ["rows": .number(rows), "columns": .number(columns)] }
}

extension JSON {
    fileprivate var userNumber: UInt32? { int.flatMap { UInt32(exactly: $0) } }

    /// Any bytes: each is two letters from "a" to "p".
    package static func bytes(_ bytes: [UInt8]) -> JSON {
        .string(String(decoding: bytes.flatMap { [0x61 + $0 >> 4, 0x61 + $0 & 0xf] }, as: UTF8.self))
    }

    package var bytes: [UInt8]? {
        guard let digits = string.map({ Array($0.utf8) }), digits.count % 2 == 0,
            digits.allSatisfy({ (0x61...0x70).contains($0) })
        else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { (digits[$0] - 0x61) << 4 | (digits[$0 + 1] - 0x61) }
    }
}
