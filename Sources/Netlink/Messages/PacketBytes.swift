import Core

/// Numbers in the kernel's structures.
package struct PacketBytes: Sendable {
    package let bytes: [UInt8]

    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    package func uint8(_ offset: Int) -> UInt8? { bytes.indices.contains(offset) ? bytes[offset] : nil }

    /// In the host's byte order.
    package func uint16(_ offset: Int) -> UInt16? { value(offset) }
    package func uint32(_ offset: Int) -> UInt32? { value(offset) }
    /// In network byte order.
    package func port(_ offset: Int) -> UInt16? { uint16(offset).map { UInt16(bigEndian: $0) } }
    package func address(_ offset: Int, _ family: AddressFamily) -> IPAddress? {
        switch family {
        case .ipv4: uint32(offset).map { IPAddress(ipv4: UInt32(bigEndian: $0)) }
        case .ipv6: (value(offset) as UInt128?).map { IPAddress(ipv6: UInt128(bigEndian: $0)) }
        }
    }
    /// Up to a zero byte.
    package func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range.clamped(to: 0..<bytes.count)].prefix { $0 != 0 }, as: UTF8.self)
    }

    private func value<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> Value? {
        guard offset >= 0, offset + MemoryLayout<Value>.size <= bytes.count else { return nil }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    }
}
