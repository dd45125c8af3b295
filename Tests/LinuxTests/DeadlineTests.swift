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

    @Test func oneIsBeforeTheOther() {
        let now = Deadline(milliseconds: 0)
        #expect(
            now < now.later(byMilliseconds: 1)
                && now.later(byMilliseconds: 2) == now.later(byMilliseconds: 1).later(byMilliseconds: 1))
        #expect((1...100_000).contains(now.later(byMilliseconds: 100_000).millisecondsLeft))
        let never = now.later(byMilliseconds: .max)
        #expect(never == never.later(byMilliseconds: 1) && never == Deadline(seconds: .max) && now < never)
    }
}
