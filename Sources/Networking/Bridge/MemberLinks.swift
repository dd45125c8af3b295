import Core
import Glibc
import Linux
import Netlink

/// The links by which members are on a bridge, whoever has made that.
extension WantedBridges.Network {
    func lack(
        _ subject: BridgeDifference.Subject, _ what: String, _ why: String, _ remedy: BridgeDifference.Remedy
    ) -> BridgeDifference {
        BridgeDifference(subject: subject, what: what, why: why, remedy: remedy, network: definition.id)
    }

    func memberDifferences(on bridge: LinkInfo, _ observed: ObservedBridges) -> [BridgeDifference] {
        members.compactMap { difference(of: $0, on: bridge, observed) }
    }

    /// The first one of a member's link: what puts that right sees to the rest.
    private func difference(
        of member: NetworkMember, on bridge: LinkInfo, _ observed: ObservedBridges
    ) -> BridgeDifference? {
        let name = member.endpoint.hostInterface
        let link = observed.link(name)
        guard let link, link.info.master == bridge.index else {
            let index = link?.info.kind == "veth" ? link?.info.index : nil
            let why = "it should be on bridge \(bridge.name) for container \(member.id.short)"
            return lack(
                .veth, name,
                index == nil ? "\(why), and is gone (\(Program.current.name) restart \(member.id.short))" : why,
                .joinBridge(member, link: index, bridge: bridge.index))
        }
        let index = link.info.index
        // Whether the host has IPv6 is not among what is compared.
        let port = member.endpoint.port(index, hostHasIPv6: false)
        if let state = link.port, !port.isMet(by: state) {
            return lack(
                .veth, name, "it lets in more than container \(member.id.short) may send",
                .guardPort(member, link: index))
        }
        return link.info.isUp ? nil : lack(.veth, name, "it is down", .bringPortUp(member, link: index))
    }
}

extension RouteSocket {
    mutating func observe(
        _ members: [NetworkMember], on bridge: LinkInfo
    ) throws(OperationError) -> [ObservedBridges.Link] {
        var links: [ObservedBridges.Link] = []
        for member in members {
            guard let link = try link(.named(member.endpoint.hostInterface)) else { continue }
            let state = link.master == bridge.index ? try portOfLink(link.index) : nil
            links.append(ObservedBridges.Link(link, port: state))
        }
        return links
    }

    /// Nil when it has just gone.
    mutating func portOfLink(_ index: Int32) throws(OperationError) -> PortState? {
        do throws(OperationError) {
            return try port(index)
        } catch {
            guard error.errno == ENODEV || error.errno == EINVAL else { throw error }
            return nil
        }
    }

    /// What a member's link lacks. One that is gone went with the container's namespace, and nothing brings it back.
    mutating func putLinkRight(_ remedy: BridgeDifference.Remedy) throws(OperationError) {
        switch remedy {
        case .joinBridge(let member, let link?, let bridge):
            guard member.isRunning else { return }
            try unlessGone { netlink throws(OperationError) in
                try netlink.setMaster(.index(link), bridge: bridge)
                try netlink.guardPortAnew(member.endpoint.port(link))
            }
        case .guardPort(let member, let link):
            guard member.isRunning else { return }
            try unlessGone { netlink throws(OperationError) in
                try netlink.guardPortAnew(member.endpoint.port(link))
            }
        case .bringPortUp(let member, let link):
            guard member.isRunning else { return }
            try unlessGone { netlink throws(OperationError) in try netlink.setUp(.index(link)) }
        default: return
        }
    }

    private mutating func unlessGone(
        _ body: (inout RouteSocket) throws(OperationError) -> Void
    ) throws(OperationError) {
        do throws(OperationError) {
            try body(&self)
        } catch {
            // The container has just ended.
            guard error.errno == ENODEV else { throw error }
        }
    }
}
