import CNetlink
import Core
import Glibc

/// A link on another one of this host, to be born in another network namespace.
package struct SublinkRequest: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case macvlan(UInt32)
        case ipvlan(UInt16)
    }

    package var name: String
    /// Index of the link that it is on.
    package var parent: Int32
    package var kind: Kind
    /// Of macvlan; ipvlan has the parent's.
    package var mac: MACAddress
    package var mtu: Int?
    package var namespace: NetworkNamespaceReference

    package init(
        name: String, parent: Int32, kind: Kind, mac: MACAddress, mtu: Int?, namespace: NetworkNamespaceReference
    ) {
        self.name = name
        self.parent = parent
        self.kind = kind
        self.mac = mac
        self.mtu = mtu
        self.namespace = namespace
    }
}

extension SublinkRequest.Kind {
    /// - Parameter mode: nil is the usual one.
    package init?(driver: String, mode: String?) {
        switch (driver, mode ?? "") {
        case ("macvlan", "private"): self = .macvlan(MACVLAN_MODE_PRIVATE.rawValue)
        case ("macvlan", "vepa"): self = .macvlan(MACVLAN_MODE_VEPA.rawValue)
        case ("macvlan", "bridge"), ("macvlan", ""): self = .macvlan(MACVLAN_MODE_BRIDGE.rawValue)
        case ("macvlan", "passthru"): self = .macvlan(MACVLAN_MODE_PASSTHRU.rawValue)
        case ("ipvlan", "l2"), ("ipvlan", ""): self = .ipvlan(UInt16(IPVLAN_MODE_L2.rawValue))
        case ("ipvlan", "l3"): self = .ipvlan(UInt16(IPVLAN_MODE_L3.rawValue))
        case ("ipvlan", "l3s"): self = .ipvlan(UInt16(IPVLAN_MODE_L3S.rawValue))
        default: return nil
        }
    }
}

/// A link that such links are on, to be made by us.
package struct ParentRequest: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// It leads nowhere.
        case dummy
        /// A VLAN, 1 to 4094, of another link.
        case vlan(UInt16, of: Int32)

        package var name: String {
            switch self {
            case .dummy: "dummy"
            case .vlan: "vlan"
            }
        }
    }

    package let name: String
    package let mac: MACAddress
    package let kind: Kind

    package init(name: String, mac: MACAddress, kind: Kind) {
        self.name = name
        self.mac = mac
        self.kind = kind
    }
}

// MARK: - Messages

extension RequestBatch {
    /// Down, like every link that is made.
    mutating func createSublink(_ link: SublinkRequest) {
        beginCreation("create \(link.kind.name)", link.name, up: false)
        put(IFLA_IFNAME, link.name)
        put(IFLA_LINK, UInt32(bitPattern: link.parent))
        if case .macvlan = link.kind { put(IFLA_ADDRESS, link.mac.bytes) }
        if let mtu = link.mtu { put(IFLA_MTU, UInt32(clamping: mtu)) }
        putNamespace(link.namespace)
        nest(IFLA_LINKINFO) {
            $0.put(IFLA_INFO_KIND, link.kind.name)
            $0.nest(IFLA_INFO_DATA) { data in
                switch link.kind {
                case .macvlan(let mode): data.put(IFLA_MACVLAN_MODE, mode)
                case .ipvlan(let mode): data.put(IFLA_IPVLAN_MODE, withUnsafeBytes(of: mode, Array.init))
                }
            }
        }
    }

    mutating func createParent(_ link: ParentRequest) {
        beginCreation("create \(link.kind.name)", link.name, up: true)
        put(IFLA_IFNAME, link.name)
        put(IFLA_ADDRESS, link.mac.bytes)
        if case .vlan(_, let lower) = link.kind { put(IFLA_LINK, UInt32(bitPattern: lower)) }
        nest(IFLA_LINKINFO) {
            $0.put(IFLA_INFO_KIND, link.kind.name)
            guard case .vlan(let number, _) = link.kind else { return }
            $0.nest(IFLA_INFO_DATA) { $0.put(IFLA_VLAN_ID, withUnsafeBytes(of: number, Array.init)) }
        }
    }

    /// Of a kind and nothing else: those that lie on another link refuse that (EINVAL), and an unknown kind is none (EOPNOTSUPP).
    mutating func createNothing(ofKind kind: String) {
        beginCreation("ask for links of kind", kind, up: false)
        nest(IFLA_LINKINFO) { $0.put(IFLA_INFO_KIND, kind) }
    }
}

extension SublinkRequest.Kind {
    package var name: String {
        switch self {
        case .macvlan: "macvlan"
        case .ipvlan: "ipvlan"
        }
    }

    /// Whether what is for elsewhere goes to the parent's routing, and to no gateway: nobody is asked for on the link then
    /// (Documentation/networking/ipvlan.rst, 4.2).
    package var routesByParent: Bool {
        if case .ipvlan(let mode) = self { mode != UInt16(IPVLAN_MODE_L2.rawValue) } else { false }
    }

    /// When none is named.
    package var usualMode: String {
        switch self {
        case .macvlan: "bridge"
        case .ipvlan: "l2"
        }
    }
}

// MARK: - Verbs

extension RouteSocket {
    /// - Throws: EEXIST when there is a link of that name in the namespace.
    package mutating func createSublink(_ link: SublinkRequest) throws(OperationError) {
        var batch = RequestBatch()
        batch.createSublink(link)
        try perform(batch)
    }

    /// Whether the kernel has links of a kind that lies on other links; its module is loaded for that.
    package mutating func knowsKind(_ kind: String) throws(OperationError) -> Bool {
        var batch = RequestBatch(capacity: 128)
        batch.createNothing(ofKind: kind)
        do throws(OperationError) {
            try perform(batch)
            return true
        } catch {
            if error.errno == EOPNOTSUPP { return false }
            guard error.errno == EINVAL else { throw error }
            return true
        }
    }

    /// A link that is up, and marked.
    /// - Throws: EEXIST when there is one of that name. Nothing is left behind.
    package mutating func createParent(_ link: ParentRequest, alias: String) throws(OperationError) {
        var batch = RequestBatch()
        batch.createParent(link)
        let index = try create(batch, link.name).index
        do throws(OperationError) {
            try finishParent(index, alias: alias)
        } catch {
            _ = try? deleteLink(.index(index))
            throw error
        }
    }

    package mutating func finishParent(_ index: Int32, alias: String) throws(OperationError) {
        try setAlias(.index(index), alias)
    }
}
