import Core

extension NetworkRequest {
    /// What was asked for and is otherwise in a network that is there; what was not asked for may be as it is.
    func differences(from network: NetworkDefinition) -> [String] {
        var differences: [String] = []
        func compare(_ what: String, _ asked: String, _ found: String) {
            if asked != found { differences.append("\(what) is \(found), not \(asked)") }
        }
        compare("driver", driver, network.driver)
        if let subnet { compare("subnet", "\(subnet.network)", "\(network.subnet)") }
        let ownGateway = subnet.flatMap { $0.hasHostBits ? $0.address : nil }
        if let gateway = gateway ?? ownGateway { compare("gateway", "\(gateway)", "\(network.gateway.address)") }
        compare("IPv6", hasIPv6 ? "on" : "off", network.gateway6 == nil ? "off" : "on")
        if let subnet6, let found = network.subnet6 { compare("subnet", "\(subnet6.network)", "\(found)") }
        let ownGateway6 = subnet6.flatMap { $0.hasHostBits ? $0.address : nil }
        if let gateway6 = gateway6 ?? ownGateway6, let found = network.gateway6 {
            compare("gateway", "\(gateway6)", "\(found.address)")
        }
        if let mtu { compare("mtu", "\(mtu)", network.mtu.map { "\($0)" } ?? "that of the default route") }
        if let device { compare("bridge", device, network.device) }
        if let firewall { compare("firewall", firewall.rawValue, network.firewall.rawValue) }
        compare("internal", "\(isInternal)", "\(network.isInternal)")
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
            compare("label \(key)", "\"\(value)\"", network.labels[key].map { "\"\($0)\"" } ?? "not there")
        }
        return differences
    }
}
