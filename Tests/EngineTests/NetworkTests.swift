import Core
import Engine
import Foundation
import Lifecycle
import Linux
import Records
import Supervisor
import TestSupport
import Testing

/// A container's networks while nobody has to make a link: who may join and leave, and what is on record then.
@Suite struct Joining {
    private func scene(_ phase: Phase, on names: [String] = []) throws -> Scene {
        try Scene(phase) { place, definition in
            let all = [try place.network("one", "10.9.1.1/24"), try place.network("two", "10.9.2.1/24")]
            let joined = all.filter { names.contains($0.name.text) }
            definition.networkMode = .networks(joined.map { EndpointWish(network: $0.name) })
        }
    }

    private func networks(_ scene: Scene) throws -> [String] {
        try wanted(scene.place.store.definition(scene.id)).networkMode.names
    }

    @Test func oneThatDoesNotRun() throws {
        for phase in [Phase.created, .exited, .lost, .orphaned] {
            let scene = try scene(phase, on: ["one"])
            var choice = NetworkChoice("two", address: IPAddress("10.9.2.7"))
            choice.mac = MACAddress("02:42:00:00:00:77")
            try scene.engine.connect("box", to: choice)
            let wish = try wanted(scene.place.store.definition(scene.id)).networkMode.wishes[1]
            #expect(wish.address == choice.address && wish.mac == choice.mac, "\(phase)")
            #expect(try networks(scene) == ["one", "two"])
            try scene.engine.disconnect("box", from: "one")
            #expect(try networks(scene) == ["two"])
            try scene.engine.disconnect("box", from: "two")
            #expect(try networks(scene) == [])
            #expect(
                try scene.outcome
                    == (phase == .orphaned ? "exited 137" : [.exited: "exited 7"][phase] ?? phase.rawValue))
            #expect(scene.place.driver.calls.allSatisfy { !$0.hasPrefix("connect") }, "it gets a link when it begins")
        }
    }

    /// A network may be called by its id, and one that is gone may be left.
    @Test func byItsID() throws {
        let scene = try scene(.exited)
        let two = try wanted(scene.place.host.networkStore.find("two"))
        try scene.engine.connect("box", to: NetworkChoice(two.id.short))
        #expect(try networks(scene) == ["two"])
        try scene.engine.disconnect("box", from: two.id.hex)
        #expect(try networks(scene) == [])
        try scene.engine.connect("box", to: NetworkChoice("one"))
        try scene.place.host.networkStore.remove(try wanted(scene.place.host.networkStore.find("one")))
        try scene.engine.disconnect("box", from: "one")
        #expect(try networks(scene) == [])
    }

    @Test func whatIsRefused() throws {
        for phase in [Phase.created, .exited] {
            let scene = try scene(phase, on: ["one"])
            for (network, text, kind): (String, String, ErrorKind) in [
                ("nope", "network nope not found", .notFound), ("No Name", "network No Name not found", .notFound),
                ("one", "endpoint with name box already exists in network one", .conflict),
                (
                    "host", "container cannot be disconnected from host network or connected to host network", .conflict
                ),
                (
                    "none",
                    "container cannot be connected to multiple networks with one of the networks in private (none) mode",
                    .conflict
                ),
            ] {
                let error = scene.refusal("connect to \(network)") { try $0.connect("box", to: NetworkChoice(network)) }
                #expect(error?.description == text && error?.kind == kind, "\(phase)")
            }
            for (network, text, kind): (String, String, ErrorKind) in [
                ("nope", "network nope not found", .notFound),
                ("two", "container \(scene.id) is not connected to network two", .conflict),
                (
                    "host", "container cannot be disconnected from host network or connected to host network", .conflict
                ),
            ] {
                let error = scene.refusal("disconnect from \(network)") { try $0.disconnect("box", from: network) }
                #expect(error?.description == text && error?.kind == kind, "\(phase)")
            }
        }
    }

    /// One that has the host's network, or none, is on no other.
    @Test func modesThatStandAlone() throws {
        for (mode, text) in [
            (
                NetworkMode.host,
                "container sharing network namespace with another container or host cannot be connected to any other network"
            ),
            (
                .none,
                "container cannot be connected to multiple networks with one of the networks in private (none) mode"
            ),
        ] {
            let scene = try Scene(.exited) { place, definition in
                _ = try place.network("one", "10.9.1.1/24")
                definition.networkMode = mode
            }
            let error = scene.refusal("connect") { try $0.connect("box", to: NetworkChoice("one")) }
            #expect(error?.description == text && error?.kind == .conflict)
        }
        // Docker's way out of `none`.
        let scene = try Scene(.exited) { _, definition in definition.networkMode = .none }
        try scene.engine.disconnect("box", from: "none")
        #expect(try wanted(scene.place.store.definition(scene.id)).networkMode == .networks([]))
    }

    /// What it publishes goes by the networks that are left, and waits for the next one where there is none.
    @Test func portsGoAlong() throws {
        let scene = try scene(.created, on: ["one", "two"])
        var editor = try DefinitionEditor(scene.id, in: scene.place.store, named: "box")
        var definition = editor.definition
        var wishes = definition.networkMode.wishes
        wishes[0].publish = [try PublishRequest(parsing: "8080:80")]
        definition.networkMode = .networks(wishes)
        try editor.write(definition)
        _ = consume editor
        try scene.engine.disconnect("box", from: "one")
        #expect(try wanted(scene.place.store.definition(scene.id)).networkMode.wishes[0].publish.count == 1)
        try scene.engine.disconnect("box", from: "two")
        #expect(try wanted(scene.place.store.definition(scene.id)).publish.count == 1)
        try scene.engine.connect("box", to: NetworkChoice("one"))
        #expect(try wanted(scene.place.store.definition(scene.id)).networkMode.wishes[0].publish.count == 1)
    }

    /// What a running one is asked goes to its supervisor, with what it needs, and its refusal is the caller's.
    @Test func itsSupervisorDoesIt() throws {
        let scene = try scene(.running, on: ["one"])
        let control = Control(at: scene.layout.containerControl(scene.id)) { request throws(OperationError) in
            guard request["network"] == nil else {
                throw OperationError("it said no", remedy: "try later", kind: .conflict)
            }
            return [:]
        }
        let before = scene.tree
        try scene.engine.connect("box", to: NetworkChoice("two", address: IPAddress("10.9.2.9")))
        let error = #expect(throws: OperationError.self) { try scene.engine.disconnect("box", from: "one") }
        #expect(error?.description == "it said no" && error?.remedy == "try later" && error?.kind == .conflict)
        #expect(control.heard.map { $0["wish"]?["address"]?.string } == ["10.9.2.9", nil])
        #expect(control.heard.map { $0["network"]?.string } == [nil, "one"])
        #expect(scene.tree == before, "the record is the supervisor's to write")
    }

    /// It goes between the look and the question: what was asked for is on record all the same.
    @Test func itsSupervisorGoesMeanwhile() throws {
        let scene = try scene(.running, on: ["one"])
        let supervisor = try #require(scene.supervisor)
        let listener = try LocalSocket.listen(at: scene.layout.containerControl(scene.id), backlog: 1)
        let (number, engine) = (listener.number, scene.engine)
        let end = aside { try engine.connect("box", to: NetworkChoice("two")) }
        let hasCome = Polling.wait(for: listener, POLLIN, milliseconds: 10_000)
        #expect(hasCome)
        supervisor.kill()
        // Lets go of it without a word.
        _ = LocalSocket.accept(number)
        #expect(end() == nil)
        #expect(try networks(scene) == ["one", "two"])
        #expect(try scene.outcome == "exited 137")
    }
}

