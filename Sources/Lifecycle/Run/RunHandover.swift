import Containers
import Core
import Linux
import Networking
import Records

/// A run as its supervisor hands it over to itself when that begins anew in its process (`Reexecution`): its values, and the numbers of what
/// it has open.
package struct RunHandover: Equatable, Sendable {
    let definition: ContainerDefinition
    let process: ProcessPlan
    let cgroup: CgroupPlan
    let networks: [NetworkDefinition]
    let state: ContainerState
    let exit: ContainerExit?
    let health: ContainerHealth?
    /// Of its log: lines that are not whole yet.
    let heldBack: [LogStream: [UInt8]]
    let lock: Int32
    /// Nil where the output is not kept.
    let log: Int32?
    /// What keeps the scope that the container is in from ending, which the supervisor has of the command.
    let scope: Int32?
    let namespace: OpenNamespace?
    let ports: [OpenPort]
    let portsAtLoopback: [OpenPort]

    /// A network namespace that the supervisor has joined, and what it has inside.
    struct OpenNamespace: Equatable, Sendable {
        let own: Int32
        /// An rtnetlink socket.
        let route: Int32
        /// Where names are asked for; empty where they are not.
        let names: [Int32]
    }

    /// A port that is reserved, or answered.
    struct OpenPort: Equatable, Sendable {
        let socket: Int32
        let mapping: PortMapping
    }

    package var descriptors: [Int32] {
        [lock] + [log, scope].compactMap { $0 } + (namespace.map { [$0.own, $0.route] + $0.names } ?? [])
            + (ports + portsAtLoopback).map(\.socket)
    }
}

// MARK: - As JSON

extension RunHandover: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        definition = try reader.object("definition", ContainerDefinition.init)
        process = try reader.object("process", ProcessPlan.init)
        cgroup = try reader.object("cgroup", CgroupPlan.init)
        networks = try reader.objects("networks", NetworkDefinition.init)
        state = try reader.object("state", ContainerState.init)
        exit = try reader.optionalObject("exit", ContainerExit.init)
        health = try reader.optionalObject("health", ContainerHealth.init)
        heldBack = try reader.object("heldBack") { lines throws(RecordError) in
            var heldBack: [LogStream: [UInt8]] = [:]
            for stream in LogStream.allCases { heldBack[stream] = try lines.optional(stream.rawValue, \.bytes) }
            return heldBack
        }
        lock = try reader.value("lock", \.descriptor)
        log = try reader.optional("log", \.descriptor)
        scope = try reader.optional("scope", \.descriptor)
        namespace = try reader.optionalObject("namespace", OpenNamespace.init)
        ports = try reader.objects("ports", OpenPort.init)
        portsAtLoopback = try reader.objects("portsAtLoopback", OpenPort.init)
    }

    package var json: JSON {
        [
            "definition": definition.json, "process": process.json, "cgroup": cgroup.json,
            "networks": .array(networks.map(\.json)),
            "state": state.json, "exit": exit?.json ?? .null, "health": health?.json ?? .null,
            "heldBack": .object(
                heldBack.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key.rawValue, .bytes($0.value)) }),
            "lock": .number(lock),
            "log": .optional(log), "scope": .optional(scope), "namespace": namespace?.json ?? .null,
            "ports": .array(ports.map(\.json)),
            "portsAtLoopback": .array(portsAtLoopback.map(\.json)),
        ]
    }
}

extension RunHandover.OpenNamespace: Record {
    init(_ reader: RecordReader) throws(RecordError) {
        own = try reader.value("own", \.descriptor)
        route = try reader.value("route", \.descriptor)
        names = try reader.value("names", \.array).compactMap(\.descriptor)
    }
    var json: JSON {
        ["own": .number(own), "route": .number(route), "names": .array(names.map { .number($0) })]
    }
}

