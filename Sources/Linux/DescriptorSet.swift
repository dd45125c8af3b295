import CLinux
import Glibc

/// Descriptors that are kept open together.
package final class DescriptorSet {
    private var numbers: [Int32] = []
    package init() {}
    deinit { closeAll() }

    package var count: Int { numbers.count }

    package func closeAll() {
        for number in numbers { close(number) }
        numbers = []
    }

    /// Gives copies of the first ones, and a byte, to whoever has the other end of a socket pair.
    package func send(_ byte: UInt8, by end: borrowing Descriptor) {
        let first = Array(numbers.prefix(Int(CLINUX_MAX_PASSED)))
        _ = LocalSocket.send([byte], passing: first, to: end.number)
    }

    /// Takes over an open descriptor.
    package func insert(_ number: Int32) { numbers.append(number) }
    /// - Returns: its number, which stays valid as long as this set.
    @discardableResult
    package func insert(_ descriptor: consuming Descriptor) -> Int32 {
        let number = descriptor.release()
        numbers.append(number)
        return number
    }
}