/// A supervisor's socket, served aside. Ends with this value.
private final class Control: @unchecked Sendable {
    private let lock = NSLock()
    private var requests: [JSON] = []
    private var isOver = false

    /// - Parameter answer: to a request, all of whose members it gets.
    init(at path: String, _ answer: @escaping @Sendable (JSON) throws(OperationError) -> JSON) {
        let listening = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [weak self] in
            let server = ControlServer()
            for verb in ["connect", "disconnect", "again"] {
                server.on(verb) { request, _ throws(OperationError) in
                    self?.note(request.body)
                    return .done(try answer(request.body))
                }
            }
            try? server.listen(at: path)
            listening.signal()
            let loop = EventLoop([server])
            while self?.isOver == false { _ = loop.turn(within: 10) }
        }
        listening.wait()
    }

    deinit { isOver = true }

    var heard: [JSON] { lock.withLock { requests } }
    private func note(_ members: JSON) { lock.withLock { requests.append(members) } }
}

/// Networks as use cases see them, with a driver that only remembers.
@Suite struct RemovingNetworks {
    private func users(_ scene: Scene) -> String { "name:\"box\" id:\"\(scene.id.short)\"" }

    private func scene(_ phase: Phase) throws -> Scene {
        let scene = try Scene(phase) { place, definition in
            definition.networkMode = .networks([EndpointWish(network: try place.network("one", "10.9.1.1/24").name)])
        }
        guard var state = try scene.place.store.state(scene.id) else { return scene }
        let network = try wanted(scene.place.host.networkStore.find("one"))
        state.endpoints = [try scene.place.endpoint("10.9.1.5", of: scene.id, on: network)]
        try scene.place.store.write(state, of: scene.id)
        return scene
    }

