import Core
import Glibc

extension Event {
    /// The line of `docker events`.
    package var line: String {
        let words = [HumanText.localMoment(time), kind.rawValue, action, actor]
        let pairs = attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return words.joined(separator: " ") + (pairs.isEmpty ? "" : " (\(pairs.joined(separator: ", ")))")
    }

    /// The form of Docker's API.
    package var told: JSON {
        var members: [(key: String, value: JSON)] = []
        // As the first versions of that API had it, for what there was then.
        if kind == .container || kind == .image {
            members += [("status", .string(action)), ("id", .string(actor))]
            if let image = attributes["image"], kind == .container { members.append(("from", .string(image))) }
        }
        members += [
            ("Type", .string(kind.rawValue)), ("Action", .string(action)),
            ("Actor", ["ID": .string(actor), "Attributes": attributes.json]), ("scope", "local"),
            ("time", .int(time.nanoseconds / 1_000_000_000)), ("timeNano", .int(time.nanoseconds)),
        ]
        return .object(members)
    }
}

extension HumanText {
    /// RFC 3339 with nine decimals, in the caller's time zone.
    static func localMoment(_ moment: Timestamp) -> String {
        LocalTime(moment).rfc3339(decimals: 9)
    }
}
