import CNetlink
import Core
import Glibc

/// One direction of a flow.
package struct FlowTuple: Equatable, Sendable {
    package var source = IPAddress.anyIPv4
    package var destination = IPAddress.anyIPv4
    /// IPPROTO_*.
    package var transport: UInt8 = 0
    package var sourcePort: UInt16 = 0
    package var destinationPort: UInt16 = 0
}

/// A flow that connection tracking knows: every packet of it is translated as its first one was.
package struct FlowInfo: Equatable, Sendable {
    /// As whoever began it sees it.
    package let original: FlowTuple
    /// As the answers come, before they are translated back.
    package let reply: FlowTuple
    /// The attributes that name it to the kernel, by their types.
    let name: [Int: [UInt8]]
}

extension FlowInfo {
    private static let naming = [CTA_TUPLE_ORIG, CTA_ID, CTA_ZONE].map { Int($0.rawValue) }

    /// - Throws: when the message is no IPCTNL_MSG_CT_NEW or contradicts itself.
    init(_ message: Message) throws(OperationError) {
        guard Int32(message.header.type) == Conntrack.type(IPCTNL_MSG_CT_NEW) else { throw .malformed("flow") }
        var tuples: [Int: FlowTuple] = [:]
        var name: [Int: [UInt8]] = [:]
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            if Self.naming.contains(attribute.type) { name[attribute.type] = Array(attribute.payload) }
            switch attribute.type {
            case Int(CTA_TUPLE_ORIG.rawValue), Int(CTA_TUPLE_REPLY.rawValue):
                tuples[attribute.type] = try FlowTuple(attribute)
            default: break
            }
        }
        guard let original = tuples[Int(CTA_TUPLE_ORIG.rawValue)], let reply = tuples[Int(CTA_TUPLE_REPLY.rawValue)]
        else { throw .malformed("flow") }
        self.init(original: original, reply: reply, name: name)
    }
}

extension FlowTuple {
    fileprivate init(_ tuple: Attribute) throws(OperationError) {
        self.init()
        var parts = tuple.nested()
        while let part = try parts.next() {
            var values = part.nested()
            while let value = try values.next() {
                switch part.type {
                case Int(CTA_TUPLE_IP.rawValue): try takeAddress(value)
                case Int(CTA_TUPLE_PROTO.rawValue): try takeTransport(value)
                default: break
                }
            }
        }
    }

    private mutating func takeAddress(_ attribute: Attribute) throws(OperationError) {
        switch attribute.type {
        case Int(CTA_IP_V4_SRC.rawValue): source = try attribute.address(of: .ipv4)
        case Int(CTA_IP_V4_DST.rawValue): destination = try attribute.address(of: .ipv4)
        case Int(CTA_IP_V6_SRC.rawValue): source = try attribute.address(of: .ipv6)
        case Int(CTA_IP_V6_DST.rawValue): destination = try attribute.address(of: .ipv6)
        default: break
        }
    }

    private mutating func takeTransport(_ attribute: Attribute) throws(OperationError) {
        switch attribute.type {
        case Int(CTA_PROTO_NUM.rawValue): transport = try attribute.uint8()
        case Int(CTA_PROTO_SRC_PORT.rawValue): sourcePort = try attribute.port()
        case Int(CTA_PROTO_DST_PORT.rawValue): destinationPort = try attribute.port()
        default: break
        }
    }
}
