import Core
import IPAM
import Linux
import Records

/// What a name, or an address, is to a container that asks.
package enum NameMeaning: Equatable, Sendable {
    /// Of containers that share a network with it, of both families; in no order.
    case addresses([IPAddress])
    case name(DomainName)
    /// It would be one of ours, and there is none of that name now.
    case absent
    /// Others may know it.
    case foreign
}

/// One of a container's own networks on which it knows others by their names.
private struct OwnNetwork {
    let id: ContainerID
    let name: Name
}

/// The names of the containers on a container's networks, as the records have them at this moment: what is remembered of them
/// is what they say still, so nothing is late: one whose program or supervisor is killed is where it was until that has ended.
extension ContainerRun {
    func meaning(of name: DomainName) -> NameMeaning {
        let text = name.text
        let own = ownNetworks
        let whole = meaning(of: text, among: own)
        if whole != .foreign { return whole }
        // `web.front` is `web` on the network `front`; where there is no such container, a network `dev` has nothing to do with `go.dev`.
        for network in own {
            guard let start = text.start(before: network.name) else { continue }
            return meaning(of: start, among: [network])
        }
        return .foreign
    }

    /// Whether it is `SOMETHING.NETWORK` of a network of the container's: where nobody else knows it, it is absent.
    package func isBelowNetwork(_ name: DomainName) -> Bool {
        let text = name.text
        return ownNetworks.contains { text.start(before: $0.name) != nil }
    }

    private var ownNetworks: [OwnNetwork] {
        var networks: [OwnNetwork] = []
        // By their places: an endpoint is much to copy.
        for index in state.endpoints.indices where state.endpoints[index].hasNames {
            networks.append(OwnNetwork(id: state.endpoints[index].networkID, name: state.endpoints[index].network))
        }
        return networks
    }

    private func meaning(of text: String, among own: [OwnNetwork]) -> NameMeaning {
        let alias = NetworkAlias(text)
        let owners = owners(of: text, alias, on: own)
        var addresses = owners.named.map { places(of: $0, on: own).flatMap(\.addresses) } ?? []
        if let alias {
            let isTaken = !addresses.isEmpty
            for (network, holders) in zip(own, owners.holders) {
                // A mere host name gives way to a container's name.
                for other in holders where !isTaken || wants(other, alias) {
                    let places = places(of: other, on: [network]).filter { $0.aliases.contains(alias) }
                    addresses += places.flatMap(\.addresses)
                }
            }
        }
        if !addresses.isEmpty { return .addresses(addresses.count == 1 ? addresses : Self.eachOnce(addresses)) }
        // One that rests has its aliases still.
        if owners.holders.contains(where: { !$0.isEmpty }) { return .absent }
        return owners.named.map { isToBe($0, on: own) } ?? false ? .absent : .foreign
    }

    private func wants(_ other: ContainerID, _ alias: NetworkAlias) -> Bool {
        let wishes = ((try? host.containerStore.definition(other)) ?? nil)?.networkMode.wishes ?? []
        return wishes.contains { $0.aliases.contains(alias) }
    }

    private static func eachOnce(_ addresses: [IPAddress]) -> [IPAddress] {
        var seen: Set<IPAddress> = []
        return addresses.filter { seen.insert($0).inserted }
    }

    private func owners(of text: String, _ alias: NetworkAlias?, on own: [OwnNetwork]) -> NameOwners {
        let links = plan.definition.names.links
        if let link = links.first(where: { $0.alias.text.lowercased() == text.lowercased() }) {
            return NameOwners(named: link.container, holders: own.map { holders(of: alias, on: $0) ?? [] })
        }
        var found = names.owners(
            of: text, on: own.map(\.id), in: [host.layout.names] + own.compactMap { directory(of: alias, on: $0) }
        ) {
            NameOwners(
                named: host.containerStore.names.owner(spelled: text),
                read: own.map { self.holders(of: alias, on: $0) })
        }
        if found.named == nil { found.named = container(ofShort: text) }
        return found
    }

