import Glibc

/// Descriptors that are kept open together.
package final class DescriptorSet {
    package private(set) var numbers: [Int32] = []
    package init() {}
    deinit { closeAll() }

    package var count: Int { numbers.count }

    package func closeAll() {
        for number in numbers { close(number) }
        numbers = []
    }

    /// Takes over all that another one has.
    package func insert(all others: DescriptorSet) {
        numbers += others.numbers
        others.numbers = []
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
