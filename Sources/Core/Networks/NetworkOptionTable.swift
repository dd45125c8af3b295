extension NetworkOption {
    static func named(_ name: String, of driver: String) -> NetworkOption? {
        all.first { $0.names.contains(name) && $0.isOffered(by: driver) }
    }

    // Of the names that two have the first one is that of a network without a driver.
    static let all =
        common + bridge + beside + [
            mode(["mode"], "bridge", [NetworkOptions.managed, NetworkOptions.unmanaged])
        ]

    private static let bridgePrefix = "com.docker.network.bridge."
    static let bridgeName = bridgePrefix + "name"
    static let bridgeNameForm = #"use a name of 1 to 15 bytes, without /, :, %, *, " or \, and without + at its end"#

    private static let common = [
        NetworkOption(
            names: ["com.docker.network.driver.mtu", "mtu"], drivers: nil, form: "use an MTU from 68 to 65535",
            // 68 is the least that IPv4 works with (RFC 791).
            read: { text, options in
                options.mtu = Decimal.parse(text, in: 68...65_535)
                return options.mtu != nil
            }, text: { $0.mtu.map { "\($0)" } }),
        NetworkOption(
            names: ["com.docker.network.container_iface_prefix"], drivers: nil,
            form: "use a name of 1 to 12 bytes, without /, : or %",
            read: { text, options in
                options.interfacePrefix = text
                // Three digits fit behind it.
                return (text + "000").isInterfaceName && !text.isEmpty
            }, text: { $0.interfacePrefix == "eth" ? nil : $0.interfacePrefix }),
        toggle("no_default_route", nil, \.hasDefaultRoute, isInverse: true),
    ]

    private static let bridge = [
        NetworkOption(
            names: [bridgeName, "name"], drivers: ["bridge"], form: bridgeNameForm,
            read: { text, options in
                options.device = text
                return text.isInterfaceName
            }, text: \.device),
        toggle(bridgePrefix + "enable_icc", ["bridge"], \.membersMeet),
        toggle(bridgePrefix + "enable_ip_masquerade", ["bridge"], \.masquerades),
        toggle(bridgePrefix + "inhibit_ipv4", ["bridge"], \.givesHostAddress, isInverse: true),
        NetworkOption(
            names: [bridgePrefix + "host_binding_ipv4"], drivers: ["bridge"], form: "use an IPv4 address of this host",
            read: { text, options in
                options.hostBinding = IPAddress(text)
                return options.hostBinding.map { $0.family == .ipv4 && $0.isUnicast } ?? false
            }, text: { $0.hostBinding?.description }),
        gatewayMode("ipv4", \.gatewayMode, NetworkOptions.GatewayMode.allCases),
        gatewayMode("ipv6", \.gatewayMode6, [.nat, .unprotected, .routed]),
        NetworkOption(
            names: [bridgePrefix + "trusted_host_interfaces"], drivers: ["bridge"],
            form: "use names of interfaces with : between them",
            read: { text, options in
                options.trustedInterfaces = text.split(separator: ":", omittingEmptySubsequences: false).map(
                    String.init)
                return options.trustedInterfaces.allSatisfy(\.isInterfaceName)
            }, text: { $0.trustedInterfaces.isEmpty ? nil : $0.trustedInterfaces.joined(separator: ":") }),
        // Networks are always kept apart.
        NetworkOption(
            names: ["isolate"], drivers: ["bridge"],
            form: "it is always true: for a way in there is \(bridgePrefix)gateway_mode_ipv4=nat-unprotected",
            read: { text, _ in text == "strict" || truth(text) == true }, text: { _ in nil }),
    ]

    private static func gatewayMode(
        _ family: String, _ member: any WritableKeyPath<NetworkOptions, NetworkOptions.GatewayMode> & Sendable,
        _ modes: [NetworkOptions.GatewayMode]
    ) -> NetworkOption {
        NetworkOption(
            names: [bridgePrefix + "gateway_mode_" + family], drivers: ["bridge"],
            form: "there are \(modes.map(\.rawValue).joined(separator: ", "))",
            read: { text, options in
                guard let mode = NetworkOptions.GatewayMode(rawValue: text), modes.contains(mode) else { return false }
                options[keyPath: member] = mode
                return true
            }, text: { $0[keyPath: member] == .nat ? nil : $0[keyPath: member].rawValue })
    }

    private static let beside = [
        NetworkOption(
            names: ["parent"], drivers: ["macvlan", "ipvlan"], form: "use the name of an interface of this host",
            read: { text, options in
                options.parent = text
                return text.isInterfaceName
            }, text: \.parent),
        mode(["macvlan_mode", "mode"], "macvlan", ["bridge", "private", "vepa", "passthru"]),
        mode(["ipvlan_mode", "mode"], "ipvlan", ["l2", "l3", "l3s"]),
    ]

    /// - Parameter modes: the usual one first.
    private static func mode(_ names: [String], _ driver: String, _ modes: [String]) -> NetworkOption {
        NetworkOption(
            names: names, drivers: [driver], form: "there are \(modes.joined(separator: ", "))",
            read: { text, options in
                options.mode = text == modes[0] ? nil : text
                return modes.contains(text)
            }, text: { $0.mode.flatMap { modes.contains($0) ? $0 : nil } })
    }

    private static func toggle(
        _ name: String, _ drivers: [String]?, _ member: any WritableKeyPath<NetworkOptions, Bool> & Sendable,
        isInverse: Bool = false
    ) -> NetworkOption {
        NetworkOption(
            names: [name], drivers: drivers, form: "use true or false",
            read: { text, options in
                guard let isOn = truth(text) else { return false }
                options[keyPath: member] = isOn != isInverse
                return true
            },
            // All of them are on as usual.
            text: { $0[keyPath: member] ? nil : isInverse ? "true" : "false" })
    }

    /// As Go's strconv.ParseBool reads it.
    private static func truth(_ text: String) -> Bool? {
        if ["1", "t", "T", "true", "TRUE", "True"].contains(text) { return true }
        return ["0", "f", "F", "false", "FALSE", "False"].contains(text) ? false : nil
    }
}
