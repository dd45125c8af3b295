import Core
import Netlink

/// What this host already routes or has.
package enum HostSubnets {
    /// - Parameter device: of which nothing counts.
    package static func occupants(
        of family: AddressFamily, besides device: String? = nil
    ) throws(OperationError) -> [SubnetChooser.Occupant] {
        var netlink = try RouteSocket()
        var occupants: [SubnetChooser.Occupant] = []
        let own = try device.flatMap { name throws(OperationError) in try netlink.link(.named(name))?.index }
        for address in try netlink.addresses(of: family) where own == nil || address.link != own {
            occupants.append(.init(address.address.network, .address(address.address)))
        }
        for route in try netlink.routes(of: family) where own == nil || route.link != own {
            occupants.append(.init(route.destination, .route))
        }
        return occupants
    }

    /// What an interface has, whoever has given it that; nothing of one that is not there.
    package static func addresses(of device: String) throws(OperationError) -> [IPAddress] {
        var netlink = try RouteSocket()
        guard let index = try netlink.link(.named(device))?.index else { return [] }
        var found: [IPAddress] = []
        for family in AddressFamily.allCases {
            found += try netlink.addresses(of: family).filter { $0.link == index }.map(\.address.address)
        }
        return found
    }

    /// Whether the host has an interface called `name`.
    package static func hasInterface(_ name: String) throws(OperationError) -> Bool {
        var netlink = try RouteSocket()
        return try netlink.link(.named(name)) != nil
    }
}
