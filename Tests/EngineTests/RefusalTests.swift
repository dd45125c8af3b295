import Containers
import Core
import Engine
import Lifecycle
import Linux
import Records
import TestSupport
import Testing

/// What commands do that a container has to be in the right phase for.
enum Verb: String, CaseIterable, Sendable {
    case start, kill, pause, unpause, exec, attach, remove

    func apply(_ engine: Engine, _ name: String) throws {
        switch self {
        case .start: _ = try engine.startAttached(AttachRequest(withoutInputTo: name), mayBeLeft: false)
        case .kill: try engine.kill(name, signal: 9)
        case .pause: try engine.pause(name)
        case .unpause: try engine.unpause(name)
        case .exec: _ = try engine.exec(ExecRequest(container: name, arguments: ["true"]))
        case .attach: _ = try engine.attach(AttachRequest(container: name))
        case .remove: try engine.remove(name, force: false)
        }
    }
}

/// A verb in a phase that it does not fit: Docker's words, the kind of the error, and nothing has changed.
@Suite struct PhaseRefusals {
    struct Case: Sendable, CustomTestStringConvertible {
        let verb: Verb
        let phases: [Phase]
        /// `ID` is the container's.
        let text: String
        let kind: ErrorKind
        var testDescription: String { "\(verb.rawValue): \(text)" }
    }

    private static let idle: [Phase] = [.created, .starting, .exited, .orphaned, .lost]
    static let cases: [Case] = [
        Case(
            verb: .start, phases: [.paused], text: "cannot start a paused container, try unpause instead",
            kind: .conflict),
        Case(
            verb: .kill, phases: idle, text: "Cannot kill container: box: container ID is not running",
            kind: .notRunning),
        Case(verb: .pause, phases: idle, text: "container ID is not running", kind: .notRunning),
        Case(verb: .pause, phases: [.paused], text: "Container ID is already paused", kind: .conflict),
        Case(
            verb: .pause, phases: [.resting],
            text: "Container ID is restarting, wait until the container is running", kind: .conflict),
        Case(verb: .unpause, phases: idle + [.running, .resting], text: "Container ID is not paused", kind: .conflict),
        Case(verb: .exec, phases: idle, text: "container ID is not running", kind: .notRunning),
        Case(
            verb: .exec, phases: [.paused], text: "Container ID is paused, unpause the container before exec",
            kind: .conflict),
        Case(
            verb: .exec, phases: [.resting],
            text: "Container ID is restarting, wait until the container is running", kind: .conflict),
        Case(
            verb: .attach, phases: idle, text: "You cannot attach to a stopped container, start it first",
            kind: .notRunning),
        Case(
            verb: .attach, phases: [.paused], text: "You cannot attach to a paused container, unpause it first",
            kind: .conflict),
        Case(
            verb: .attach, phases: [.resting],
            text: "You cannot attach to a restarting container, wait until it is running", kind: .conflict),
        Case(
            verb: .remove, phases: [.starting], text: "cannot remove container \"box\": container is being created",
            kind: .conflict),
        Case(
            verb: .remove, phases: [.running],
            text:
                "cannot remove container \"box\": container is running: stop the container before removing or force remove",
            kind: .conflict),
        Case(
            verb: .remove, phases: [.paused],
            text: "cannot remove container \"box\": container is paused and must be unpaused first", kind: .conflict),
        Case(
            verb: .remove, phases: [.resting],
            text:
                "cannot remove container \"box\": container is restarting: stop the container before removing or force remove",
            kind: .conflict),
    ]

    @Test(arguments: cases) func eachPhase(_ refused: Case) throws {
        for phase in refused.phases {
            let scene = try Scene(phase)
            let error = scene.refusal("\(refused.verb) while \(phase)") { try refused.verb.apply($0, "box") }
            #expect(error?.description == refused.text.replacing("ID", with: scene.id.hex), "\(phase)")
            #expect(error?.kind == refused.kind, "\(phase)")
        }
    }
}

/// Everything that can be asked of one container.
enum Request: String, CaseIterable, Sendable {
    case start, stop, restart, kill, remove, removeByForce, pause, unpause, rename, update, wait, logs, exec, attach,
        commit
    case connect, disconnect, inspect, ports

    func apply(_ engine: Engine, _ name: String) throws {
        switch self {
        case .stop: try engine.beginStop(name, timeout: 1, signal: nil).finish()
        case .restart: try engine.restart(name, timeout: 1, signal: nil)
        case .removeByForce: try engine.remove(name, force: true)
        case .rename: try engine.rename(name, to: "other")
        case .update:
            var update = ContainerUpdate()
            update.restart = try RestartPolicy(parsing: "always")
            try engine.update(name, update)
        case .wait: _ = try engine.wait(name)
        case .logs: try engine.logs(LogRequest(container: name))
        case .commit: _ = try engine.commit(name, to: "", changes: [], author: nil, message: nil, pause: true)
        case .connect: try engine.connect(name, to: NetworkChoice("one"))
        case .disconnect: try engine.disconnect(name, from: "one")
        case .inspect: _ = try engine.inspectContainer(name)
        case .ports: _ = try engine.publishedPorts(of: name)
        case .start, .kill, .remove, .pause, .unpause, .exec, .attach:
            try Verb(rawValue: rawValue)?.apply(engine, name)
        }
    }
}

