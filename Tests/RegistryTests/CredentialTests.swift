import Core
import Foundation
import Fuzzing
import Testing

@testable import Registry

@Suite struct CredentialTests {
    private func file(_ text: String) throws -> CredentialFile { try CredentialFile(parsing: Array(text.utf8)) }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64(_ text: String, _ encoded: String) {
        #expect(Base64Text.encoded(text.utf8) == encoded)
        #expect(Base64Text.decoded(encoded) == Array(text.utf8))
    }

    @Test func whatIsNoBase64() {
        for text in ["A", "Zg=x", "Z*==", "=Zg"] { #expect(Base64Text.decoded(text) == nil, "\(text)") }
    }

    @Test func ofDockersForm() throws {
        let file = try file(
            #"{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6c2VjOnJldA=="},"reg:5000":{"identitytoken":"t"}}}"#)
        let mine = Credentials.password(user: "me", password: "sec:ret")
        #expect(try file.credentials(for: "docker.io") == mine)
        #expect(mine.basic == "Basic bWU6c2VjOnJldA==")
        #expect(try file.credentials(for: "reg:5000") == .identityToken("t"))
        #expect(try file.credentials(for: "reg") == nil)
    }

    @Test func ofPodmansForm() throws {
        let file = try file(
            #"{"auths":{"quay.io/a/b":{"auth":"YjpiCg=="},"quay.io/a":{"auth":"YTph"},"quay.io":{"auth":"cTpx"}}}"#)
        func user(_ repository: String) throws -> String? {
            guard case .password(let user, _) = try file.credentials(for: "quay.io", repository: repository) else {
                return nil
            }
            return user
        }
        #expect(try user("a/b") == "b")
        #expect(try user("a/b/c") == "b")
        #expect(try user("a/x") == "a")
        #expect(try user("ab") == "q")
    }

    @Test func helpers() throws {
        let file = try file(
            #"{"credsStore":"desktop","credHelpers":{"gcr.io":"gcloud"},"HttpHeaders":{"X-A":"b","Y":1}}"#)
        #expect(file.helper(for: "gcr.io") == "gcloud" && file.helper(for: "docker.io") == "desktop")
        #expect(file.headers.map { "\($0.name)=\($0.value)" } == ["X-A=b"])
        #expect(throws: OperationError.self) { try CredentialHelper(name: "../evil") }
        #expect(throws: OperationError.self) { try CredentialHelper(name: "") }
    }

    /// What others have put there stays.
    @Test func changes() throws {
        var file = try file(#"{"psFormat":"x","auths":{"a":{"auth":"YTph"}}}"#)
        file.set(.password(user: "me", password: "p"), for: "docker.io")
        #expect(file.json["psFormat"] == "x")
        #expect(try file.credentials(for: "docker.io") == .password(user: "me", password: "p"))
        #expect(file.json["auths"]?["https://index.docker.io/v1/"] != nil)
        #expect(file.remove("docker.io") && !file.remove("docker.io"))
        #expect(try file.credentials(for: "a") == .password(user: "a", password: "a"))
    }

    /// None of what several `login` and `logout` change at once gets lost, and nothing but the file is there afterwards.
    @Test func manyAtOnce() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("login-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = CredentialStore { $0 == "DOCKER_CONFIG" ? directory : nil }
        _ = try store.store(.password(user: "u", password: "p"), for: "gone")
        DispatchQueue.concurrentPerform(iterations: 24) { number in
            if number == 12 { _ = try? store.erase("gone") }
            _ = try? store.store(.password(user: "u\(number)", password: "p"), for: "r\(number):5000")
        }
        for number in 0..<24 {
            #expect(try store.credentials(for: "r\(number):5000") == .password(user: "u\(number)", password: "p"))
        }
        #expect(try store.credentials(for: "gone") == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["config.json"])
    }

    @Test(arguments: ["[]", "x", #"{"auths":[]}"#, #"{"credHelpers":1}"#])
    func whatIsNone(_ text: String) { #expect(throws: RecordError.self) { try file(text) } }

    @Test func damagedEntries() throws {
        for auth in ["!!!", "Zg=="] {
            let file = try file(#"{"auths":{"a":{"auth":"\#(auth)"}}}"#)
            #expect(throws: RecordError.self) { try file.credentials(for: "a") }
        }
    }

    @Test func fuzz() {
        let examples = [
            #"{"auths":{"a/b":{"auth":"YTph"},"https://c/v1/":{"identitytoken":"t"}},"credsStore":"x"}"#, "{}", "",
        ]
        Fuzz.texts(examples, cost: 4) { text in
            guard let file = try? CredentialFile(parsing: Array(text.utf8)) else { return }
            _ = try? file.credentials(for: "a", repository: "b/c")
            _ = file.helper(for: "a")
            var changed = file
            changed.set(.identityToken("t"), for: "a")
            if (try? changed.credentials(for: "a")) != .identityToken("t") { Issue.record("\(text.debugDescription)") }
        }
    }
}
