/// What the driver of a network is asked for by `--opt`. What is not said is as in Docker.
package struct NetworkOptions: Equatable, Sendable {
    /// What a bridge does for members of its network and for others.
    package enum GatewayMode: String, Sendable, CaseIterable {
        /// They reach the outside under this host's address, and are reached by published ports.
        case nat
        /// The same, and from elsewhere at their own addresses, too.
        case unprotected = "nat-unprotected"
        /// Nothing is translated: they reach the outside, and are reached at published ports, under their own addresses.
        case routed
        /// This host has no address there, and so neither way.
        case isolated
    }

    /// Bytes; nil is what the default route of this host takes.
    package var mtu: Int?
    /// The bridge's name; nil is the network's where the kernel takes that.
    package var device: String?
    /// Interfaces in containers are called by it and a number.
    package var interfacePrefix = "eth"
    /// Whether containers send by it what is for elsewhere.
    package var hasDefaultRoute = true

    /// Whether members of the network reach each other (`enable_icc`) by other ways than published ports.
    package var membersMeet = true
    /// Whether packets to the outside get this host's address.
    package var masquerades = true
    /// Of this host: where ports are published for which no address is named.
    package var hostBinding: IPAddress?
    /// Whether this host gets the gateway's address (`inhibit_ipv4` is the opposite); else somebody on the network has it.
    package var givesHostAddress = true
    package var gatewayMode = GatewayMode.nat
    /// Of IPv6; none is isolated where the other one is not.
    package var gatewayMode6 = GatewayMode.nat
    /// Of macvlan and ipvlan: the link of this host that members are on; nil is one of the network's own that leads nowhere.
    package var parent: String?
    /// How members on one parent reach each other, as the driver calls it; of a bridge whether it is somebody else's. Nil is as usual.
    package var mode: String?
    /// Interfaces of this host: what comes in by them reaches members at their own addresses.
    package var trustedInterfaces: [String] = []

    package init() {}

    package func gatewayMode(of family: AddressFamily) -> GatewayMode {
        family == .ipv4 ? gatewayMode : gatewayMode6
    }

    /// Of which members are reached at their own addresses.
    package var routedFamilies: Set<AddressFamily> {
        Set(AddressFamily.allCases.filter { gatewayMode(of: $0) == .routed })
    }

    static let managed = "managed"
    /// Podman's word for a bridge that is there before, and is not ours to change.
    package static let unmanaged = "unmanaged"
    package var isUnmanaged: Bool { mode == Self.unmanaged }

    /// Whether this host has an address on the bridge, of our making.
    package var hasHostAddress: Bool { givesHostAddress && gatewayMode != .isolated && !isUnmanaged }
}

// MARK: - As texts

/// One option: what it is called, and what its value means.
struct NetworkOption: Sendable {
    /// Docker's name first, then Podman's. The first one is written.
    let names: [String]
    /// Those that have it; nil is all.
    let drivers: [String]?
    /// What is asked for, for errors.
    let form: String
    /// - Returns: whether the text is a value.
    let read: @Sendable (_ text: String, inout NetworkOptions) -> Bool
    /// Nil where it is as usual.
    let text: @Sendable (NetworkOptions) -> String?

    /// A network that is there for others to be made like it (driver null) has all of them.
    func isOffered(by driver: String) -> Bool { driver == "null" || drivers?.contains(driver) ?? true }
}

extension NetworkOptions {
    /// - Throws: when there is no such option, or it has no such value.
    package init(_ texts: [(key: String, value: String)], driver: String) throws(OperationError) {
        self.init()
        var given: [(key: String, value: String)] = []
        for (key, value) in texts {
            guard let option = NetworkOption.named(key, of: driver) else {
                let known = NetworkOption.all.filter { $0.isOffered(by: driver) }.flatMap(\.names)
                throw OperationError(
                    "driver \(driver) has no option \(JSON.quoted(key))",
                    remedy: "there are \(known.joined(separator: ", "))", kind: .invalid)
            }
            guard option.read(value, &self) else {
                throw OperationError(
                    "\(JSON.quoted(value)) is no value of option \(key)", reason: option.form, kind: .invalid)
            }
            // Of one that is said twice under the same name the last one counts, as in Docker.
            if let other = given.first(where: { option.names.contains($0.key) && $0.key != key && $0.value != value }) {
                throw OperationError(
                    "conflicting options: \(other.key)=\(other.value) and \(key)=\(value) are the same option",
                    remedy: "give one of them", kind: .invalid)
            }
            given.append((key, value))
        }
    }

    /// Of a bridge that is about to be made: what stands for several names in a rule of iptables (`+`) or nftables (`*`), or has no
    /// way to be written in one. Networks that are there go on with such a name.
    package func checkBridgeName() throws(OperationError) {
        guard let device, !isUnmanaged else { return }
        guard device.hasSuffix("+") || device.utf8.contains(where: { #"*"\"#.utf8.contains($0) }) else { return }
        throw OperationError(
            "\(JSON.quoted(device)) is no value of option \(NetworkOption.bridgeName)",
            reason: NetworkOption.bridgeNameForm, kind: .invalid)
    }

    /// By Docker's names, in the order of the table, without what is as usual.
    package var texts: [(key: String, value: String)] {
        NetworkOption.all.compactMap { option in option.text(self).map { (option.names[0], $0) } }
    }
}
