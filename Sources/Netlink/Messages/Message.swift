import CNetlink
import Core
import Glibc

/// One message of a datagram that came from the kernel. Nothing about it is taken on trust.
struct Message {
    let header: cnetlink_message
    private let datagram: [UInt8]

    /// - Throws: when a message says that it is longer than what is left, or shorter than its own header.
    static func all(in datagram: [UInt8]) throws(OperationError) -> [Message] {
        var messages: [Message] = []
        var header = cnetlink_message()
        var offset = 0
        while true {
            let result = datagram.withUnsafeBytes {
                cnetlink_next_message($0.baseAddress, $0.count, &offset, &header)
            }
            guard result >= 0 else { throw .malformed("message") }
            if result == 0 { return messages }
            messages.append(Message(header: header, datagram: datagram))
        }
    }

    /// The fixed header that the payload begins with, such as `ifinfomsg`.
    func fixedHeader<Header: BitwiseCopyable>(_ type: Header.Type) throws(OperationError) -> Header {
        guard header.length >= MemoryLayout<Header>.size else { throw .malformed("header") }
        return datagram.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: header.payload, as: type) }
    }

    var payload: ArraySlice<UInt8> { datagram[header.payload..<header.payload + header.length] }

    /// Whether its payload holds these bytes somewhere.
    func contains(_ bytes: [UInt8]) -> Bool {
        let payload = payload
        return payload.indices.contains { payload[$0...].starts(with: bytes) }
    }

    /// The attributes behind the fixed header of that type.
    func attributes<Header>(after type: Header.Type) throws(OperationError) -> AttributeReader {
        let size = MemoryLayout<Header>.size
        guard header.length >= size else { throw .malformed("header") }
        return AttributeReader(datagram, header.payload + size..<header.payload + header.length)
    }

    /// What NLMSG_ERROR and NLMSG_DONE say: the errno, 0 for success, and the kernel's words.
    func verdict() throws(OperationError) -> Verdict {
        var raw = cnetlink_verdict()
        let result = withUnsafePointer(to: header) { header in
            datagram.withUnsafeBytes { cnetlink_read_verdict($0.baseAddress, header, &raw) }
        }
        guard result == 0 else { throw .malformed("acknowledgement") }
        var text: String?
        var attributes = AttributeReader(datagram, raw.extra..<raw.end)
        while let attribute = try attributes.next() {
            if attribute.type == Int(NLMSGERR_ATTR_MSG.rawValue) { text = attribute.string }
        }
        return Verdict(errno: raw.error, text: text)
    }
}

/// The kernel's answer to one request.
struct Verdict: Equatable {
    /// 0 when it was carried out.
    let errno: Int32
    let text: String?
}

/// Goes through attributes; the bounds of each are checked as it is reached.
struct AttributeReader {
    private let bytes: [UInt8]
    private let end: Int
    private var offset: Int

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    /// - Throws: when the attribute says that it is longer than what is left, or shorter than its own header.
    mutating func next() throws(OperationError) -> Attribute? {
        var header = cnetlink_attribute()
        let result = bytes.withUnsafeBytes { cnetlink_next_attribute($0.baseAddress, end, &offset, &header) }
        guard result >= 0 else { throw .malformed("attribute") }
        guard result > 0 else { return nil }
        return Attribute(
            type: Int(header.type), bytes: bytes, range: header.payload..<header.payload + header.length)
    }
}

struct Attribute {
    let type: Int
    fileprivate let bytes: [UInt8]
    fileprivate let range: Range<Int>

    var payload: ArraySlice<UInt8> { bytes[range] }

    /// Up to the first zero byte; whatever is not UTF-8 is replaced.
    var string: String { String(decoding: payload.prefix { $0 != 0 }, as: UTF8.self) }

    /// Nil unless it is six bytes of a unicast address other than zero.
    var mac: MACAddress? {
        let digits = payload.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return MACAddress(digits.joined(separator: ":"))
    }

    /// - Throws: when it is not one byte.
    func uint8() throws(OperationError) -> UInt8 { try value(UInt8.self) }
    /// - Throws: when it is not two bytes.
    func port() throws(OperationError) -> UInt16 { UInt16(bigEndian: try value(UInt16.self)) }
    /// - Throws: when it is not four bytes.
    func uint32() throws(OperationError) -> UInt32 { try value(UInt32.self) }
    /// - Throws: when it is not eight bytes.
    func uint64() throws(OperationError) -> UInt64 { try value(UInt64.self) }
    func index() throws(OperationError) -> Int32 { try value(Int32.self) }
    /// - Throws: when it is not as many bytes as an address of the family has.
    func address(of family: AddressFamily) throws(OperationError) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: UInt32(bigEndian: try value(UInt32.self)))
        case .ipv6: IPAddress(ipv6: UInt128(bigEndian: try value(UInt128.self)))
        }
    }

    /// The element at `index` of an array of such numbers; nil when it has no so many.
    func uint32(at index: Int) -> UInt32? {
        let offset = range.lowerBound + 4 * index
        guard offset + 4 <= range.upperBound else { return nil }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }

    /// The attributes that it consists of.
    func nested() -> AttributeReader { AttributeReader(bytes, range) }

    /// The struct rtnexthop that it begins with, and the attributes of that hop.
    func firstHop() throws(OperationError) -> (header: rtnexthop, attributes: AttributeReader) {
        let size = MemoryLayout<rtnexthop>.size
        guard range.count >= size else { throw .malformed("next hop") }
        let header = bytes.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: range.lowerBound, as: rtnexthop.self)
        }
        guard (size...range.count).contains(Int(header.rtnh_len)) else { throw .malformed("next hop") }
        let start = range.lowerBound
        return (header, AttributeReader(bytes, start + size..<start + Int(header.rtnh_len)))
    }

    private func value<Value: BitwiseCopyable>(_ type: Value.Type) throws(OperationError) -> Value {
        guard range.count == MemoryLayout<Value>.size else { throw .malformed("attribute") }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: range.lowerBound, as: type) }
    }
}

extension OperationError {
    /// The kernel's reply contradicts itself; this never happens unless memory or the protocol is broken.
    static func malformed(_ part: String) -> OperationError {
        OperationError("read netlink reply", reason: "malformed \(part)")
    }
}
