import Containers
import Core
import Glibc
import Lifecycle
import Linux
import Networking
import Records

/// What the kernel has that could be ours, as plain values.
struct KernelSnapshot: Sendable {
    struct Mount: Equatable, Sendable {
        let point: String
        let type: String
        /// For a namespace, its name: `net:[4026531840]`.
        let root: String
    }

    var bridges = ObservedBridges()
    /// On bridges of others: what members lack of their links, and networks whose bridge is not there.
    var unmanagedLacks: [BridgeDifference] = []
    var withoutBridge: [NetworkDefinition] = []
    /// Directories of ours below the mount points of cgroup hierarchies, and of containers in them.
    var cgroupParents: [String] = []
    var cgroups: [String] = []
    var mounts: [Mount] = []
    var lockHolders: [ProcessTable.LockHolder] = []
    /// Published ports of running containers that their supervisors have no socket for.
    var unheldPorts: [(id: ContainerID, mapping: PortMapping)] = []
    /// The network namespaces of running containers.
    var namespaces: [String: ContainerID] = [:]

    init() {}

    init(_ engine: Engine, _ records: RecordSnapshot) throws(OperationError) {
        bridges = try engine.bridges.observe(records.wantedBridges)
        let others = UnmanagedBridgeDriver()
        let unmanaged = records.networks.filter(\.options.isUnmanaged)
        unmanagedLacks = try others.differences(of: unmanaged, records.members)
        withoutBridge = try others.deviants(among: unmanaged)
        mounts = Self.mounts(Files.text("/proc/self/mountinfo") ?? "")
        for mount in mounts where mount.type == "cgroup" || mount.type == "cgroup2" {
            let parent = "\(mount.point)/\(CgroupHost.parent)"
            guard Files.isDirectory(parent) else { continue }
            cgroupParents.append(parent)
            cgroups += ((try? Files.names(in: parent)) ?? []).map { "\(parent)/\($0)" }.filter(Files.isDirectory)
        }
        lockHolders = ProcessTable.lockHolders(below: [engine.layout.runtime, engine.layout.images])
        let sockets = BoundSockets()
        let ownNamespace = Files.link("/proc/self/ns/net")
        for (id, container) in records.containers where container.isRunning {
            guard let state = container.state else { continue }
            if let pid = state.pid, let name = Files.link("/proc/\(pid)/ns/net"), name != ownNamespace {
                namespaces[name] = id
            }
            let ports = state.endpoints.flatMap(\.ports)
            if ports.isEmpty { continue }
            let held = ProcessTable.sockets(of: state.supervisor)
            unheldPorts += ports.filter { !sockets.hold($0, among: held) }.map { (id, $0) }
        }
    }

    /// Lines of proc_pid_mountinfo(5).
    static func mounts(_ text: String) -> [Mount] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return nil }
            return Mount(
                point: unescape(fields[4]), type: String(fields[dash + 1]), root: unescape(fields[3]))
        }
    }

    /// Blanks and the like are octal there.
    private static func unescape(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = field.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The sockets that have a port of this host.
private struct BoundSockets {
    private struct Key: Hashable {
        let address: IPAddress
        let port: UInt16
        let transport: TransportProtocol
    }
    private var inodes: [Key: [Substring]] = [:]

    init() {
        for transport in [TransportProtocol.tcp, .udp] {
            for family in AddressFamily.allCases { read(transport, family) }
        }
        readEndpoints()
    }

    /// Of SCTP: ENDPT, SOCK, STY, SST, HBKT, LPORT, UID, INODE and local addresses (net/sctp/proc.c).
    private mutating func readEndpoints() {
        for line in (Files.text("/proc/net/sctp/eps") ?? "").split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ")
            guard columns.count > 8, let port = UInt16(columns[5]) else { continue }
            for address in columns[8...].compactMap({ IPAddress(String($0)) }) {
                inodes[Key(address: address, port: port, transport: .sctp), default: []].append(columns[7])
            }
        }
    }

    /// Columns of proc(5): number, local address:port in hex, peer, state, …, inode tenth. 0A is LISTEN.
    private mutating func read(_ transport: TransportProtocol, _ family: AddressFamily) {
        let name = transport.rawValue + (family == .ipv4 ? "" : "6")
        let lines = (Files.text("/proc/net/\(name)") ?? "").split(separator: "\n").dropFirst()
        for line in lines {
            let columns = line.split(separator: " ")
            guard columns.count > 9, transport == .udp || columns[3] == "0A",
                let colon = columns[1].firstIndex(of: ":"), let address = Self.address(columns[1][..<colon]),
                let port = UInt16(columns[1][columns[1].index(after: colon)...], radix: 16)
            else { continue }
            let key = Key(address: address, port: port, transport: transport)
            inodes[key, default: []].append(columns[9])
        }
    }

    /// Printed as it lies in memory, by 32 bits.
    private static func address(_ text: Substring) -> IPAddress? {
        var words: [UInt32] = []
        var rest = text[...]
        while !rest.isEmpty, let word = UInt32(rest.prefix(8), radix: 16) {
            words.append(UInt32(bigEndian: word))
            rest = rest.dropFirst(8)
        }
        switch words.count {
        case 1: return IPAddress(ipv4: words[0])
        case 4: return IPAddress(ipv6: words.reduce(0) { $0 << 32 | UInt128($1) })
        default: return nil
        }
    }

    func hold(_ mapping: PortMapping, among own: Set<String>) -> Bool {
        let key = Key(address: mapping.hostAddress, port: mapping.hostPort, transport: mapping.transport)
        return inodes[key, default: []].contains { own.contains("socket:[\($0)]") }
    }
}
