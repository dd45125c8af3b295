/// Numbers for questions, which nobody can guess. The kernel is asked for four at once.
final class QuestionNumbers {
    private var bits: UInt64 = 0
    private var left = 0

    func next() -> UInt16 {
        if left == 0 {
            bits = UInt64.random(in: .min ... .max)
            left = 4
        }
        defer {
            bits >>= 16
            left -= 1
        }
        return UInt16(truncatingIfNeeded: bits)
    }
}