    private func container(ofShort text: String) -> ContainerID? {
        guard text.utf8.count == id.short.utf8.count, text.utf8.allSatisfy(\.isLowercaseHexDigit) else { return nil }
        return (try? host.containerStore.runtimeIDs())?.first { $0.short == text }
    }

    private func directory(of alias: NetworkAlias?, on own: OwnNetwork) -> String? {
        guard let alias, let network = plan.networks.first(where: { $0.id == own.id }) else { return nil }
        return host.layout.alias(alias, network)
    }

    /// Nil when they could not be read.
    private func holders(of alias: NetworkAlias?, on own: OwnNetwork) -> [ContainerID]? {
        guard let directory = directory(of: alias, on: own) else { return [] }
        return Host.holders(in: directory)
    }

    /// Where a container is, on one of these networks. One whose program has ended, or that rests, is nowhere; this one, which
    /// may be about to begin, is where it is.
    private func places(of other: ContainerID, on own: [OwnNetwork]) -> [NeighbourPlace] {
        let places = other == id ? state.endpoints.map(NeighbourPlace.init) : neighbours.places(of: other, on: host)
        return places.filter { place in own.contains { $0.id == place.network } }
    }

    private func isToBe(_ other: ContainerID, on own: [OwnNetwork]) -> Bool {
        let wishes = ((try? host.containerStore.definition(other)) ?? nil)?.networkMode.wishes ?? []
        return wishes.contains { wish in own.contains { $0.name == wish.network } }
    }

    // MARK: Addresses

    /// `web.front` of the address that `web` has on the network `front`.
    func meaning(of address: IPAddress) -> NameMeaning {
        let own = state.endpoints.first {
            $0.hasNames && $0.subnets.contains { $0.contains(address) }
        }
        guard let own else { return .foreign }
        guard let owner = own.addresses.contains(address) ? id : holder(of: address, on: own.networkID),
            let name = ((try? host.containerStore.definition(owner)) ?? nil)?.name,
            let whole = DomainName("\(name).\(own.network)")
        else { return .absent }
        return .name(whole)
    }

    private func holder(of address: IPAddress, on network: ContainerID) -> ContainerID? {
        guard let network = plan.networks.first(where: { $0.id == network }) else { return nil }
        guard address.family == .ipv4 else { return holder6(of: address, on: network) }
        guard let lease = (try? host.leases(of: network))?.first(where: { $0.address == address }) else { return nil }
        let holder = (try? host.containerStore.runtimeIDs())?.first(where: lease.owner.isContainer)
        return holder.flatMap { host.isSupervised($0) ? $0 : nil }
    }

    private func holder6(of address: IPAddress, on network: NetworkDefinition) -> ContainerID? {
        let members = (try? host.members(of: network)) ?? []
        return members.first { $0.endpoint.address6?.address == address && host.isSupervised($0.id) }?.id
    }
}

extension String {
    /// `web` of `web.front` before the network `front`; questions may have other capitals.
    fileprivate func start(before network: Name) -> String? {
        let start = utf8.dropLast(network.text.utf8.count)
        guard start.last == UInt8(ascii: "."), network.text.utf8.elementsEqual(utf8[start.endIndex...], by: Self.isSame)
        else {
            return nil
        }
        return String(Substring(start.dropLast()))
    }

    private static func isSame(_ one: UInt8, _ other: UInt8) -> Bool {
        one == other || one.isASCIILetter && other.isASCIILetter && one | 0x20 == other | 0x20
    }
}

extension NameLinks {
    /// Names in questions may have other capitals than they were given.
    fileprivate func owner(spelled text: String) -> ContainerID? {
        let small = text.lowercased()
        if let owner = Name(text).flatMap(owner) ?? (small == text ? nil : Name(small).flatMap(owner)) { return owner }
        // What goes on to others has dots, and is not looked for among all names.
        if text.utf8.contains(UInt8(ascii: ".")) { return nil }
        return (try? all())?.first { $0.name.text.lowercased() == small }?.owner
    }
}
