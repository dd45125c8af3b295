import Core
import Records

extension Host {
    /// A MAC address that somebody has asked for must be nobody else's on its network: the bridge would send the other one's
    /// frames here. Those that follow from addresses belong to these, whether they are in use by now or not.
    /// - Parameter address: of the endpoint that is to have it.
    func checkMAC(
        _ mac: MACAddress, of id: ContainerID, at address: IPAddress?, on network: NetworkDefinition
    ) throws(OperationError) {
        var holder: String?
        let gateway = network.gateways.first
        if let gateway, mac == MACAddress(for: gateway.address) {
            holder = "the network's gateway"
        } else if let gateway, let other = mac.address(in: gateway.network), other != address {
            holder = "whoever has \(other)"
        } else {
            holder = try self.holder(beside: id, on: network) { $0.mac == mac }.map { "container \"\($0)\"" }
        }
        if let holder { throw taken(mac, by: holder, network) }
    }

    private func taken(_ mac: MACAddress, by holder: String, _ network: NetworkDefinition) -> OperationError {
        OperationError(
            "MAC address", mac.description, reason: "it is that of \(holder) on network \(network.name)",
            remedy: "name another one, or none", kind: .conflict)
    }

    /// Link-local addresses are given out by nobody, and must be nobody else's on the network either.
    func checkLinkLocal(
        _ addresses: [IPAddress], of id: ContainerID, on network: NetworkDefinition
    ) throws(OperationError) {
        for address in addresses {
            let holder = try holder(beside: id, on: network) { $0.linkLocal.contains(address) }
            guard let holder else { continue }
            throw OperationError(
                "Address already in use", address.description, reason: "held by container \"\(holder)\"",
                kind: .conflict)
        }
    }

    private func holder(
        beside id: ContainerID, on network: NetworkDefinition, where matches: (Endpoint) -> Bool
    ) throws(OperationError) -> Name? {
        for other in try containerStore.runtimeIDs() where other != id {
            guard let state = (try? containerStore.state(other)) ?? nil, isSupervised(other),
                state.endpoints.contains(where: { $0.networkID == network.id && matches($0) })
            else { continue }
            return ((try? containerStore.definition(other)) ?? nil)?.name
        }
        return nil
    }
}
