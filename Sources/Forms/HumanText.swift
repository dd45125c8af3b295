import Core

/// Times, sizes and commands in Docker's words.
package enum HumanText {
    /// A span in the words of docker/go-units.
    package static func duration(nanoseconds: Int64) -> String {
        let seconds = nanoseconds / 1_000_000_000
        let minutes = seconds / 60
        let hours = (seconds + 1800) / 3600
        switch true {
        case seconds < 1: return "Less than a second"
        case seconds == 1: return "1 second"
        case seconds < 60: return "\(seconds) seconds"
        case minutes == 1: return "About a minute"
        case minutes < 60: return "\(minutes) minutes"
        case hours == 1: return "About an hour"
        case hours < 48: return "\(hours) hours"
        case hours < 24 * 7 * 2: return "\(hours / 24) days"
        case hours < 24 * 30 * 2: return "\(hours / 24 / 7) weeks"
        case hours < 24 * 365 * 2: return "\(hours / 24 / 30) months"
        default: return "\(seconds / 3600 / 24 / 365) years"
        }
    }

    package static func ago(_ moment: Timestamp, now: Timestamp) -> String {
        duration(nanoseconds: now.nanoseconds(since: moment)) + " ago"
    }

    /// Three digits and a decimal unit: `4.26MB`.
    package static func size(_ bytes: Int64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        var (scale, unit): (Int64, Int) = (1, 0)
        // 999.5 and more would round to four digits.
        while unit < units.count - 1, bytes >= scale * 1000 - (unit == 0 ? 0 : scale / 2) {
            scale *= 1000
            unit += 1
        }
        return digits(bytes, scale) + units[unit]
    }

    /// Four digits and a binary unit: `7.763GiB`.
    package static func binarySize(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var (size, unit) = (Double(bytes), 0)
        while unit < units.count - 1, size >= 1024 {
            size /= 1024
            unit += 1
        }
        return significant(size, digits: 4) + units[unit]
    }

    /// As Go's `%.4g` writes what is below 10 000: rounded, without zeros behind the point.
    private static func significant(_ number: Double, digits: Int) -> String {
        var decimals = digits - 1
        var limit = 10.0
        while number >= limit, decimals > 0 {
            decimals -= 1
            limit *= 10
        }
        let scale = (0..<decimals).reduce(Int64(1)) { scale, _ in scale * 10 }
        let rounded = Int64((number * Double(scale)).rounded(.toNearestOrEven))
        let fraction = String(rounded % scale + scale).dropFirst()
        guard decimals > 0, let last = fraction.lastIndex(where: { $0 != "0" }) else { return String(rounded / scale) }
        return "\(rounded / scale).\(fraction[...last])"
    }

    /// `bytes` / `scale` in three digits, without zeros behind the point.
    private static func digits(_ bytes: Int64, _ scale: Int64) -> String {
        for decimals in [2, 1] where scale > 1 {
            let factor: Int64 = decimals == 2 ? 100 : 10
            let rounded = (bytes / (scale / 1000) * factor + 500) / 1000
            guard rounded < 1000 else { continue }
            let fraction = String(rounded % factor + factor).dropFirst()
            let trimmed = fraction.lastIndex { $0 != "0" }.map { "." + fraction[...$0] } ?? ""
            return "\(rounded / factor)\(trimmed)"
        }
        return String((bytes + scale / 2) / scale)
    }

    /// `text`, or its beginning and an ellipsis when it is longer than `width`.
    package static func cut(_ text: String, _ width: Int) -> String {
        let scalars = text.unicodeScalars
        return scalars.count <= width ? text : String(scalars.prefix(width - 1)) + "…"
    }

    /// Between quotes, with control characters escaped as Go's strconv.Quote does it.
    package static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where TerminalText.isUnsafe(scalar): quoted += TerminalText.escape(scalar)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// A program and its arguments on one line, those with spaces between quotes.
    package static func command(_ arguments: [String]) -> String {
        arguments.enumerated().map { $0.offset > 0 && $0.element.contains(" ") ? "'\($0.element)'" : $0.element }
            .joined(separator: " ")
    }

    /// `2024-04-16 11:00:11 +0000 UTC`
    package static func moment(_ moment: Timestamp) -> String {
        let text = moment.description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) +0000 UTC"
    }

    /// `a=1,b=2`
    package static func labels(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }
}