    @Test(arguments: [Phase.starting, .running, .paused, .resting]) func oneThatIsInUse(_ phase: Phase) throws {
        let scene = try scene(phase)
        let error = scene.refusal("network rm") { try $0.removeNetwork("one") }
        #expect(
            error?.description
                == "error while removing network: network one has active endpoints (\(users(scene)))")
        #expect(error?.kind == .conflict)
        #expect(scene.place.driver.calls.isEmpty)
    }

    /// The dead are cleared away first; who only wishes to be on it keeps nothing.
    @Test(arguments: [Phase.created, .exited, .lost, .orphaned]) func oneThatIsNot(_ phase: Phase) throws {
        let scene = try scene(phase)
        try scene.engine.removeNetwork("one")
        #expect(scene.place.driver.calls == (phase == .orphaned ? ["disconnect one"] : []) + ["delete one"])
        #expect(try scene.place.host.networkStore.find("one") == nil)
        #expect(
            try scene.outcome == (phase == .orphaned ? "exited 137" : [.exited: "exited 7"][phase] ?? phase.rawValue))
    }

    /// An address that was leased a moment ago, and that no state names yet.
    @Test func aLeaseAlone() throws {
        let scene = try Scene(.starting) { place, _ in _ = try place.network("one", "10.9.1.1/24") }
        let network = try wanted(scene.place.host.networkStore.find("one"))
        _ = try scene.place.host.lease(from: network, for: scene.id, requested: nil)
        let error = scene.refusal("network rm") { try $0.removeNetwork("one") }
        #expect(error?.description.contains(users(scene)) == true)
        #expect(error?.kind == .conflict)
    }

    @Test func namesThatAreNone() throws {
        let scene = try Scene(.created)
        for (name, text, kind): (String, String, ErrorKind) in [
            ("nope", "network nope not found", .notFound),
            ("bridge", "bridge is a pre-defined network and cannot be removed", .failed),
            ("host", "host is a pre-defined network and cannot be removed", .failed),
        ] {
            let error = scene.refusal("network rm \(name)") { try $0.removeNetwork(name) }
            #expect(error?.description == text && error?.kind == kind)
        }
        for digit in ["1", "2"] {
            let network = NetworkDefinition(
                id: try #require(ContainerID("abcd" + String(repeating: digit, count: 60))),
                name: try wanted(Name("twin\(digit)")), driver: "bridge",
                gateway: try wanted(Subnet("10.9.\(digit).1/24")),
                device: "twin\(digit)", mtu: nil, isInternal: false, labels: [:], created: .now())
            try scene.place.host.networkStore.create(network)
        }
        let error = scene.refusal("network rm abcd") { try $0.removeNetwork("abcd") }
        #expect(error?.description == "multiple IDs found with provided prefix: abcd" && error?.kind == .conflict)
    }

    /// A driver that fails leaves the definition, so that it can be tried again.
    @Test func aDriverThatFails() throws {
        let scene = try scene(.exited)
        scene.place.driver.failing = "delete one"
        let error = scene.refusal("network rm") { try $0.removeNetwork("one") }
        #expect(error?.description == "delete one: it was told to fail")
        scene.place.driver.failing = nil
        try scene.engine.removeNetwork("one")
        #expect(try scene.engine.networks().elements.isEmpty)
    }

    @Test func inspecting() throws {
        let scene = try scene(.running)
        let network = try wanted(scene.place.host.networkStore.find("one"))
        guard case .defined(network, let users) = try scene.engine.inspectNetwork("one") else {
            Issue.record("it was defined")
            return
        }
        #expect(users.map(\.name) == ["box"] && users.map(\.endpoint.address?.description) == ["10.9.1.5/24"])
        let dead = try self.scene(.orphaned)
        guard case .defined(_, let none) = try dead.engine.inspectNetwork("one") else { return }
        #expect(none.isEmpty, "who is dead is on no network")
        #expect(try scene.engine.inspectNetwork("host") == .predefined("host"))
        let error = scene.refusal("network inspect") { _ = try $0.inspectNetwork("nope") }
        #expect(error?.description == "network nope not found" && error?.kind == .notFound)
    }

    /// What is not right with one network is told, and the others are there.
    @Test func aDamagedDefinition() throws {
        let scene = try scene(.exited)
        _ = try scene.place.network("two", "10.9.2.1/24")
        let one = try wanted(scene.place.host.networkStore.find("one"))
        let path = "\(scene.layout.networks)/\(one.id).json"
        try Files.replace(path, Array("{".utf8))
        let listing = try scene.engine.networks()
        #expect(listing.elements.map(\.name.text) == ["two"] && listing.failures.map(\.kind) == [.damaged])
        for (what, body): (String, (Engine) throws -> Void) in [
            ("network rm", { try $0.removeNetwork("one") }), ("inspect", { _ = try $0.inspectNetwork("one") }),
            ("connect", { try $0.connect("box", to: NetworkChoice("one")) }),
            ("disconnect", { try $0.disconnect("box", from: "one") }),
            // It could overlap.
            ("network create", { _ = try $0.createNetwork(NetworkRequest(name: "three")) }),
        ] {
            let error = scene.refusal(what, body)
            #expect(error?.description.contains(path) == true && error?.kind == .damaged, "\(what)")
        }
    }
}

