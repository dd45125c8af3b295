import Core
import Records

extension Host {
    /// A MAC address that somebody has asked for must be nobody else's on its network: the bridge would send the other one's
    /// frames here. Those that follow from addresses belong to these, whether they are in use by now or not.
    /// - Parameter address: of the endpoint that is to have it.
    func checkMAC(
        _ mac: MACAddress, of id: ContainerID, at address: IPAddress, on network: NetworkDefinition
    ) throws(OperationError) {
        var holder: String?
        if mac == MACAddress(for: network.gateway.address) {
            holder = "the network's gateway"
        } else if let other = mac.address(in: network.subnet), other != address {
            holder = "whoever has \(other)"
        } else {
            holder = try self.holder(of: mac, beside: id, on: network).map { "container \"\($0)\"" }
        }
        if let holder { throw taken(mac, by: holder, network) }
    }

    private func taken(_ mac: MACAddress, by holder: String, _ network: NetworkDefinition) -> OperationError {
        OperationError(
            "MAC address", mac.description, reason: "it is that of \(holder) on network \(network.name)",
            remedy: "name another one, or none", kind: .conflict)
    }

    private func holder(
        of mac: MACAddress, beside id: ContainerID, on network: NetworkDefinition
    ) throws(OperationError) -> Name? {
        for other in try containerStore.runtimeIDs() where other != id {
            guard let state = (try? containerStore.state(other)) ?? nil, isSupervised(other),
                state.endpoints.contains(where: { $0.networkID == network.id && $0.mac == mac })
            else { continue }
            return ((try? containerStore.definition(other)) ?? nil)?.name
        }
        return nil
    }
}
