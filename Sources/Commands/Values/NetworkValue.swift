import Core
import Engine

/// The value of `--network`.
enum NetworkValue {
    /// A name, or `name=NETWORK[,alias=NAME…][,ip=ADDRESS]…`.
    static func choice(_ text: String) throws(OperationError) -> NetworkChoice {
        if text == "container:" {
            throw OperationError("invalid container format container:<name|id>", kind: .invalid)
        }
        // A path may have any byte in it.
        guard try !SimpleValue.nonEmpty(text).hasPrefix("ns:"), text.utf8.contains(UInt8(ascii: "=")) else {
            return NetworkChoice(text == "default" ? "bridge" : text)
        }
        var choice = NetworkChoice("")
        for field in try CommaFields.split(text) {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw invalid("invalid field \(field)") }
            try set(parts[0].lowercased(), parts[1], &choice)
        }
        if choice.network.isEmpty { throw invalid("network name/id is not specified") }
        return choice
    }

    private static func set(
        _ key: String, _ value: String, _ choice: inout NetworkChoice
    ) throws(OperationError) {
        switch key {
        case "name": choice.network = value
        case "alias": choice.aliases.append(try alias(value))
        case "ip": choice.address = try SimpleValue.ipv4Address(value)
        case "ip6": choice.address6 = try SimpleValue.ipv6Address(value)
        case "mac-address": choice.mac = try SimpleValue.mac(value)
        case "link-local-ip": choice.linkLocal.append(try linkLocal(value))
        case "gw-priority": choice.gatewayPriority = try priority(value)
        case "interface-name": choice.interface = try interface(value)
        case "driver-opt": try setOption(value, &choice)
        default:
            throw invalid(
                "invalid field key \(key), there are name, alias, ip, ip6, mac-address, link-local-ip, gw-priority, "
                    + "interface-name and driver-opt")
        }
    }

    /// An option of an endpoint: `com.docker.network.endpoint.ifname=NAME`.
    static func setOption(_ text: String, _ choice: inout NetworkChoice) throws(OperationError) {
        let known = "com.docker.network.endpoint.ifname"
        let (key, value) = try SimpleValue.pair(text)
        guard key == known else { throw invalid("an endpoint has no option \(JSON.quoted(key)), there is \(known)") }
        choice.interface = try interface(value)
    }

    private static func interface(_ text: String) throws(OperationError) -> String {
        guard text.isInterfaceName, text != "lo" else {
            throw OperationError("use a name of 1 to 15 bytes, without /, : or %, and not lo", kind: .invalid)
        }
        return text
    }

    static func linkLocal(_ text: String) throws(OperationError) -> IPAddress {
        guard let address = IPAddress(text), address.isLinkLocal else {
            throw OperationError("use an address from 169.254.1.0 to 169.254.254.255", kind: .invalid)
        }
        return address
    }

    /// Docker's range: that of 32 bits.
    static func priority(_ text: String) throws(OperationError) -> Int {
        Int(try SimpleValue.number(text, in: EndpointWish.priorities, else: "use a whole number of 32 bits"))
    }

    static func alias(_ text: String) throws(OperationError) -> NetworkAlias {
        guard let alias = NetworkAlias(text) else {
            throw OperationError(
                "no host name", reason: "those are letters, digits, - and _, with dots between",
                kind: .invalid)
        }
        return alias
    }

    static func range(_ text: String) throws(OperationError) -> AddressRange {
        guard let range = AddressRange(text) else {
            throw OperationError("use a part of the subnet such as 192.168.10.128/25", kind: .invalid)
        }
        return range
    }

    /// Docker's names, and Podman's.
    /// - Returns: whether such a driver gives containers addresses.
    static func ipamDriver(_ text: String) throws(OperationError) -> Bool {
        switch text {
        case "default", "host-local": return true
        case "null", "none": return false
        default: throw OperationError("failed to find ipam driver: \(text)", kind: .unsupported)
        }
    }

    /// `NAME=ADDRESS`.
    static func auxiliary(_ text: String) throws(OperationError) -> (name: String, address: IPAddress) {
        let (name, value) = try SimpleValue.pair(text)
        return (name, try SimpleValue.address(value))
    }

    private static func invalid(_ reason: String) -> OperationError {
        OperationError("invalid network", reason: reason, kind: .invalid)
    }
}
