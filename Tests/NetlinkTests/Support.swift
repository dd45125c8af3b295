import Core
import Testing

@testable import Netlink

/// Bytes from annotated text: hex digits up to a `;` on each line, the rest of the line is comment.
func golden(_ text: String) -> [UInt8] {
    text.split(separator: "\n").flatMap { line in
        line.prefix { $0 != ";" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }
}

/// What a batch would send, in lines of four bytes, as a failed comparison shows it best.
func lines(_ bytes: [UInt8]) -> [String] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
        bytes[start..<min(start + 4, bytes.count)]
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}

func encoded(_ build: (inout RequestBatch) throws -> Void) rethrows -> [String] {
    var batch = RequestBatch()
    try build(&batch)
    return lines(batch.bytes)
}

// Replies as the kernel writes them, put together without libmnl.

func u16(_ number: UInt16) -> [UInt8] { [UInt8(number & 0xff), UInt8(number >> 8)] }
func u32(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(number >> (8 * $0) & 0xff) } }
func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + Array(repeating: 0, count: (4 - bytes.count % 4) % 4) }

func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
    padded(u16(UInt16(4 + payload.count)) + u16(type) + payload)
}
func text(_ string: String) -> [UInt8] { Array(string.utf8) + [0] }

func message(_ type: UInt16, flags: UInt16 = 0, sequence: UInt32 = 7, port: UInt32 = 99, _ payload: [UInt8]) -> [UInt8]
{
    padded(u32(UInt32(16 + payload.count)) + u16(type) + u16(flags) + u32(sequence) + u32(port) + payload)
}

/// NLMSG_ERROR with NLM_F_CAPPED: the header of the request and, when there is one, NLMSGERR_ATTR_MSG.
func acknowledgement(_ errno: Int32, sequence: UInt32, port: UInt32 = 99, _ words: String? = nil) -> [UInt8] {
    let header = u32(32) + u16(16) + u16(5) + u32(sequence) + u32(0)
    return message(
        2, flags: 0x100 | (words == nil ? 0 : 0x200), sequence: sequence, port: port,
        u32(UInt32(bitPattern: -errno)) + header + (words.map { attribute(1, text($0)) } ?? []))
}

/// A struct ifinfomsg.
func linkHeader(index: Int32, flags: UInt32 = 1) -> [UInt8] {
    u32(0) + u32(UInt32(bitPattern: index)) + u32(flags) + u32(0)
}

/// RTM_NEWLINK of a veth.
func vethReply(sequence: UInt32 = 7, port: UInt32 = 99) -> [UInt8] {
    message(
        16, sequence: sequence, port: port,
        linkHeader(index: 13) + attribute(3, text("veth1a2b")) + attribute(1, [2, 0x42, 10, 77, 0, 2])
            + attribute(4, u32(1450)) + attribute(10, u32(12)) + attribute(5, u32(2))
            + attribute(20, text("mydocker:ab")) + attribute(16, [6])
            + attribute(18, attribute(1, text("veth"))))
}

func parsed<Value>(
    _ datagram: [UInt8], _ read: (Message) throws(OperationError) -> Value
) throws -> Value {
    let messages = try Message.all(in: datagram)
    return try read(try #require(messages.first))
}
