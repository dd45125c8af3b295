import Glibc

/// A moment as clocks on the wall show it.
package struct LocalTime: Equatable, Sendable {
    private let moment: Timestamp
    /// Seconds east of Greenwich.
    private let offset: Int

    /// In the time zone of this process.
    package init(_ moment: Timestamp) {
        var seconds = time_t(moment.nanoseconds / 1_000_000_000)
        var fields = tm()
        localtime_r(&seconds, &fields)
        self.init(moment, offset: fields.tm_gmtoff)
    }

    package init(_ moment: Timestamp, offset: Int) {
        self.moment = moment
        self.offset = offset
    }

    /// `2006-01-02T15:04:05.123456789` of the place.
    private var shifted: String {
        Timestamp(nanoseconds: moment.nanoseconds + Int64(offset) * 1_000_000_000).description
    }

    /// `2006-01-02T15:04:05+07:00`, in UTC with a Z.
    /// - Parameter decimals: of the second, at most nine.
    package func rfc3339(decimals: Int) -> String {
        let shifted = shifted
        let fraction = decimals == 0 ? "" : String(shifted.dropFirst(19).prefix(1 + decimals))
        return shifted.prefix(19) + fraction + zone
    }

    private var zone: String {
        if offset == 0 { return "Z" }
        let (hours, minutes) = (abs(offset) / 3600, abs(offset) / 60 % 60)
        return (offset < 0 ? "-" : "+") + "\(hours < 10 ? "0" : "")\(hours):\(minutes < 10 ? "0" : "")\(minutes)"
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Jan  2 15:04:05`, as in RFC 3164.
    package var stamp: String {
        let fields = shifted.dropLast(11).split { $0 == "-" || $0 == "T" }.suffix(3)
        let (month, day, clock) = (
            fields[fields.startIndex], fields[fields.startIndex + 1], fields[fields.startIndex + 2]
        )
        let name = Self.months[(Int(month) ?? 1) - 1]
        return "\(name) \(day.hasPrefix("0") ? " \(day.dropFirst())" : day) \(clock)"
    }
}
