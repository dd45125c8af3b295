import Core
import Fuzzing
import Testing

@testable import Registry

@Suite struct RegistriesConfigurationTests {
    private func parsed(_ texts: String...) throws -> RegistriesConfiguration {
        var configuration = RegistriesConfiguration()
        for text in texts { try configuration.add(TOMLReader.parse(Array(text.utf8))) }
        return configuration
    }

    private static let example = """
        # comment
        unqualified-search-registries = ["docker.io", 'quay.io',] # behind
        short-name-mode="permissive"

        [[registry]]
        prefix = "example.com/foo"
        location = "internal.example.com:5000/bar"
        insecure = true

        [[registry.mirror]]
        location = "mirror.local"
        [[registry.mirror]]
        location = "digests.local/x"
        pull-from-mirror = "digest-only"

        [[registry]]
        location = "evil.com"
        blocked = true
        [[registry]]
        prefix = "*.wild.org"
        insecure = true

        [aliases]
        "fedora" = "registry.fedoraproject.org/fedora"
        """

    @Test func toml() throws {
        let json = try TOMLReader.parse(
            Array("a = 1\n\"b c\" = [true, [\"\\u00e9\\n\"]]\n[t.u]\nx='\\'\n[[l]]\n[[l]]\ny=-2".utf8))
        #expect(json.compact == #"{"a":1,"b c":[true,["é\n"]],"t":{"u":{"x":"\\"}},"l":[{},{"y":-2}]}"#)
    }

    @Test(arguments: [
        ("a", 1), ("a = ", 1), ("\na = 'x", 2), ("a = 1\na = 2", 2), ("a.b = 1", 1), ("a = {}", 1),
        ("a = \"\"\"x\"\"\"", 1),
        ("[t]\n[t]", 2), ("[t", 1), ("a = 1 b", 1), ("a = 2020-01-01", 1), ("a = \"\\x\"", 1), ("[[l]]\n[l]", 2),
        ("a=1\n[[a]]", 2),
    ])
    func whatIsNotRead(_ text: String, _ line: Int) {
        let error = #expect(throws: TOMLError.self) { try TOMLReader.parse(Array(text.utf8)) }
        #expect(error?.line == line, "\(text): \(String(describing: error))")
    }

    @Test func whereImagesAre() throws {
        let configuration = try parsed(Self.example)
        func sources(_ text: String) throws -> [String] {
            try configuration.sources(of: Reference(text)).map {
                "\($0.registry)/\($0.repository)\($0.isInsecure ? " insecure" : "")\($0.isMirror ? " mirror" : "")"
            }
        }
        #expect(
            try sources("example.com/foo/app:1") == [
                "mirror.local/app mirror", "internal.example.com:5000/bar/app insecure",
            ])
        let digest = "@sha256:" + String(repeating: "0", count: 64)
        #expect(try sources("example.com/foo/app" + digest).contains("digests.local/x/app mirror"))
        #expect(try sources("example.com/foobar") == ["example.com/foobar"])
        #expect(try sources("a.wild.org/x") == ["a.wild.org/x insecure"])
        #expect(try sources("busybox") == ["docker.io/library/busybox"])
        #expect(try sources("localhost:5000/x") == ["localhost:5000/x insecure"])
        #expect(try sources("127.0.0.2/x") == ["127.0.0.2/x insecure"])
        #expect(throws: OperationError.self) { try sources("evil.com/x") }
        #expect(RegistrySource(registry: "docker.io", repository: "library/x").host == "registry-1.docker.io")
    }

    @Test func shortNames() throws {
        let configuration = try parsed(Self.example)
        func names(_ text: String) throws -> [String] { try configuration.candidates(for: text).map(\.canonical) }
        #expect(try names("nginx") == ["docker.io/library/nginx:latest", "quay.io/nginx:latest"])
        #expect(try names("fedora:40") == ["registry.fedoraproject.org/fedora:40"])
        #expect(try names("quay.io/x") == ["quay.io/x:latest"])
        #expect(try RegistriesConfiguration().candidates(for: "a/b").map(\.canonical) == ["docker.io/a/b:latest"])
    }

    @Test func laterFilesWin() throws {
        let configuration = try parsed(Self.example, "[[registry]]\nlocation='evil.com'\n[aliases]\nfedora='quay.io/f'")
        #expect(try configuration.sources(of: Reference("evil.com/x")).count == 1)
        #expect(try configuration.candidates(for: "fedora").map(\.name) == ["quay.io/f"])
    }

    @Test(arguments: [
        "unqualified-search-registries = 'x'", "unqualified-search-registries = ['a b']", "nonsense = 1",
        "[registries.search]\nregistries=[]",
        "[[registry]]", "[[registry]]\nlocation='a'\nnonsense=1", "[[registry]]\nlocation='../x'",
        "[[registry]]\nlocation='a'\ninsecure='yes'",
        "[[registry]]\nlocation='a'\n[[registry.mirror]]\ninsecure=true", "[aliases]\na='B'",
        "[[registry]]\nprefix='*.x'\nlocation='a/..'",
    ])
    func whatIsRefused(_ text: String) { #expect(throws: RecordError.self, "\(text)") { try parsed(text) } }

    @Test func fuzz() {
        Fuzz.texts([Self.example, "a = [1, \"x\"]\n[t.u]\nb = 'c'"], cost: 10) { text in
            do throws(TOMLError) {
                let json = try TOMLReader.parse(Array(text.utf8))
                var configuration = RegistriesConfiguration()
                do throws(RecordError) { try configuration.add(json) } catch {
                    if error.description.isEmpty { Issue.record("\(text)") }
                }
                if let name = try? Reference("example.com/foo/app") { _ = try? configuration.sources(of: name) }
                _ = try? configuration.candidates(for: "fedora")
            } catch {
                if error.line < 1 || error.reason.isEmpty { Issue.record("\(text.debugDescription)") }
            }
        }
    }
}
