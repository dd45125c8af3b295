import Core

extension NetworkRequest {
    /// What was asked for and is otherwise in a network that is there; what was not asked for may be as it is.
    func differences(from network: NetworkDefinition) -> [String] {
        var differences: [String] = []
        func compare(_ what: String, _ asked: String, _ found: String) {
            if asked != found { differences.append("\(what) is \(found), not \(asked)") }
        }
        compare("driver", driver, network.driver)
        for subnet in subnets {
            compare("subnet", "\(subnet.network)", network.gateway(of: subnet.family)?.network.description ?? "none")
            if !gateways.contains(where: { $0.family == subnet.family }), subnet.hasHostBits {
                compare(
                    "gateway", "\(subnet.address)", network.gateway(of: subnet.family)?.address.description ?? "none")
            }
        }
        for gateway in gateways {
            compare("gateway", "\(gateway)", network.gateway(of: gateway.family)?.address.description ?? "none")
        }
        for (what, asked, found) in families(besides: network) { compare(what, asked, found) }
        for range in ranges {
            compare("ip-range", "\(range)", network.range(of: range.family)?.description ?? "the subnet")
        }
        for (name, address) in auxiliary.sorted(by: { $0.key < $1.key }) {
            compare("aux-address \(name)", "\(address)", network.auxiliary[name]?.description ?? "not there")
        }
        if let mtu = options.mtu {
            compare("mtu", "\(mtu)", network.mtu.map { "\($0)" } ?? "that of the default route")
        }
        if let device = options.device { compare("bridge", device, network.device) }
        for (key, value) in options.others {
            compare(key, value, network.options.others.first { $0.key == key }?.value ?? "as usual")
        }
        if let firewall { compare("firewall", firewall.rawValue, network.firewall.rawValue) }
        compare("internal", "\(isInternal)", "\(network.isInternal)")
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
            compare("label \(key)", "\"\(value)\"", network.labels[key].map { "\"\($0)\"" } ?? "not there")
        }
        return differences
    }

    /// Whether members get addresses, and of which families.
    private func families(
        besides network: NetworkDefinition
    ) -> [(what: String, asked: String, found: String)] {
        func word(_ isOn: Bool) -> String { isOn ? "on" : "off" }
        func driver(_ givesAddresses: Bool) -> String { givesAddresses ? "default" : "null" }
        let isKnown = givesAddresses && network.givesAddresses
        return [("IPAM driver", driver(givesAddresses), driver(network.givesAddresses))]
            + (isKnown ? [("IPv4", word(hasIPv4), word(network.enabledFamilies.contains(.ipv4)))] : [])
            + [("IPv6", word(hasIPv6), word(network.enabledFamilies.contains(.ipv6)))]
    }
}

extension NetworkOptions {
    /// Beside the MTU and the device.
    fileprivate var others: [(key: String, value: String)] {
        var others = self
        (others.mtu, others.device) = (nil, nil)
        return others.texts
    }
}
