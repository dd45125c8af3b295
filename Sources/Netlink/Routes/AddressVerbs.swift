import CNetlink
import Core
import Glibc

extension RouteSocket {
    /// Adds an address with its broadcast address to a link.
    ///
    /// - Parameter name: of the link, for the error.
    /// - Throws: EEXIST when it has that address, ENODEV when there is no such link.
    package mutating func addAddress(_ address: Subnet, index: Int32, name: String) throws(OperationError) {
        var batch = RequestBatch(capacity: 128)
        batch.addAddress(address, index: index, name: name)
        try perform(batch)
    }

    /// The addresses of all links.
    package mutating func addresses(of family: AddressFamily) throws(OperationError) -> [AddressInfo] {
        var addresses: [AddressInfo] = []
        for message in try dump({ $0.getAddresses(of: family) }) { addresses.append(try AddressInfo(message)) }
        return addresses
    }

    /// Those of several families, by one request; of none nothing is asked.
    package mutating func addresses(of families: Set<AddressFamily>) throws(OperationError) -> [AddressInfo] {
        try addresses(of: families, onLink: nil)
    }

    /// The same of one link: others may have thousands. None of one that is gone.
    package mutating func addresses(
        of families: Set<AddressFamily>, on link: Int32
    ) throws(OperationError) -> [AddressInfo] {
        do throws(OperationError) {
            return try addresses(of: families, onLink: link)
        } catch {
            guard error.errno == ENODEV else { throw error }
            return []
        }
    }

    private mutating func addresses(
        of families: Set<AddressFamily>, onLink link: Int32?
    ) throws(OperationError) -> [AddressInfo] {
        if families.isEmpty { return [] }
        let family = families.count == 1 ? families.first : nil
        var addresses: [AddressInfo] = []
        for message in try dump({ $0.getAddresses(of: family, on: link) }) {
            // Others than those of IP have addresses, too.
            guard AddressFamily(number: try message.fixedHeader(ifaddrmsg.self).ifa_family) != nil else { continue }
            let info = try AddressInfo(message)
            if link == nil || info.link == link { addresses.append(info) }
        }
        return addresses
    }

    /// The routes of all tables, those to the host's own addresses included.
    package mutating func routes(of family: AddressFamily) throws(OperationError) -> [RouteInfo] {
        var routes: [RouteInfo] = []
        for message in try dump({ $0.getRoutes(of: family) }) { routes.append(try RouteInfo(message)) }
        return routes
    }

    /// The default routes. The host's own addresses, of which each has routes to it, are not told of: there may be thousands.
    package mutating func defaultRoutes(of family: AddressFamily) throws(OperationError) -> [RouteInfo] {
        var routes: [RouteInfo] = []
        for message in try dump({ $0.getRoutes(of: family, type: Int(RTN_UNICAST)) }) {
            let route = try RouteInfo(message)
            if route.isDefault { routes.append(route) }
        }
        return routes
    }

    /// Bytes that fit into a packet to the outside: the MTU of the IPv4 default route or else of its link.
    ///
    /// - Returns: nil when there is no default route.
    package mutating func defaultRouteMTU() throws(OperationError) -> Int? {
        let candidates = try defaultRoutes(of: .ipv4).filter { $0.link != nil }
        guard let route = candidates.min(by: { $0.priority < $1.priority }), let index = route.link else { return nil }
        if let mtu = route.mtu { return mtu }
        return try link(.index(index))?.mtu
    }

    /// Configures a container's namespace, through a socket that was opened in it: one send when the
    /// index of the interface is known, two otherwise.
    ///
    /// - Throws: the first refusal; what the kernel accepted before and after it stays. The namespace is
    ///   of no use then.
    package mutating func configureContainer(_ request: ContainerNetworkRequest) throws(OperationError) {
        var index = request.index
        if index == nil { index = try link(.named(request.interface))?.index }
        guard let index else { throw OperationError("look up link", request.interface, errno: ENODEV) }
        var batch = RequestBatch(capacity: 512)
        batch.configureContainer(request, index: index)
        try perform(batch)
    }
}

extension RouteSocket {
    /// Has what is for elsewhere go by a link that has its address already, by whichever it went before.
    package mutating func routeAll(by request: ContainerNetworkRequest) throws(OperationError) {
        if request.gateways.isEmpty { return }
        guard let index = try link(.named(request.interface))?.index else {
            throw OperationError("look up link", request.interface, errno: ENODEV)
        }
        var batch = RequestBatch(capacity: 256)
        batch.routeAll(request, index: index, replaces: true)
        try perform(batch)
    }
}

extension RequestBatch {
    /// The addresses before `up`, so that the link does not announce itself without one; the routes after it:
    /// their gateways must be reachable.
    mutating func configureContainer(_ request: ContainerNetworkRequest, index: Int32) {
        setUp(.index(Int32(CNETLINK_LOOPBACK_INDEX)), name: "lo")
        for address in request.addresses { addAddress(address, index: index, name: request.interface) }
        for address in request.others { addLinkLocal(address, index: index, name: request.interface) }
        setUp(.index(index), name: request.interface)
        routeAll(request, index: index)
    }

    fileprivate mutating func routeAll(
        _ request: ContainerNetworkRequest, index: Int32, replaces: Bool = false
    ) {
        for gateway in request.gateways {
            addDefaultRoute(
                request.routesByLink ? .link(gateway.family) : .gateway(gateway), index: index, name: request.interface,
                replaces: replaces)
            if request.routesByLink { continue }
            if let mac = request.gatewayMAC { addNeighbour(gateway, mac: mac, index: index, name: request.interface) }
        }
    }
}
