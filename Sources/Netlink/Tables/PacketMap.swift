import CNetlink
import Core
import Glibc

/// A map of a table, by which packets of one interface, subnet or port go on to a chain of their own, or to another address: `vmap` and
/// `map` of nft(8). The kernel finds what is meant for a packet at once, however much is in the map.
package struct PacketMap: Hashable, Sendable {
    /// What of a packet is looked up.
    package enum Key: Hashable, Sendable {
        case input, output
        /// The source address, among subnets that do not overlap.
        case source
        /// The transport and the port that it is for, and of a place that is one address this, too.
        case port(of: Place)
        /// The same, among ranges of ports that do not overlap.
        case range(of: Place)
    }

    /// Where a port is.
    package enum Place: Hashable, Sendable { case address, anyAddress }

    package let name: String
    package let key: Key

    package init(_ name: String, _ key: Key) {
        self.name = name
        self.key = key
    }

    /// Whether an element is of more than one key.
    package var isInterval: Bool {
        switch key {
        case .source, .range: true
        case .input, .output, .port: false
        }
    }
}

/// What a map says of one interface, subnet or port.
package struct PacketElement: Equatable, Sendable {
    package enum Key: Hashable, Sendable {
        case interface(String)
        case subnet(Subnet)
        case port(UInt16, PacketDestination)
        case range(ClosedRange<UInt16>, PacketDestination)
    }

    package let key: Key
    /// A verdict, or of a port to which one of which address it goes; a range keeps its ports.
    package let action: PacketRule.Action
    /// As those of `PacketRule`.
    package let comment: String
    package let note: [UInt8]

    package init(_ key: Key, _ action: PacketRule.Action, comment: String = "", note: [UInt8]) {
        self.key = key
        self.action = action
        self.comment = comment
        self.note = note
    }
}

/// Where packets for a port go.
package struct PacketDestination: Hashable, Sendable {
    /// Of IP.
    package let transport: UInt8
    /// Nil: any one.
    package let address: IPAddress?

    package init(_ transport: UInt8, _ address: IPAddress?) {
        self.transport = transport
        self.address = address
    }

    fileprivate func overlaps(_ other: PacketDestination) -> Bool {
        transport == other.transport && (address == nil || other.address == nil || address == other.address)
    }

    fileprivate var bytes: [UInt8] { [transport, 0, 0, 0] + (address?.bytes ?? []) }
}

// MARK: - Keys

extension PacketElement {
    /// A key, as the kernel has it: each part of several fills whole registers of four bytes.
    package struct Bounds: Hashable, Sendable {
        /// Where an interval begins. Nothing of an element that is for all keys.
        package let first: [UInt8]
        /// The last one, of a range that says so.
        package let last: [UInt8]?
    }
}

extension PacketElement.Key {
    /// Names are filled up with zeros (IFNAMSIZ).
    package var bounds: PacketElement.Bounds {
        switch self {
        case .interface(let name):
            .init(first: Array((Array(name.utf8) + [UInt8](repeating: 0, count: 16)).prefix(16)), last: nil)
        case .subnet(let subnet): .init(first: subnet.first.bytes, last: nil)
        case .port(let port, let destination): .init(first: destination.bytes + port.registerBytes, last: nil)
        case .range(let ports, let destination):
            .init(
                first: destination.bytes + ports.lowerBound.registerBytes,
                last: destination.bytes + ports.upperBound.registerBytes)
        }
    }

    /// The address behind a subnet, where the interval ends; nil where there is none, and of all else.
    var end: [UInt8]? {
        guard case .subnet(let subnet) = self else { return nil }
        return subnet.last.advanced(by: 1)?.bytes
    }

    /// Nil of an element of which more is a range than its ports.
    /// - Parameter family: of the address that is in the key.
    package init?(ports bounds: PacketElement.Bounds, _ family: AddressFamily?) {
        let place = 4 + (family.map { $0.bits / 8 } ?? 0)
        let (first, last) = (PacketBytes(bounds.first), PacketBytes(bounds.last ?? bounds.first))
        guard let transport = first.uint8(0), first.bytes.prefix(place) == last.bytes.prefix(place),
            let lower = first.port(place), let upper = last.port(place), lower <= upper
        else { return nil }
        let destination = PacketDestination(transport, family.flatMap { first.address(4, $0) })
        self = bounds.last == nil ? .port(lower, destination) : .range(lower...upper, destination)
    }

    /// Whether one packet may be for both: a map of intervals cannot have both, and of two maps of ports the one that is asked first decides.
    package func overlaps(_ other: Self) -> Bool {
        if case .subnet(let subnet) = self, case .subnet(let other) = other { return subnet.overlaps(other) }
        guard let own = ports, let others = other.ports else { return self == other }
        return own.range.overlaps(others.range) && own.destination.overlaps(others.destination)
    }

    private var ports: (range: ClosedRange<UInt16>, destination: PacketDestination)? {
        switch self {
        case .port(let port, let destination): (port...port, destination)
        case .range(let ports, let destination): (ports, destination)
        case .interface, .subnet: nil
        }
    }
}

extension UInt16 {
    /// As on the wire, in a register of four bytes.
    var registerBytes: [UInt8] { networkBytes + [0, 0] }
}

// MARK: - Fields

/// A part of a key or of a value, as nft calls it (datatype.h): by its number it shows the elements.
struct PacketMapField {
    let number: UInt32
    /// In bytes.
    let length: Int
    let name: String

    static let interfaceName = PacketMapField(number: 41, length: 16, name: "ifname")
    static let transport = PacketMapField(number: 12, length: 1, name: "inet_proto")
    static let port = PacketMapField(number: 13, length: 2, name: "inet_service")
    static func address(_ family: AddressFamily) -> PacketMapField {
        family == .ipv4
            ? PacketMapField(number: 7, length: 4, name: "ipv4_addr")
            : PacketMapField(number: 8, length: 16, name: "ipv6_addr")
    }
}

extension [PacketMapField] {
    /// Of several parts the numbers stand behind each other (TYPE_BITS).
    var number: UInt32 { reduce(0) { $0 << 6 | $1.number } }
    var length: Int { count == 1 ? self[0].length : reduce(0) { $0 + ($1.length + 3) / 4 * 4 } }
    var name: String { map(\.name).joined(separator: " . ") }
}

extension PacketMap {
    func keyFields(of family: AddressFamily) -> [PacketMapField] {
        switch key {
        case .input, .output: [.interfaceName]
        case .source: [.address(family)]
        case .port(.anyAddress), .range(.anyAddress): [.transport, .port]
        case .port(.address), .range(.address): [.transport, .address(family), .port]
        }
    }

    /// Nil where it is a verdict.
    func valueFields(of family: AddressFamily) -> [PacketMapField]? {
        switch key {
        case .input, .output, .source: nil
        case .port: [.address(family), .port]
        case .range: [.address(family)]
        }
    }

    /// By which the rule that asks the map is found again.
    package var note: [UInt8] { Array(name.utf8) }
}