extension RunHandover.OpenPort: Record {
    init(_ reader: RecordReader) throws(RecordError) {
        socket = try reader.value("socket", \.descriptor)
        mapping = try reader.object("mapping", PortMapping.init)
    }
    var json: JSON { ["socket": .number(socket), "mapping": mapping.json] }
}

extension JSON {
    /// The number of an open descriptor beyond standard error.
    package var descriptor: Int32? { int.flatMap { Int32(exactly: $0) }.flatMap { $0 > 2 ? $0 : nil } }
}

// MARK: - Giving and taking

extension ContainerRun {
    /// Nil while something is half done, which another beginning would lose.
    package var handover: RunHandover? {
        guard forwarder == nil, offer == nil, noted.isEmpty, !hasHalfChange, !networksChange, !isCleared,
            lock != nil
        else { return nil }
        return RunHandover(
            definition: definition, process: plan.process, cgroup: plan.cgroup, networks: plan.networks, state: state,
            exit: exitRecord, health: health, heldBack: heldBack, lock: lock.number, log: log?.number, scope: scope,
            namespace: namespace.map(RunHandover.OpenNamespace.init),
            ports: (ports?.held() ?? []).map(RunHandover.OpenPort.init),
            portsAtLoopback: loopbackPorts.held.map(RunHandover.OpenPort.init))
    }

    /// Of the descriptors that a command is forked with it is the only one in the scopes' directory.
    private var scope: Int32? {
        let numbers = ((try? Files.names(in: "/proc/self/fd")) ?? []).compactMap { Int32($0) }
        return numbers.first { Files.link("/proc/self/fd/\($0)")?.hasPrefix("\(host.layout.scopes)/") == true }
    }

    private var heldBack: [LogStream: [UInt8]] {
        Dictionary(uniqueKeysWithValues: log?.heldBack ?? [])
    }

    /// Goes on with a run whose program runs.
    /// - Parameter handover: its descriptors are this value's from now on.
    package convenience init(_ host: Host, goingOnWith handover: RunHandover) throws(OperationError) {
        let claim = ContainerClaim(holding: Descriptor(owning: handover.lock))
        let plan = ContainerPlan(
            definition: handover.definition, process: handover.process, networks: handover.networks,
            cgroup: handover.cgroup, origin: .existing(claim))
        self.init(host, plan, handover.state, lock: claim.takeLock())
        exitRecord = handover.exit
        health = handover.health
        log = try handover.log.map { file throws(OperationError) in
            try LogWriter(Descriptor(owning: file), path: host.layout.log(id), limits: definition.log)
        }
        for (stream, bytes) in handover.heldBack { bytes.withUnsafeBytes { record(stream, $0) } }
        namespace = try handover.namespace.map { place throws(OperationError) in try JoinedNamespace(place) }
        if !handover.ports.isEmpty {
            let sockets = DescriptorSet()
            for port in handover.ports { sockets.insert(port.socket) }
            ports = PortReservation(sockets, of: handover.ports.map(\.mapping))
        }
        loopbackPorts.takeOver(handover.portsAtLoopback.map { ($0.socket, $0.mapping) }, of: portsAtLoopback)
    }
}

extension RunHandover.OpenPort {
    fileprivate init(_ held: (socket: Int32, mapping: PortMapping)) {
        self.init(socket: held.socket, mapping: held.mapping)
    }
}

extension RunHandover.OpenNamespace {
    fileprivate init(_ joined: JoinedNamespace) {
        self.init(
            own: joined.namespace.descriptor.number, route: joined.inside.number,
            names: joined.names.map { [$0.datagrams.descriptor.number, $0.connections.descriptor.number] } ?? [])
    }
}

extension JoinedNamespace {
    fileprivate convenience init(_ place: RunHandover.OpenNamespace) throws(OperationError) {
        try self.init(
            NetworkNamespace(
                Descriptor(owning: place.own), socket: Descriptor(owning: place.route), hasSettings: true),
            names: place.names.count == 2
                ? NameSockets(Descriptor(owning: place.names[0]), Descriptor(owning: place.names[1])) : nil)
    }
}
