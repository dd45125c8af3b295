/// What this host's administrator has settled for all commands (`/etc/mydocker/config.json`). Keys are those of Docker's
/// daemon.json where there is one. A flag, an option of a network and a variable of the environment come before.
package struct HostConfiguration: Equatable, Sendable {
    /// Where the subnets of networks are chosen that ask for none of its family.
    package struct AddressPool: Equatable, Sendable {
        package let base: Subnet
        /// Of each subnet; from the base's own to 30, of IPv6 to 126, as a gateway and a container need room.
        package let prefixLength: Int

        package init(base: Subnet, prefixLength: Int) {
            self.base = base
            self.prefixLength = prefixLength
        }
    }

    /// Who has the rules of new networks; nil: found out.
    package var firewall: FirewallBackend?
    /// Where `-p` publishes when nothing says so; nil: at all addresses.
    package var publishAddress: IPAddress?
    /// None of a family: mydocker's own.
    package var addressPools: [AddressPool] = []

    /// Bytes that an image may have when it is unpacked; nil: what is usual.
    package var maximumImageSize: Int64?

    package init() {}

    private static let keys = ["firewall-backend", "ip", "default-address-pools", "max-image-size"]

    package init(_ json: JSON) throws(RecordError) {
        let reader = try RecordReader(json)
        for (key, _) in json.members ?? [] where !Self.keys.contains(key) {
            throw RecordError("there is no key \"\(key)\"; there are \(Self.keys.joined(separator: ", "))")
        }
        firewall = try reader.setting("firewall-backend", "iptables, nftables or none", FirewallBackend.init)
        publishAddress = try reader.setting("ip", "an address of IPv4 such as 127.0.0.1, or 0.0.0.0 for all") { text in
            IPAddress(text).flatMap { $0.family == .ipv4 && ($0.isUnicast || $0.isUnspecified) ? $0 : nil }
        }
        maximumImageSize = try reader.setting("max-image-size", "a size in quotation marks, such as \"20g\"") { text in
            ByteCount.parse(text).flatMap { $0 > 0 ? $0 : nil }
        }
        addressPools = try reader.optionalObjects("default-address-pools") { pool throws(RecordError) in
            let base = try pool.text("base") { Subnet($0).flatMap { $0.isForNetworks ? $0 : nil } }
            let longest = base.family == .ipv4 ? 30 : min(126, base.prefixLength + Self.countedBits)
            guard base.prefixLength <= longest else { throw RecordError("default-address-pools: \(base) has no room") }
            let length = try pool.int("size", in: Int64(base.prefixLength)...Int64(longest))
            return AddressPool(base: base.network, prefixLength: Int(length))
        }
    }

    /// So many subnets of one pool, as a power of 2, have a number.
    private static let countedBits = 62
}

extension Subnet {
    /// Not those of nobody, of this host and of groups; of IPv6 not those of a link and what is mapped from IPv4 either.
    fileprivate var isForNetworks: Bool {
        guard prefixLength >= 8, first.isUnicast else { return false }
        return switch family {
        case .ipv4: first.number >> 24 != 0 && !first.isLoopback
        case .ipv6: first.number >> 120 != 0 && !first.isOfLink
        }
    }
}
