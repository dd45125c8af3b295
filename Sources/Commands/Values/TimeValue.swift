import Core
import Glibc

/// Moments and spans of time, as flags give them.
package enum TimeValue {
    /// Reads `2024-01-02T15:04:05.5Z`, `…+08:00`, the same without zone (local time) or without time,
    /// seconds since 1970 (`1704207845.5`), or a span that is counted back from `now` (`10m`, `1h30m`).
    package static func moment(_ text: String, now: Timestamp) -> Timestamp? {
        if let nanoseconds = nanoseconds(text) { return Timestamp(nanoseconds: nanoseconds) }
        if let span = GoDuration.nanoseconds(text), span >= 0 {
            return Timestamp(nanoseconds: now.nanoseconds - span)
        }
        return date(text)
    }

    /// `1.5` seconds in nanoseconds.
    private static func nanoseconds(_ text: String) -> Int64? {
        guard let first = text.utf8.first, first.isDigit else { return nil }
        return GoDuration.scaled(text[...], by: 1_000_000_000)
    }

    /// A span, in nanoseconds, for a flag: 0 needs no unit, and there may be a sign in front.
    package static func duration(_ text: String) throws(OperationError) -> Int64 {
        guard let nanoseconds = GoDuration.nanoseconds(text) else {
            throw OperationError("use a span of time such as 30s or 1m30s")
        }
        return nanoseconds
    }

    /// How long somebody waits, in milliseconds: `30` seconds, or `1m30s`.
    package static func patience(_ text: String) throws(OperationError) -> Int64 {
        if let seconds = Decimal.parse(text, in: 0...1_000_000_000) { return Int64(seconds) * 1000 }
        guard let nanoseconds = GoDuration.nanoseconds(text), nanoseconds >= 0 else {
            throw OperationError("use seconds, or a span such as 1m30s")
        }
        return nanoseconds / 1_000_000
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
        return fraction.isEmpty ? nil : GoDuration.scaled("0." + fraction, by: 1_000_000_000)
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
