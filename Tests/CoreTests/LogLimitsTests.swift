import Core
import Testing

@Suite struct LogLimitsTests {
    private func limits(_ options: String...) throws -> LogLimits {
        var limits = LogLimits()
        for option in options { try limits.setOption(option) }
        try limits.check()
        return limits
    }

    @Test func tenMegabytesInThreeFilesByDefault() throws {
        #expect(try limits().options == ["max-size": "10m", "max-file": "3"])
        #expect(try limits().maximumSize == 10_000_000)
        #expect(try limits().driver == "json-file")
    }

    @Test(
        arguments: [
            ("512", 512), ("1k", 1000), ("10m", 10_000_000), ("10MB", 10_000_000), ("1.5m", 1_500_000),
            ("2g", 2_000_000_000), ("1", 1),
        ] as [(String, Int64)])
    func sizes(text: String, size: Int64) throws {
        let all = try limits("max-size=\(text)", "max-file=7")
        #expect(all.maximumSize == size && all.maximumFiles == 7)
        let shown = try #require(all.options["max-size"])
        #expect(try limits("max-size=\(shown)", "max-file=7") == all)
    }

    @Test func noLimit() throws {
        let all = try limits("max-size=-1")
        #expect(all.maximumSize == nil)
        #expect(all.options["max-size"] == "-1")
    }

    @Test(arguments: [
        "", "max-size", "max-size=", "max-size=0", "max-size=-2", "max-size=ten", "max-size=9999999999g", "max-file=",
        "max-file=0", "max-file=-1", "max-file=101", "max-file=1.5", "max-file=3 ", "compress=true", "=1",
    ]) func refuses(option: String) {
        #expect(throws: OperationError.self) { try limits(option) }
    }

    @Test func drivers() throws {
        var limits = LogLimits()
        try limits.setDriver("none")
        #expect(!limits.isKept && limits.driver == "none" && limits.options.isEmpty)
        try limits.setDriver("json-file")
        #expect(limits == LogLimits())
        #expect(throws: OperationError.self) { try limits.setDriver("fluentd") }
        #expect(throws: OperationError.self) { try limits.setDriver("") }
    }

    @Test func recordsComeBackAndHostileOnesDoNot() throws {
        var none = LogLimits()
        try none.setDriver("none")
        for all in [try limits(), try limits("max-size=-1", "max-file=1"), try limits("max-size=3k"), none] {
            #expect(try LogLimits(RecordReader(all.json)) == all)
        }
        for json in [
            ["kept": true, "maximumSize": 0, "maximumFiles": 3], ["kept": true, "maximumSize": 5, "maximumFiles": 0],
            ["kept": true, "maximumSize": 5, "maximumFiles": 1_000_000], ["maximumSize": 5, "maximumFiles": 3],
            ["kept": true, "maximumSize": "10m", "maximumFiles": 3],
        ] as [JSON] {
            #expect(throws: RecordError.self) { try LogLimits(RecordReader(json)) }
        }
    }

    /// A record of before there were limits.
    @Test func definitionsWithoutLimitsHaveTheDefault() throws {
        let name = try #require(Name("web"))
        var definition = ContainerDefinition(
            id: .random(), name: name, created: .now(), image: "", imageID: nil, layers: [], arguments: ["true"],
            environment: [], workingDirectory: "/", user: "", hostname: "web", networkMode: .none)
        definition.log = try limits("max-size=1k", "max-file=9")
        #expect(try ContainerDefinition(RecordReader(definition.json)) == definition)
        guard case .object(let members) = definition.json else { return }
        #expect(members.contains { $0.key == "log" })
        let old = try ContainerDefinition(RecordReader(.object(members.filter { $0.key != "log" })))
        #expect(old.log == LogLimits())
    }
}
