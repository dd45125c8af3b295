import Core
import Glibc

/// Moments and spans of time, as flags give them.
package enum TimeValue {
    /// Reads `2024-01-02T15:04:05.5Z`, `…+08:00`, the same without zone (local time) or without time,
    /// seconds since 1970 (`1704207845.5`), or a span that is counted back from `now` (`10m`, `1h30m`).
    package static func moment(_ text: String, now: Timestamp) -> Timestamp? {
        if let nanoseconds = nanoseconds(text) { return Timestamp(nanoseconds: nanoseconds) }
        if let span = span(text) { return Timestamp(nanoseconds: now.nanoseconds - span) }
        return date(text)
    }

    /// `1.5` seconds in nanoseconds.
    private static func nanoseconds(_ text: String) -> Int64? {
        guard let first = text.utf8.first, first.isDigit else { return nil }
        return scaled(text[...], by: 1_000_000_000)
    }

    /// Go's ParseDuration: numbers with units, one behind the other.
    package static func span(_ text: String) -> Int64? {
        var rest = text[...]
        var total: Int64 = 0
        while !rest.isEmpty {
            let number = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
            let unit = rest.dropFirst(number.count).prefix { $0 != "." && !("0"..."9").contains($0) }
            guard let scale = nanoseconds(perUnit: unit), let part = scaled(number, by: scale) else { return nil }
            let (sum, overflows) = total.addingReportingOverflow(part)
            guard !overflows else { return nil }
            total = sum
            rest = rest.dropFirst(number.count + unit.count)
        }
        return text.isEmpty ? nil : total
    }

    private static func nanoseconds(perUnit unit: Substring) -> Int64? {
        switch unit {
        case "ns": 1
        case "us", "µs": 1000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        default: nil
        }
    }

    private static func scaled(_ number: Substring, by scale: Int64) -> Int64? {
        let halves = number.split(separator: ".", omittingEmptySubsequences: false)
        let decimals = halves.count == 2 ? halves[1] : "0"
        guard halves.count <= 2, number.utf8.contains(where: \.isDigit), halves[0].utf8.allSatisfy(\.isDigit),
            decimals.utf8.allSatisfy(\.isDigit), let fraction = Double("0.\(decimals)0"),
            let whole = Int64("0" + halves[0])
        else { return nil }
        let (product, overflows) = whole.multipliedReportingOverflow(by: scale)
        let (sum, overflowsToo) = product.addingReportingOverflow(Int64((fraction * Double(scale)).rounded()))
        return overflows || overflowsToo ? nil : sum
    }

    private static func date(_ text: String) -> Timestamp? {
        var rest = text[...]
        guard let year = take(&rest, 4, 1970...2261), drop(&rest, "-"), let month = take(&rest, 2, 1...12),
            drop(&rest, "-"), let day = take(&rest, 2, 1...31)
        else { return nil }
        var fields = tm()
        fields.tm_year = year - 1900
        fields.tm_mon = month - 1
        fields.tm_mday = day
        fields.tm_isdst = -1
        guard let nanoseconds = clock(&rest, &fields), let zone = zone(&rest), rest.isEmpty else { return nil }
        let seconds = zone.map { Int64(timegm(&fields)) - $0 } ?? Int64(mktime(&fields))
        // A day that the month has not was carried over into the next one.
        guard fields.tm_mon == month - 1 || zone == nil else { return nil }
        return Timestamp(nanoseconds: seconds * 1_000_000_000 + nanoseconds)
    }

    /// The time of day goes into `fields`; nothing there is midnight. Returns the nanoseconds.
    private static func clock(_ rest: inout Substring, _ fields: inout tm) -> Int64? {
        guard drop(&rest, "T") || drop(&rest, " ") else { return 0 }
        guard let hour = take(&rest, 2, 0...23), drop(&rest, ":"), let minute = take(&rest, 2, 0...59)
        else { return nil }
        fields.tm_hour = hour
        fields.tm_min = minute
        guard drop(&rest, ":") else { return 0 }
        guard let second = take(&rest, 2, 0...60) else { return nil }
        fields.tm_sec = second
        guard rest.first == "." else { return 0 }
        let fraction = rest.dropFirst().prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(fraction.count + 1)
        return fraction.isEmpty ? nil : scaled("0." + fraction, by: 1_000_000_000)
    }

    /// Seconds east of Greenwich; an inner nil is local time.
    private static func zone(_ rest: inout Substring) -> Int64?? {
        if rest.isEmpty { return .some(nil) }
        if drop(&rest, "Z") { return 0 }
        let sign: Int64 = rest.first == "-" ? -1 : 1
        guard drop(&rest, "+") || drop(&rest, "-"), let hours = take(&rest, 2, 0...14), drop(&rest, ":"),
            let minutes = take(&rest, 2, 0...59)
        else { return nil }
        return sign * Int64(hours * 3600 + minutes * 60)
    }

    private static func take(_ rest: inout Substring, _ width: Int, _ range: ClosedRange<Int32>) -> Int32? {
        let digits = rest.prefix(width)
        guard digits.utf8.count == width, digits.utf8.allSatisfy(\.isDigit), let number = Int32(digits),
            range.contains(number)
        else { return nil }
        rest = rest.dropFirst(width)
        return number
    }

    private static func drop(_ rest: inout Substring, _ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }
}
