import Core
import Testing

@Suite struct LocalTimeTests {
    /// 2026-01-02T03:04:05.123456789Z
    private let moment = Timestamp(nanoseconds: 1_767_323_045_123_456_789)

    @Test func rfc3339() {
        #expect(LocalTime(moment, offset: 0).rfc3339(decimals: 0) == "2026-01-02T03:04:05Z")
        #expect(LocalTime(moment, offset: 0).rfc3339(decimals: 9) == moment.description)
        #expect(LocalTime(moment, offset: -5 * 3600).rfc3339(decimals: 6) == "2026-01-01T22:04:05.123456-05:00")
        #expect(LocalTime(moment, offset: 5 * 3600 + 1800).rfc3339(decimals: 0) == "2026-01-02T08:34:05+05:30")
    }

    @Test func stampOfRFC3164() {
        #expect(LocalTime(moment, offset: 0).stamp == "Jan  2 03:04:05")
        #expect(LocalTime(moment, offset: -24 * 3600 * 8).stamp == "Dec 25 03:04:05")
    }
}
