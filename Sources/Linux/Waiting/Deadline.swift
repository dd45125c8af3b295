import Glibc

/// A moment of the monotonic clock.
package struct Deadline: Comparable, Sendable {
    /// Of that clock, which goes on through an execve(2).
    package let nanoseconds: Int64

    /// One too far away for the clock never comes.
    package init(milliseconds: Int64) {
        self = Deadline(nanoseconds: Self.now).later(byMilliseconds: milliseconds)
    }

    package init(seconds: Int64) {
        let (milliseconds, isTooLong) = seconds.multipliedReportingOverflow(by: 1000)
        self.init(milliseconds: isTooLong ? Int64.max : milliseconds)
    }

    package func later(byMilliseconds milliseconds: Int64) -> Deadline {
        let (length, isTooLong) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let (moment, isTooLate) = nanoseconds.addingReportingOverflow(length)
        return Deadline(nanoseconds: isTooLong || isTooLate ? Int64.max : moment)
    }

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Deadline, right: Deadline) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Rounded up: 0 only when it has come.
    package var millisecondsLeft: Int32 {
        let left = nanoseconds.subtractingReportingOverflow(Self.now).partialValue
        return Int32(clamping: max(0, left) / 1_000_000 + (left > 0 && left % 1_000_000 > 0 ? 1 : 0))
    }

    /// Milliseconds of that clock.
    package static var millisecondsNow: Int64 { now / 1_000_000 }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
