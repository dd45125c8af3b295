import Core
import Networking

extension NetworkRequest {
    /// Options that do not go together, or cannot be had yet.
    func checkOptions(of driver: any NetworkDriver) throws(OperationError) {
        try checkFamilies()
        for range in ranges where range.family == .ipv6 && hasIPv4 {
            throw OperationError(
                "invalid ip-range \(range)", reason: "an address of IPv6 goes with one of IPv4",
                remedy: "give a range of these", kind: .unsupported)
        }
        if options.isUnmanaged { try checkUnmanaged() }
        if driver.isBesideHost, firewall.map({ $0 != .none }) ?? false {
            throw invalid(
                "a network of driver \(self.driver) has no firewall: it is beside this host, and not behind it")
        }
        if isConfigOnly { return }
        if options.gatewayMode == .isolated, !isInternal {
            throw invalid("gateway mode 'isolated' can only be used for an internal network", "add --internal")
        }
        try checkGatewayModes()
        if !driver.isBesideHost { try checkFirewall(firewall) }
        if !options.membersMeet, !options.hasHostAddress || !givesAddresses {
            throw invalid("members of a network that do not meet reach this host alone, and it has no address there")
        }
    }

    private func checkFamilies() throws(OperationError) {
        if !givesAddresses { return try checkWithoutAddresses() }
        if !hasIPv4, !hasIPv6 { throw OperationError("IPv4 or IPv6 must be enabled", kind: .invalid) }
        for address in gateways + auxiliary.values where address.family == .ipv6 && !hasIPv6 {
            throw OperationError("\(address) needs --ipv6", kind: .invalid)
        }
        let addresses = subnets.map(\.address) + gateways + auxiliary.values + ranges.map(\.first)
        if !hasIPv4, let address = addresses.first(where: { $0.family == .ipv4 }) {
            throw invalid("--ipv4=false and \(address)")
        }
    }

    /// Nobody would give them out.
    private func checkWithoutAddresses() throws(OperationError) {
        let isNamed = !subnets.isEmpty || !gateways.isEmpty || !ranges.isEmpty || !auxiliary.isEmpty
        if isNamed { throw invalid("--ipam-driver null and addresses: it gives none") }
        if hasIPv6 || !hasIPv4 {
            throw invalid("--ipam-driver null and address families: members have those that they give themselves")
        }
        let modes = AddressFamily.allCases.map(options.gatewayMode)
        guard modes.allSatisfy({ $0 == .nat }), options.hostBinding == nil, options.trustedInterfaces.isEmpty else {
            throw invalid("--ipam-driver null, and an option about what is translated: nothing is")
        }
    }

    private func checkGatewayModes() throws(OperationError) {
        let modes = AddressFamily.allCases.map(options.gatewayMode)
        if options.gatewayMode6 != .nat, !hasIPv6 { throw invalid("a gateway mode of IPv6 needs --ipv6") }
        if options.gatewayMode != .nat, !hasIPv4 { throw invalid("a gateway mode of IPv4, and --ipv4=false") }
        let isOpened = modes.contains { $0 == .unprotected || $0 == .routed }
        if isInternal, isOpened || !options.trustedInterfaces.isEmpty {
            throw invalid(
                "an internal network has no way in: gateway modes nat-unprotected and routed and trusted interfaces are one"
            )
        }
    }

    /// - Parameter firewall: that it is to have; nil: that is not known yet.
    func checkFirewall(_ firewall: FirewallBackend?) throws(OperationError) {
        guard firewall == FirewallBackend.none, let need = options.needOfFirewall(isInternal: isInternal) else {
            return
        }
        throw invalid("\(need.sentence), and it has none", self.firewall == nil ? "name one with --firewall" : nil)
    }

    /// What only rules or settings of ours would bring about.
    private func checkUnmanaged() throws(OperationError) {
        var usual = options
        (usual.mode, usual.device, usual.mtu) = (nil, nil, nil)
        (usual.interfacePrefix, usual.hasDefaultRoute) = ("eth", true)
        if let key = usual.texts.first?.key {
            throw invalid(
                "option \(key) and mode=unmanaged: the bridge is not ours to change, and has no rules of ours")
        }
        guard options.mtu == nil else {
            throw invalid("option mtu and mode=unmanaged: members have the bridge's")
        }
        guard firewall.map({ $0 == .none }) ?? true else {
            throw invalid("--firewall and mode=unmanaged: a bridge that is not ours has no rules of ours")
        }
        guard !isInternal else {
            throw invalid("--internal and mode=unmanaged: who is on a bridge that is not ours is not kept in by us")
        }
    }

    private func invalid(_ sentence: String, _ remedy: String? = nil) -> OperationError {
        OperationError("conflicting options: \(sentence)", remedy: remedy, kind: .invalid)
    }
}

/// What only a firewall brings about, of a network behind this host.
enum FirewallNeed {
    case apart, routed, keptIn

    var sentence: String {
        switch self {
        case .apart: "members of a network are kept apart by its firewall"
        case .routed: "with gateway mode 'routed' a firewall keeps out what is not published"
        case .keptIn: "members of an internal network are kept in by its firewall"
        }
    }

    /// What is so without one.
    var opening: String {
        switch self {
        case .apart: "its members reach each other by way of this host"
        case .routed: "its members are reached at ports that they have not published"
        case .keptIn: "whoever of its members has a route of its own gets out by this host, and others reach them"
        }
    }
}

extension NetworkOptions {
    /// Nil: it can do without.
    func needOfFirewall(isInternal: Bool) -> FirewallNeed? {
        if !membersMeet { return .apart }
        if !routedFamilies.isEmpty { return .routed }
        // Without a default route alone, whoever may make one gets out.
        return isInternal ? .keptIn : nil
    }
}
