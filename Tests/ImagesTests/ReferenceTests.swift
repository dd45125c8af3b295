import Core
import Testing

@testable import Images

@Suite struct ReferenceTests {
    @Test(arguments: [
        ("busybox", "busybox:latest"), ("a/b-c__d.e:1.0_x-", "a/b-c__d.e:1.0_x-"),
        ("host:5000/x", "host:5000/x:latest"),
        ("localhost/x:t", "localhost/x:t"), ("docker.io/library/debian:12", "debian:12"),
        ("docker.io/me/x", "me/x:latest"),
        ("Reg.Example.com/a", "Reg.Example.com/a:latest"), ("a---b", "a---b:latest"), ("x:_", "x:_"),
    ])
    func accepted(_ text: String, _ expected: String) throws { #expect(try Reference(text).text == expected) }

    @Test(arguments: [
        "", ":", "a:", ":a", "a//b", "/a", "a/", "-a", "a-", "a..b", "a___b", "a._b", "a b", "a:b:c", "a:.x", "a@b",
        "a@sha256:12", "host:port/a", "ü", "a\u{0}b", "a/b:c/d e", "../a",
        "a:" + String(repeating: "x", count: 129), String(repeating: "a", count: 256),
    ])
    func refused(_ text: String) throws {
        #expect(error { _ = try Reference(text) }?.description == "invalid reference format")
    }

    @Test func digests() throws {
        let digest = "sha256:" + String(repeating: "ab", count: 32)
        let reference = try Reference("a/b@" + digest)
        #expect(reference.tag == nil && reference.description == "a/b@" + digest)
        #expect(try Reference("a:1@" + digest).text == "a:1")
        #expect(error { _ = try Reference("Foo") }?.description.contains("(Foo) must be lowercase") == true)
        #expect(error { _ = try Reference(String(digest.dropFirst(7))) } != nil)
    }

    private func changed(_ changes: String...) throws -> ImageConfig {
        var config = ImageConfig()
        try ConfigChange.apply(changes, to: &config)
        return config
    }

    @Test func changes() throws {
        let config = try changed(
            "cmd echo $HOME", "ENV A=1 B=\"two words\" C=a\\ b", "ENV OLD the rest  of it", "ENV A=2", "WORKDIR /a",
            "WORKDIR b", "USER 1:2", "EXPOSE 80 90-91/udp", "STOPSIGNAL SIGQUIT", "LABEL k=v", "VOLUME [\"/data\"]")
        #expect(config.command == ["/bin/sh", "-c", "echo $HOME"])
        #expect(config.environment == ["A=2", "B=two words", "C=a b", "OLD=the rest  of it"])
        #expect(config.workingDirectory == "/a/b" && config.user == "1:2" && config.stopSignal == "SIGQUIT")
        #expect(config.exposedPorts == ["80/tcp", "90/udp", "91/udp"])
        #expect(config.labels == ["k": "v"] && config.volumes == ["/data"])
        #expect(try ImageConfig(config.json) == config)
        #expect(try changed("CMD x", "ENTRYPOINT [\"e\"]").command != nil)
        #expect(try changed("CMD []").command == [])
    }

    /// As a path that needs no reading any more, whatever it is seen from.
    @Test(arguments: [
        ("/a", ".", "/a"), ("/a", "./", "/a"), ("/a", "..", "/"), ("/a", "../../..", "/"), ("", ".", "/"),
        ("", "../x", "/x"), ("/", "b/../c/", "/c"), ("/a", "/b//c/.", "/b/c"),
    ])
    func workingDirectoriesAreCleaned(_ before: String, _ path: String, _ after: String) throws {
        var config = ImageConfig()
        config.workingDirectory = before
        try ConfigChange.apply(["WORKDIR \(path)"], to: &config)
        #expect(config.workingDirectory == after)
    }

    @Test(arguments: [
        "", "RUN x", "ENV", "ENV A", "ENV =x", "EXPOSE x", "EXPOSE 0", "STOPSIGNAL NOPE", "USER a b", "ENV A='x",
    ])
    func changesThatMakeNoSense(_ change: String) throws {
        #expect(throws: OperationError.self) { try changed(change) }
    }
}
