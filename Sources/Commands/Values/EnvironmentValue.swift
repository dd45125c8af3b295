import Core
import Linux

/// Settings of the form `KEY=VALUE`, from flags and files.
package enum EnvironmentValue {
    /// What `-e` takes: with an empty name it means nothing.
    package static func checked(_ text: String) throws(OperationError) -> String {
        guard !text.isEmpty, text.utf8.first != UInt8(ascii: "=") else {
            throw OperationError("invalid environment variable: \(text)")
        }
        return text
    }

    /// The variables of the files, then those of the flags, so that a flag wins. A name alone takes the
    /// value that the caller has for it, and is dropped when the caller has none.
    package static func resolve(
        files: [String], flags: [String], lookUp: (String) -> String?
    ) throws(OperationError) -> [String] {
        var settings: [String] = []
        for file in files { settings += try lines(of: file) }
        return (settings + flags).compactMap { setting in
            setting.utf8.contains(UInt8(ascii: "=")) ? setting : lookUp(setting).map { "\(setting)=\($0)" }
        }
    }

    /// The labels of the files, then those of the flags. A name alone has an empty value.
    package static func labels(files: [String], flags: [String]) throws(OperationError) -> [String: String] {
        var labels: [String: String] = [:]
        var settings: [String] = []
        for file in files { settings += try lines(of: file) }
        for setting in settings + flags {
            let (key, value) = halves(setting)
            labels[key] = value
        }
        return labels
    }

    /// What stands before the first `=`, and what behind it. By bytes: behind it may come what Unicode counts as a part
    /// of it, such as an accent.
    package static func halves(_ setting: String) -> (key: String, value: String) {
        guard let equals = setting.utf8.firstIndex(of: UInt8(ascii: "=")) else { return (setting, "") }
        return (String(setting[..<equals]), String(setting[setting.utf8.index(after: equals)...]))
    }

    private static func lines(of file: String) throws(OperationError) -> [String] {
        try settings(in: Files.read(file), of: file)
    }

    /// Docker's file format: `#` comments, blank lines, space before a name is dropped, space behind a
    /// value belongs to it.
    package static func settings(in bytes: [UInt8], of file: String) throws(OperationError) -> [String] {
        let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
        let bytes = bytes.starts(with: byteOrderMark) ? bytes[3...] : bytes[...]
        var settings: [String] = []
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            let trimmed = (line.last == 0x0d ? line.dropLast() : line).drop(while: isSpace)
            guard let first = trimmed.first, first != UInt8(ascii: "#") else { continue }
            func invalid(_ reason: String) -> OperationError {
                OperationError("read", file, reason: "line \(index + 1): \(reason)")
            }
            guard !trimmed.contains(0) else { throw invalid("a value must not hold a zero byte") }
            let text = String(kernel: trimmed)
            let key = halves(text).key
            guard !key.isEmpty else { throw invalid("no variable name on line '\(text)'") }
            guard !key.utf8.contains(where: isSpace) else { throw invalid("variable '\(key)' contains whitespaces") }
            settings.append(text)
        }
        return settings
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}
