import Glibc

/// Descriptors that are kept open together.
package final class DescriptorSet {
    private var numbers: [Int32] = []
    package init() {}
    deinit { for number in numbers { close(number) } }

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
