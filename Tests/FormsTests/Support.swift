import Core
import Testing

/// The leaves of a document by their paths, `State.Status`; an empty list or object is a leaf.
func leaves(_ json: JSON, _ path: String = "") -> [String: String] {
    var all: [String: String] = [:]
    switch json {
    case .object(let members) where !members.isEmpty:
        for (key, value) in members {
            all.merge(leaves(value, path.isEmpty ? key : "\(path).\(key)")) { _, new in new }
        }
    case .array(let elements) where !elements.isEmpty:
        for (index, value) in elements.enumerated() { all.merge(leaves(value, "\(path)[\(index)]")) { _, new in new } }
    default: all[path] = json.compact
    }
    return all
}

/// Whether two documents say the same, whatever the order of their members; each difference is told by its path.
func expect(
    _ json: JSON?, is text: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let (found, wanted) = (leaves(try #require(json)), leaves(try JSON(parsing: text)))
    for path in Set(found.keys).union(wanted.keys).sorted() where found[path] != wanted[path] {
        Issue.record(
            "\(path): \(found[path] ?? "missing") instead of \(wanted[path] ?? "nothing")",
            sourceLocation: sourceLocation)
    }
}

enum Example {
    /// 2023-11-14 22:13:20 UTC.
    static let moment = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    static func seconds(later seconds: Int64) -> Timestamp {
        Timestamp(nanoseconds: moment.nanoseconds + seconds * 1_000_000_000)
    }

    static func id(_ digits: String) throws -> ContainerID {
        try #require(ContainerID(String(repeating: digits, count: 64 / digits.utf8.count)))
    }

    static func definition(_ mode: NetworkMode = .none) throws -> ContainerDefinition {
        ContainerDefinition(
            id: try id("4f"), name: try #require(Name("web")), created: moment, image: "busybox", imageID: nil,
            layers: ["/layers/top", "/layers/bottom"], arguments: ["sleep", "1000"], environment: ["PATH=/bin"],
            workingDirectory: "/srv", user: "daemon", hostname: "box", networkMode: mode)
    }

    static func details(
        _ definition: ContainerDefinition, _ phase: ContainerPhase, _ state: ContainerState? = nil,
        _ exit: ContainerExit? = nil
    ) -> ContainerDetails {
        var details = ContainerDetails(
            definition, phase, log: "/c/log.json", upperDirectory: "/c/upper", workDirectory: "/c/work")
        details.state = state
        details.exit = exit
        return details
    }

    /// Of a program with pid 42 that has begun at `moment`.
    static var running: ContainerState {
        var state = ContainerState(status: .running, supervisor: 41, cgroups: [])
        state.pid = 42
        state.started = moment
        return state
    }

    static func endpoint(
        _ network: String, _ address: String, gateway: String?, ports: [PortMapping] = []
    ) throws -> Endpoint {
        let address = try #require(Subnet(address))
        return Endpoint(
            id: try id("e1"), network: try #require(Name(network)), networkID: try id("0a"), address: address,
            gateway: gateway.flatMap { IPAddress($0) }, mac: MACAddress(for: address.address), interface: "eth0",
            bridge: network, mtu: nil, ports: ports)
    }
}
