import Core

/// The times of headers, in the one form that is to be sent (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Seconds since 1970; nil for every other form.
    package static func seconds(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT", words[1].utf8.count == 2,
            let place = months.firstIndex(of: String(words[2]))
        else { return nil }
        let month = place < 9 ? "0\(place + 1)" : "\(place + 1)"
        let moment = Timestamp(parsing: "\(words[3])-\(month)-\(words[1])T\(words[4])Z")
        return moment.flatMap { $0.nanoseconds < 0 ? nil : $0.nanoseconds / 1_000_000_000 }
    }
}