/// What a container is called by.
@Suite struct NameRefusals {
    @Test(arguments: Request.allCases) func unknownEmptyAndAmbiguous(_ request: Request) throws {
        let scene = try Scene(.created)
        _ = try scene.place.network("one", "10.9.1.1/24")
        for digit in ["1", "2"] {
            var definition = try scene.place.definition("twin\(digit)")
            definition.id = try #require(ContainerID("abcd" + String(repeating: digit, count: 60)))
            try scene.place.make(definition)
        }
        for (name, text, kind): (String, String, ErrorKind) in [
            ("nope", "No such container: nope", .notFound),
            ("/nope", "No such container: nope", .notFound),
            ("Not a name", "No such container: Not a name", .notFound),
            ("abcd", "multiple IDs found with provided prefix: abcd", .conflict),
            ("", "invalid container name or ID: value is empty", .invalid),
        ] {
            let error = scene.refusal("\(request) of \"\(name)\"") { try request.apply($0, name) }
            if request == .rename, name.isEmpty {
                #expect(error?.description == "Neither old nor new names may be empty")
            } else {
                #expect(error?.description == text)
            }
            #expect(error?.kind == kind)
        }
    }

    @Test func eachWayToCallIt() throws {
        let scene = try Scene(.exited)
        for name in ["box", "/box", scene.id.hex, scene.id.short, String(scene.id.hex.prefix(8))] {
            #expect(try scene.engine.inspectContainer(name).definition.id == scene.id, "\(name)")
        }
        // Another one's name does not hide it from who has its id.
        var definition = try scene.place.definition(scene.id.hex)
        definition.id = .random()
        try scene.place.make(definition)
        #expect(try scene.engine.inspectContainer(scene.id.hex).definition.id == scene.id)
    }
}

/// Records that are damaged or newer: an error that names the file, and nothing of it is lost.
@Suite struct RecordRefusals {
    /// Those that need to know what the record says.
    private static func readers(_ phase: Phase) -> [Request] {
        switch phase {
        case .damagedRecord, .newerRecord:
            [
                .start, .stop, .kill, .pause, .unpause, .rename, .update, .exec, .attach, .commit, .connect,
                .disconnect,
                .inspect, .restart,
            ]
        default:
            [
                .start, .stop, .restart, .kill, .remove, .pause, .unpause, .update, .exec, .attach, .connect,
                .disconnect,
                .inspect, .ports,
            ]
        }
    }

    @Test(arguments: Phase.unreadable) func nothingIsGuessed(_ phase: Phase) throws {
        for request in Self.readers(phase) where !(request == .restart && phase.rawValue.hasSuffix("Record")) {
            let scene = try Scene(phase)
            _ = try scene.place.network("one", "10.9.1.1/24")
            let error = scene.refusal("\(request) with \(phase)") { try request.apply($0, "box") }
            let file = scene.spoiltFile(phase)
            #expect(error?.description.contains("\"\(file)\"") == true, "\(request): \(error?.description ?? "")")
            #expect(error?.kind == (phase.rawValue.hasPrefix("newer") ? .newerVersion : .damaged), "\(request)")
            #expect(error?.remedy?.isEmpty == false, "\(request)")
        }
    }

    /// Its end is on record, its output and its place are there: that needs no definition.
    @Test func whatCanBeSaidAllTheSame() throws {
        for phase in [Phase.damagedRecord, .newerRecord] {
            let scene = try Scene(phase)
            #expect(try scene.engine.wait("box") == 7)
            #expect(try scene.engine.publishedPorts(of: "box") == [])
            let listing = try scene.engine.containers(all: true)
            #expect(listing.elements.isEmpty && listing.failures.count == 1)
        }
    }

    /// `rm -f` removes it whatever it says.
    @Test(arguments: Phase.unreadable) func forceRemovesIt(_ phase: Phase) throws {
        let scene = try Scene(phase)
        try scene.engine.remove("box", force: true)
        #expect(try scene.outcome == "gone")
        #expect(scene.supervisor?.isAlive != true)
    }

    @Test func othersAreListedAllTheSame() throws {
        let scene = try Scene(.damagedRecord)
        try scene.place.make(scene.place.definition("sound"), created: true)
        let listing = try scene.engine.containers(all: true)
        #expect(listing.elements.map(\.name) == ["sound"])
        #expect(listing.failures.map(\.kind) == [.damaged])
    }
}