@Suite struct CreatingNetworks {
    private func request(_ name: String, _ subnet: String? = nil) -> NetworkRequest {
        var request = NetworkRequest(name: name)
        request.subnets = subnet.flatMap { Subnet($0) }.map { [$0] } ?? []
        return request
    }

    @Test func whatIsRefused() throws {
        let scene = try Scene(.created)
        _ = try scene.place.network("one", "10.9.1.1/24")
        var unknown = request("new")
        unknown.driver = "nope"
        for (request, text): (NetworkRequest, String) in [
            (request("one", "10.9.3.1/24"), "network with name one already exists"),
            (request("x y"), "invalid network name (x y), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"),
            (request("host"), "operation is not permitted on predefined host network"),
            (
                request("new", "10.9.1.128/25"),
                "invalid pool request: Pool overlaps with other one on this address space"
            ),
            (
                request("new", "10.9.3.0/31"),
                "invalid subnet 10.9.3.0/31: the prefix length must be 8 to 30: a gateway and a container need room"
            ),
            (request("new", "127.1.0.0/16"), "invalid subnet 127.1.0.0/16: no unicast addresses"),
            (unknown, "unknown network driver \"nope\" (have: bridge)"),
        ] {
            let error = scene.refusal("network create \(request.name)") { _ = try $0.createNetwork(request) }
            #expect(error?.description == text)
        }
        #expect(scene.place.driver.calls.isEmpty)
    }

    /// Of public addresses is warned once the network is there: an error stands alone.
    @Test func publicSubnets() throws {
        let scene = try Scene(.created)
        for subnet in ["224.1.0.0/16", "255.255.255.0/24", "162.16.0.0/31"] {
            _ = scene.refusal("network create") { _ = try $0.createNetwork(request("new", subnet)) }
            #expect(scene.place.warnings == [], "\(subnet)")
        }
        scene.place.driver.failing = "create"
        _ = scene.refusal("network create") { _ = try $0.createNetwork(request("new", "162.16.0.0/24")) }
        #expect(scene.place.warnings == [])
        scene.place.driver.failing = nil
        _ = try scene.engine.createNetwork(request("new", "162.16.0.0/24"))
        let warning = "162.16.0.0/24 is public address space: its real hosts cannot be reached from here"
        #expect(scene.place.warnings == [warning])
        _ = try scene.engine.commands(creating: request("planned", "162.17.0.0/24"))
        #expect(scene.place.warnings == [warning, warning.replacingOccurrences(of: "162.16", with: "162.17")])
    }

    /// It is on record before anything of it is made; what could not be made leaves nothing.
    @Test func aDriverThatFails() throws {
        let scene = try Scene(.created)
        let networks = scene.layout.networks
        var wasOnRecord: Bool?
        scene.place.driver.meanwhile = { call in
            if call.hasPrefix("create") { wasOnRecord = (try? Files.names(in: networks))?.count == 1 }
        }
        scene.place.driver.failing = "create"
        let error = scene.refusal("network create") { _ = try $0.createNetwork(request("fresh-one", "10.255.77.1/24")) }
        #expect(error?.description == "create fresh-one: it was told to fail")
        #expect(wasOnRecord == true)
        #expect(try Files.names(in: networks).isEmpty)
        #expect(scene.place.driver.calls == ["create fresh-one", "delete fresh-one"])
        scene.place.driver.failing = nil
        let id = try scene.engine.createNetwork(request("fresh-one", "10.255.77.1/24"))
        #expect(try scene.engine.networks().elements.map(\.id) == [id])
    }
}
