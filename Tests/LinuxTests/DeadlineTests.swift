import Core
import Foundation
import Linux
import Testing

@Suite struct DeadlineTests {
    @Test func comesAndMayBeTooFarAway() {
        #expect(Deadline(milliseconds: 0).millisecondsLeft == 0)
        #expect(Deadline(seconds: -1).millisecondsLeft == 0)
        #expect((1...100_000).contains(Deadline(seconds: 100).millisecondsLeft))
        for length in [Int64.max, Int64.max / 1000] { #expect(Deadline(seconds: length).millisecondsLeft == Int32.max) }
    }
}
