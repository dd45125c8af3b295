import Core
import Testing

@Suite struct RunRecordingTests {
    private let id = ContainerID.random()

    private func recording(isNameGenerated: Bool = true, isHostnameGenerated: Bool = true) throws -> RunRecording {
        var definition = ContainerDefinition(
            id: id, name: try #require(Name("web")), created: Timestamp(nanoseconds: 1), image: "busybox:latest",
            imageID: "sha256:00", layers: ["/l"], arguments: ["sh"], environment: ["HOSTNAME=" + id.short, "A=1"],
            workingDirectory: "/", user: "", hostname: id.short,
            networkMode: .networks([EndpointWish(network: try #require(Name("br0")))]))
        definition.asked.environmentAdded = ["HOSTNAME"]
        definition.volumes = [VolumeMount(anonymousAt: "/a"), VolumeMount(try #require(Name("data")), at: "/b")]
        let network = NetworkDefinition(
            id: .random(), name: try #require(Name("br0")), driver: "bridge",
            gateway: Subnet("10.0.0.1/24"), device: "br0", mtu: nil, isInternal: false, labels: [:],
            created: Timestamp(nanoseconds: 1))
        return RunRecording(
            definition, isNameGenerated: isNameGenerated, isHostnameGenerated: isHostnameGenerated, networks: [network])
    }

    @Test func isReadAsItWasWritten() throws {
        let recording = try recording(isNameGenerated: false)
        #expect(try RunRecording(RecordReader(JSON(parsing: recording.json.compact))) == recording)
        var empty = recording
        empty.definition.arguments = []
        #expect(throws: RecordError.self) { try RunRecording(RecordReader(empty.json)) }
        for key in ["container", "networks", "nameGenerated", "hostnameGenerated"] {
            let rest = (recording.json.members ?? []).filter { $0.key != key }
            #expect(throws: RecordError.self, "\(key)") { try RunRecording(RecordReader(.object(rest))) }
        }
    }

    /// What was made up for the one container is made up anew for the other.
    @Test func anotherContainerIsAnother() throws {
        let recording = try recording()
        let other = ContainerID.random()
        let again = recording.repeated(
            id: other, name: try #require(Name("again")), hostname: other.short, created: Timestamp(nanoseconds: 2))
        #expect(again.id == other && again.name.text == "again" && again.created == Timestamp(nanoseconds: 2))
        #expect(again.hostname == other.short && again.environment == ["HOSTNAME=" + other.short, "A=1"])
        #expect(again.volumes[0].name != recording.definition.volumes[0].name && again.volumes[0].isAnonymous)
        #expect(again.volumes[0].target == "/a" && again.volumes[1] == recording.definition.volumes[1])
        #expect(again.networkMode == recording.definition.networkMode && again.arguments == ["sh"])
    }

    @Test func whatWasAskedForStays() throws {
        var recording = try recording(isHostnameGenerated: false)
        recording.definition.hostname = "box"
        let again = recording.repeated(
            id: .random(), name: try #require(Name("again")), hostname: "other", created: .now())
        #expect(again.hostname == "box" && again.environment == recording.definition.environment)
        // The caller's own value is no host name of ours.
        recording = try self.recording()
        recording.definition.asked.environmentAdded = []
        let own = recording.repeated(id: .random(), name: try #require(Name("x")), hostname: "y", created: .now())
        #expect(own.environment == recording.definition.environment && own.hostname == "y")
    }
}
