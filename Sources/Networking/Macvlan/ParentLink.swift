import Core
import Glibc
import Linux
import Netlink

/// The link that a network's members are on. One that was named and is there is somebody else's; one that is missing is made with
/// the network and goes with it: `eth0.10` as VLAN 10 of `eth0`, one without a name as a dummy that leads nowhere.
enum ParentState: Equatable {
    case whole
    case missing
    /// Ours, and its maker was killed half way.
    case unmarked(Int32)
    /// Ours, and somebody has taken it down.
    case down(Int32)

    init(of link: LinkInfo?, for network: NetworkDefinition) {
        guard let link else {
            self = .missing
            return
        }
        if network.ownsParent(link), link.alias == nil {
            self = .unmarked(link.index)
        } else {
            self = network.ownsParent(link) && !link.isUp ? .down(link.index) : .whole
        }
    }
}

extension NetworkDefinition {
    var parentAlias: String { "mydocker:\(id.short)" }
    /// By which it is known until it has its alias.
    var parentMAC: MACAddress { ownMAC }

    func ownsParent(_ link: LinkInfo) -> Bool {
        guard link.kind == "vlan" || link.kind == "dummy" else { return false }
        return link.alias == parentAlias || (link.alias == nil && link.mac == parentMAC)
    }

    /// What is made when there is no link of the parent's name; nil where that would be of no known kind.
    /// - Parameter index: of a link by its name.
    func parentRequest(
        _ index: (String) throws(OperationError) -> Int32?
    ) throws(OperationError) -> ParentRequest? {
        if options.parent == nil { return ParentRequest(name: device, mac: parentMAC, kind: .dummy) }
        let parts = device.split(separator: ".", omittingEmptySubsequences: false)
        // 0 and 4095 are no VLANs (IEEE 802.1Q, table 9-2).
        guard parts.count == 2, let number = Decimal.parse(parts[1], in: 1...4094),
            let lower = try index(String(parts[0]))
        else { return nil }
        return ParentRequest(name: device, mac: parentMAC, kind: .vlan(UInt16(number), of: lower))
    }
}

extension MacvlanDriver {
    func restore(_ network: NetworkDefinition, _ netlink: inout RouteSocket) throws(OperationError) {
        let link = try netlink.link(.named(network.device))
        switch ParentState(of: link, for: network) {
        case .whole: if let link { try check(link, network, &netlink) }
        case .missing: try makeParent(of: network, &netlink)
        case .unmarked(let index): try netlink.finishParent(index, alias: network.parentAlias)
        case .down(let index): try netlink.setUp(.index(index))
        }
    }

    func check(
        _ link: LinkInfo, _ network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) {
        try check(link, above: ownBridge(below: link, &netlink), network)
    }

    func ownBridge(below link: LinkInfo, _ netlink: inout RouteSocket) throws(OperationError) -> LinkInfo? {
        try Self.ownBridge(below: link) { index throws(OperationError) in try netlink.link(.index(index)) }
    }

    /// The bridge of a network that a VLAN is on, also where others are between them.
    static func ownBridge(
        below link: LinkInfo, _ find: (Int32) throws(OperationError) -> LinkInfo?
    ) throws(OperationError) -> LinkInfo? {
        var link = link
        // The kernel stacks no more of them (MAX_NEST_DEV); links that change meanwhile may lead in a circle.
        for _ in 0..<8 {
            guard let index = link.below, let lower = try find(index) else { return nil }
            if lower.isOwnBridge { return lower }
            link = lower
        }
        return nil
    }

    /// Of a link that a member is about to be put on. Whoever makes a network is refused that; a bridge may have got the name since, and
    /// releases before have asked nobody.
    /// - Parameter bridge: of a network, which a VLAN is on.
    func check(_ parent: LinkInfo, above bridge: LinkInfo?, for endpoint: Endpoint) throws(OperationError) {
        guard let objection = Self.objection(to: parent, above: bridge) else { return }
        throw OperationError(
            "network \(endpoint.network)", reason: "its parent interface \(JSON.quoted(parent.name)) \(objection)",
            remedy: Self.remedy(endpoint.network), kind: .conflict)
    }

