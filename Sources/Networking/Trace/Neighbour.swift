import Core
import Netlink

/// Somebody whose packets come in by a link of this host.
struct Neighbour {
    let link: LinkInfo
    let address: IPAddress

    /// One for each subnet that links have an address in: of links of others, sixteen at most, and of two bridges of ours.
    static func few(_ links: HostLinks, _ addresses: [AddressInfo]) -> [Neighbour] {
        let all = addresses.compactMap { info -> Neighbour? in
            let own = info.address.address
            guard !own.isLoopback, !own.isMappedOrOfLink, let link = links.link(info.link),
                let address = info.address.neighbour
            else { return nil }
            return Neighbour(link: link, address: address)
        }
        let (ours, others) = (all.filter(\.link.isOwnBridge), all.filter { !$0.link.isOwnBridge })
        return Array(others.prefix(16)) + Array(ours.prefix(2))
    }
}

extension Subnet {
    /// Another host's address; nil where there is none.
    var neighbour: IPAddress? {
        let other = hosts.upperBound == address ? hosts.lowerBound : hosts.upperBound
        return other == address ? nil : other
    }
}
