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

/// The names of the containers on a container's networks, as the records have them at this moment: what is remembered of them
/// is what they say still, so nothing is late: one whose program or supervisor is killed is where it was until that has ended.
extension ContainerRun {
    package func meaning(of name: DomainName) -> NameMeaning {
        let text = name.text
        let own = state.endpoints.filter(\.hasNames)
        let whole = meaning(of: text, among: own)
        if whole != .foreign { return whole }
        // `web.front` is `web` on the network `front`.
        for endpoint in own where text.lowercased().hasSuffix(".\(endpoint.network.text.lowercased())") {
            let start = String(text.dropLast(endpoint.network.text.count + 1))
            let meaning = meaning(of: start, among: [endpoint])
            return meaning == .foreign ? .absent : meaning
        }
        return .foreign
    }

    private func meaning(of text: String, among own: [Endpoint]) -> NameMeaning {
        let alias = NetworkAlias(text)
        let owners = owners(of: text, alias, on: own)
        var addresses = owners.named.map { places(of: $0, beside: own) { _ in true } } ?? []
        if let alias {
            for (endpoint, holders) in zip(own, owners.holders) {
                for other in holders {
                    addresses += places(of: other, beside: [endpoint]) { $0.aliases.contains(alias) }
                }
            }
        }
        var seen: Set<IPAddress> = []
        let found = addresses.filter { seen.insert($0).inserted }
        if !found.isEmpty { return .addresses(found) }
        // One that rests has its aliases still.
        if owners.holders.contains(where: { !$0.isEmpty }) { return .absent }
        return owners.named.map { isToBe($0, on: own) } ?? false ? .absent : .foreign
    }

    private func owners(of text: String, _ alias: NetworkAlias?, on own: [Endpoint]) -> NameOwners {
        if let link = definition.names.links.first(where: { $0.alias.text.lowercased() == text.lowercased() }) {
            return NameOwners(named: link.container, holders: own.map { holders(of: alias, on: $0) ?? [] })
        }
        var found = names.owners(
            of: text, on: own.map(\.networkID),
            in: [host.layout.names] + own.compactMap { directory(of: alias, on: $0) }
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

    private func directory(of alias: NetworkAlias?, on endpoint: Endpoint) -> String? {
        guard let alias, let network = plan.networks.first(where: { $0.id == endpoint.networkID }) else { return nil }
        return host.layout.alias(alias, network)
    }

    /// Nil when they could not be read.
    private func holders(of alias: NetworkAlias?, on endpoint: Endpoint) -> [ContainerID]? {
        guard let directory = directory(of: alias, on: endpoint) else { return [] }
        return Host.holders(in: directory)
    }

    /// Where a container is, on one of these networks. One whose program has ended, or that rests, is nowhere; this one, which
    /// may be about to begin, is where it is.
    private func places(
        of other: ContainerID, beside own: [Endpoint], where isWanted: (Endpoint) -> Bool
    ) -> [IPAddress] {
        return endpoints(of: other).filter { place in
            own.contains { $0.networkID == place.networkID } && isWanted(place)
        }.flatMap(\.addresses)
    }

    private func endpoints(of other: ContainerID) -> [Endpoint] {
        other == id ? state.endpoints : neighbours.endpoints(of: other, on: host)
    }

    private func isToBe(_ other: ContainerID, on own: [Endpoint]) -> Bool {
        let wishes = ((try? host.containerStore.definition(other)) ?? nil)?.networkMode.wishes ?? []
        return wishes.contains { wish in own.contains { $0.network == wish.network } }
    }

    // MARK: Addresses

    /// `web.front` of the address that `web` has on the network `front`.
    package func meaning(of address: IPAddress) -> NameMeaning {
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

extension NameLinks {
    /// Names in questions may have other capitals than they were given.
    fileprivate func owner(spelled text: String) -> ContainerID? {
        let small = text.lowercased()
        return Name(text).flatMap(owner) ?? (small == text ? nil : Name(small).flatMap(owner))
    }
}