    /// Said of a parent: the rules of another network would not be asked about members of this one. Nil: they would, or there are none.
    static func objection(to parent: LinkInfo, above bridge: LinkInfo?) -> String? {
        if parent.isOwnBridge { return isBridge }
        return bridge.map { "is a VLAN of \(JSON.quoted($0.name)), which \(isBridge)" }
    }

    private static let isBridge = "is the bridge of a network of its own"
    static func remedy(_ network: Name) -> String {
        "use that network, and remove this one: \(Program.current.name) network rm \(network)"
    }

    /// - Parameter bridge: of a network, which a VLAN is on.
    func check(_ link: LinkInfo, above bridge: LinkInfo?, _ network: NetworkDefinition) throws(OperationError) {
        if link.name == "lo" {
            throw OperationError("loopback interface is not a valid \(name) parent link", kind: .invalid)
        }
        if link.alias?.hasPrefix("mydocker:") == true, !network.ownsParent(link), !link.isOwnBridge {
            throw OperationError(
                "parent interface", link.name, reason: "it is another network's, and goes with that", kind: .conflict)
        }
        if link.isOwnBridge {
            throw OperationError(
                "parent interface", link.name, reason: "it \(Self.isBridge)",
                remedy: "use that network", kind: .conflict)
        }
        if let bridge { throw Self.isVLAN(link.name, of: bridge) }
        // A port of a bridge has one receiver, and that is the bridge (netdev_rx_handler_register).
        if link.master != nil {
            throw OperationError(
                "parent interface", link.name, reason: "it is a port of a bridge",
                remedy: "name the bridge, or where that is a network's, use that network", kind: .conflict)
        }
    }

    /// Frames of a VLAN on a bridge reach whoever is on that, past the rules of its network.
    private static func isVLAN(_ name: String, of bridge: LinkInfo) -> OperationError {
        OperationError(
            "parent interface", name,
            reason: "it would be a VLAN of \(JSON.quoted(bridge.name)), which \(isBridge)",
            remedy: "use that network", kind: .conflict)
    }

    func parentRequest(
        of network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) -> ParentRequest {
        let request = try network.parentRequest { name throws(OperationError) in
            guard let lower = try netlink.link(.named(name)) else { return nil }
            let bridge = try lower.isOwnBridge ? lower : ownBridge(below: lower, &netlink)
            if let bridge { throw Self.isVLAN(network.device, of: bridge) }
            return lower.index
        }
        if let request { return request }
        throw OperationError(
            "parent interface", network.device, reason: "this host has none of that name",
            remedy: "name one that it has, or NAME.VLAN of one", kind: .notFound)
    }

    private func makeParent(of network: NetworkDefinition, _ netlink: inout RouteSocket) throws(OperationError) {
        let request = try parentRequest(of: network, &netlink)
        do throws(OperationError) {
            try netlink.createParent(request, alias: network.parentAlias)
        } catch {
            guard error.kind == .unsupported else { throw error }
            throw OperationError(
                "create link", network.device,
                reason: "the kernel has no \(request.kind.name) links (\(request.kind.option))",
                remedy: "run: modprobe \(request.kind.module), or name a parent that is there (-o parent=NAME)",
                kind: .unsupported)
        }
    }

    /// Asks for a link without saying on which: a kernel that has the kind finds that wrong, and makes none.
    func checkKernel(_ netlink: inout RouteSocket) throws(OperationError) {
        guard try !netlink.knowsKind(name) else { return }
        throw OperationError(
            "driver \(name)", reason: "the kernel has no \(name) links (CONFIG_\(name.uppercased()))",
            remedy: "run: modprobe \(name), or use another driver", kind: .unsupported)
    }
}

extension ParentRequest.Kind {
    fileprivate var option: String {
        switch self {
        case .dummy: "CONFIG_DUMMY"
        case .vlan: "CONFIG_VLAN_8021Q"
        }
    }

    fileprivate var module: String {
        switch self {
        case .dummy: "dummy"
        case .vlan: "8021q"
        }
    }
}
