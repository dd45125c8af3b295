import Core
import Engine
import Lifecycle
import Linux
import Records
import TestSupport
import Testing

/// Volumes and the containers that have them, on records of the test's own.
@Suite struct VolumeUseTests {
    private let place: Place
    private let engine: Engine

    init() throws {
        place = try Place()
        engine = Engine(host: place.host)
    }

    private func create(_ name: String?, _ labels: [String: String] = [:]) throws -> Name {
        var request = VolumeRequest()
        request.name = name
        request.labels = labels
        return try engine.createVolume(request)
    }

    private func makeContainer(_ name: String, _ volumes: [VolumeMount], removesItself: Bool = false) throws
        -> ContainerID
    {
        var definition = try place.definition(name)
        definition.volumes = volumes
        definition.autoRemove = removesItself
        return try place.make(definition, created: !removesItself)
    }

    private func names() throws -> [String] { try engine.volumes(tellsUse: false).elements.map(\.definition.name.text) }

    @Test func oneInUseIsKeptAndItsUserNamed() throws {
        let data = try create("data")
        let id = try makeContainer("box", [VolumeMount(data, at: "/d")])
        for force in [false, true] {
            let error = #expect(throws: OperationError.self) { try engine.removeVolume("data", force: force) }
            #expect(error?.description == "remove data: volume is in use - [\(id.hex)]")
            #expect(error?.remedy == "container box has it: mydocker rm box")
            #expect(error?.kind == .conflict)
        }
        #expect(try engine.volumes(tellsUse: true).elements.map(\.isDangling) == [false])
        try engine.remove("box", force: false, volumes: true)
        #expect(try engine.volumes(tellsUse: true).elements.map(\.isDangling) == [true])
        try engine.removeVolume("data", force: false)
        #expect(try names() == [])
    }

    @Test func aSecondCreateLeavesTheFirstAsItIs() throws {
        _ = try create("data", ["a": "1"])
        #expect(try create("data", ["a": "2"]).text == "data")
        #expect(try engine.inspectVolume("data").definition.labels == ["a": "1"])
    }

    @Test func whatHasNoNameGoesWithItsLastContainer() throws {
        let unnamed = VolumeMount(anonymousAt: "/own")
        let named = VolumeMount(try create("data"), at: "/d")
        try place.host.volumeStore.holding { () throws(OperationError) in
            try place.host.volumeStore.create(VolumeDefinition(unnamed, created: .now()))
        }
        _ = try makeContainer("first", [unnamed, named])
        _ = try makeContainer("second", [unnamed])
        _ = try makeContainer("third", [unnamed])
        try engine.remove("first", force: false, volumes: true)
        #expect(try names().count == 2)
        try engine.remove("second", force: false)
        #expect(try names().count == 2)
        try engine.remove("third", force: false, volumes: true)
        #expect(try names() == ["data"])
    }

    @Test func whoCannotBeReadMayHaveAny() throws {
        _ = try create("data")
        let id = try makeContainer("box", [])
        try Files.replace(place.layout.definition(id), Array("{".utf8))
        let error = #expect(throws: OperationError.self) { try engine.removeVolume("data", force: true) }
        #expect(error?.kind == .damaged && error?.operation == "remove data: volume may be in use")
        let pruned = try engine.pruneVolumes { _ in true }
        #expect(pruned.elements.isEmpty && pruned.failures.count == 1)
        #expect(try engine.volumes(tellsUse: true).elements.map(\.isDangling) == [nil])
        try engine.remove(id.hex, force: true)
        #expect(try engine.pruneVolumes { _ in true }.elements.flatMap(\.lines) == ["data"])
    }

    /// Its supervisor was killed: whoever wants the volume removes the container first.
    @Test func aDeadOneThatRemovesItselfKeepsNone() throws {
        let unnamed = VolumeMount(anonymousAt: "/own")
        let data = VolumeMount(try create("data"), at: "/d")
        try place.host.volumeStore.holding { () throws(OperationError) in
            try place.host.volumeStore.create(VolumeDefinition(unnamed, created: .now()))
        }
        let id = try makeContainer("box", [data, unnamed], removesItself: true)
        try place.leave(place.deadState(.running, started: .now()), of: id)
        try engine.removeVolume("data", force: false)
        #expect(try names() == [] && !Files.exists(place.layout.container(id)))
    }

    @Test func pruningTakesWhatIsWanted() throws {
        _ = try create("data", ["keep": ""])
        _ = try create("other")
        let unnamed = try create(nil)
        #expect(try engine.pruneVolumes { $0.isAnonymous }.elements.flatMap(\.lines) == [unnamed.text])
        #expect(try engine.pruneVolumes { $0.labels.isEmpty }.elements.flatMap(\.lines) == ["other"])
        #expect(try names() == ["data"])
    }

    @Test func whatIsNotThere() throws {
        for name in ["nosuch", "", "../images", ".hidden", "a/b"] {
            let error = #expect(throws: OperationError.self) { try engine.removeVolume(name, force: false) }
            #expect(error?.description == "get \(name): no such volume" && error?.kind == .notFound)
            #expect(throws: OperationError.self) { try engine.inspectVolume(name) }
        }
        try engine.removeVolume("nosuch", force: true)
        #expect(throws: OperationError.self) { try engine.removeVolume("", force: true) }
    }
}
