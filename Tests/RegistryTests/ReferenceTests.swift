import Core
import Testing

@testable import Registry

@Suite struct RegistryReferenceTests {
    @Test(arguments: [
        ("busybox", "docker.io", "library/busybox", "docker.io/library/busybox:latest"),
        ("me/x:1", "docker.io", "me/x", "docker.io/me/x:1"),
        ("localhost:5000/a/b", "localhost:5000", "a/b", "localhost:5000/a/b:latest"),
        ("quay.io/x", "quay.io", "x", "quay.io/x:latest"),
        ("docker.io/busybox", "docker.io", "library/busybox", "docker.io/library/busybox:latest"),
    ])
    func normalised(_ text: String, _ registry: String, _ repository: String, _ canonical: String) throws {
        let reference = try Reference(text)
        #expect(reference.registry == registry && reference.repository == repository)
        #expect(reference.canonical == canonical)
    }

    @Test func platforms() throws {
        func platform(_ text: String) throws -> Platform { try Platform(parsing: text) }
        #expect(try platform("linux/arm64/v8").description == "linux/arm64/v8")
        #expect(try platform("x86_64") == Platform(system: "linux", architecture: "amd64"))
        #expect(try platform("linux/aarch64").architecture == "arm64")
        let armv6 = try platform("linux/arm/v6")
        #expect(Platform(system: "linux", architecture: "arm", variant: "v6").rank(for: armv6) == 0)
        #expect(Platform(system: "linux", architecture: "arm", variant: "v5").rank(for: armv6) == 1)
        #expect(Platform(system: "linux", architecture: "arm").rank(for: armv6) == nil, "that is v7")
        #expect(try Platform(system: "linux", architecture: "arm64").rank(for: platform("linux/arm64/v8")) == 0)
        #expect(try Platform(system: "windows", architecture: "amd64").rank(for: platform("linux/amd64")) == nil)
        #expect(Platform.host.rank == 0)
        for text in ["", "/", "linux/", "a/b/c/d", "linux/am d64", "linux/../x"] {
            #expect(throws: OperationError.self, "\(text)") { try platform(text) }
        }
    }

    @Test func timestamps() throws {
        let moment = Timestamp(nanoseconds: 1_700_000_000_123_456_789)
        #expect(Timestamp(parsing: moment.description) == moment)
        #expect(Timestamp(parsing: "1970-01-01T00:00:00Z")?.nanoseconds == 0)
        #expect(Timestamp(parsing: "1970-01-01T02:00:00.5+02:00")?.nanoseconds == 500_000_000)
        #expect(Timestamp(parsing: "2000-03-01T00:00:00Z")?.nanoseconds == 951_868_800_000_000_000)
        #expect(Timestamp(parsing: "1969-12-31T23:59:59Z")?.nanoseconds == -1_000_000_000)
        for text in [
            "", "2020-01-01", "2020-13-01T00:00:00Z", "2020-01-01T00:00:00", "9999-01-01T00:00:00Z",
            "2020-01-01T00:00:00.Z x",
        ] {
            #expect(Timestamp(parsing: text) == nil, "\(text)")
        }
    }
}
