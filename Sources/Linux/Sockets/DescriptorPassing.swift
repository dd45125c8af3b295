import CLinux

/// Descriptors that are kept open together, on their way from one process to another.
extension DescriptorSet {
    /// Gives copies of the first ones, and a byte, to whoever has the other end of a socket pair.
    package func send(_ byte: UInt8, by end: borrowing Descriptor) {
        let first = Array(numbers.prefix(Int(CLINUX_MAX_PASSED)))
        _ = LocalSocket.send([byte], passing: first, to: end.number)
    }

    /// Gives copies of all of them, in as many packets of one byte as it takes.
    /// - Returns: whether that went well.
    package func sendAll(by end: borrowing Descriptor) -> Bool {
        let limit = Int(CLINUX_MAX_PASSED)
        for start in stride(from: 0, to: numbers.count, by: limit) {
            let batch = Array(numbers[start..<min(start + limit, numbers.count)])
            guard LocalSocket.send([0], passing: batch, to: end.number) == 0 else { return false }
        }
        return true
    }

    /// Takes over what came with a packet.
    package func insert(_ passed: PassedDescriptors) {
        while let descriptor = passed.take() { insert(descriptor) }
    }
}
