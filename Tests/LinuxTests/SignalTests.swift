import Core
import Foundation
import Linux
import Testing

@Suite struct SignalTests {
    @Test(arguments: [
        ("TERM", 15), ("SIGTERM", 15), ("term", 15), ("SigTerm", 15), ("15", 15), ("KILL", 9), ("9", 9), ("1", 1),
        ("64", 64),
        ("RTMIN", 34), ("RTMIN+3", 37), ("SIGRTMIN+30", 64), ("RTMAX", 64), ("HUP", 1), ("WINCH", 28), ("CHLD", 17),
        ("RTMAX-1", 63), ("SIGRTMAX-3", 61), ("rtmax-30", 34), ("RTMAX-0", 64), ("CLD", 17), ("SIGIOT", 6),
        ("LOST", 29),
        ("POLL", 29), ("UNUSED", 31), ("INFO", 30),
    ])
    func F9_parses(text: String, number: Int32) { #expect(Signal.parse(text) == number) }

    @Test(arguments: [
        "", "0", "65", "-9", "+9", "09", " 9", "9 ", "SIG", "SIGSIGTERM", "NOPE", "SIG9", "RTMIN+31", "RTMIN+",
        "RTMIN-1", "RTMIN+-1", "RTMAX-31", "RTMAX+1", "RTMAX-", "RTMAX--1", "RTMIN+03", "EMT",
        "TERM\0", "9999999999999999999",
    ])
    func refuses(text: String) { #expect(Signal.parse(text) == nil) }

    @Test func namesRoundTrip() {
        for number in Int32(1)...64 { #expect(Signal.parse(Signal.name(number)) == number) }
        #expect(Signal.name(15) == "SIGTERM")
        // As bash's kill -l has them.
        #expect([6, 17, 29, 30, 31].map(Signal.name) == ["SIGABRT", "SIGCHLD", "SIGIO", "SIGPWR", "SIGSYS"])
        #expect([40, 49, 50, 63].map(Signal.name) == ["SIGRTMIN+6", "SIGRTMIN+15", "SIGRTMAX-14", "SIGRTMAX-1"])
    }
}
