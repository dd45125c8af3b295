import Core
import Netlink

/// Where what is from elsewhere comes in: by the link of the default route, or else by one that has an address.
struct Door {
    let outside: IPAddress
    /// Whose packets come in there for certain: anybody's, or a neighbour's where there is no default route.
    let sender: IPAddress
    let address: IPAddress
    /// Its name.
    let link: String

    init?(_ family: AddressFamily) {
        outside = PacketQuestion.elsewhere(family)
        guard var netlink = try? RouteSocket(), let links = try? netlink.links(),
            let addresses = try? netlink.addresses(of: family)
        else { return nil }
        let uplink = (try? netlink.route(to: outside))?.link
        let own = addresses.filter { info in
            let address = info.address.address
            let isOurs = links.contains { $0.index == info.link && $0.isOwnBridge }
            return !isOurs && !address.isLoopback && !address.isMappedOrOfLink
        }
        guard let place = own.first(where: { $0.link == uplink }) ?? own.first,
            let link = links.first(where: { $0.index == place.link })
        else { return nil }
        (address, self.link) = (place.address.address, link.name)
        sender = uplink == link.index ? outside : place.address.neighbour ?? address
    }
}
