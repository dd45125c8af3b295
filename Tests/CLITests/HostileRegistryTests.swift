import Foundation
import Testing

extension CLI {
    /// Registries that lie, break off, or lead elsewhere: one clear line, and nothing is left.
    @Suite(.serialized) struct HostileRegistries {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.HostileRegistries {
    /// Repository, words of the error.
    private static let refusals: [(String, String)] = [
        ("wrongdigest", "verification failed for digest"),
        ("garbage", "filesystem layer verification failed for digest"),
        ("wrongdiff", "filesystem layer verification failed for digest"),
        ("twofold", "its layers are not those of its configuration"),
        ("nolayers", "its layers are not those of its configuration"),
        ("twolayers", "its layers are not those of its configuration"), ("otherlayer", "not found"),
        ("described", "its layers are not those of its configuration"), ("short", "bytes and no more"),
        ("traversal", "the name leads out of the archive"),
        ("long", "has sent more than its"), ("endless", "has sent more than its"),
        ("many", "max depth exceeded: 10000 layers"), ("negative", "a layer has -1 bytes"),
        ("huge", "is longer than 4194304 bytes"),
        ("longconfig", "is longer than"), ("looping", "stopped after 10 redirects"),
        ("oldform", "has the form of Docker before 1.10"),
        ("nojson", "its manifest is not valid"), ("list", "its manifest is not valid: it is not an object"),
        ("both", "its manifest is not valid"), ("chart", "it is no image"),
        ("foreignplatform", "no matching manifest for linux/"), ("empty", "no matching manifest for linux/"),
        ("nothing", "not found: manifest unknown"), ("metadata", "leads to this host's own or link-local addresses"),
    ]

    @Test func whatIsRefused() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                for (repository, words) in Self.refusals {
                    let outcome = Host.mydocker(home: scratch, ["pull", "-q", registry.name(repository)], seconds: 90)
                    #expect(outcome.code == 1 && outcome.text == "", "\(repository)")
                    #expect(outcome.error.contains(words), "\(repository): \(outcome.error)")
                    let lines = outcome.error.split(separator: "\n").filter { !$0.hasPrefix("  ") }
                    #expect(lines.count == 1 && outcome.error.utf8.count < 2000, "\(repository): \(outcome.error)")
                    let check = mydocker("system", "check")
                    #expect(check.code == 0, "\(repository): \(check.text)")
                    #expect(
                        Host.shell(
                            "ls /var/lib/mydocker/images/downloads /var/lib/mydocker/images/temporary | grep -v :"
                        ).lines.isEmpty, "\(repository)")
                }
                // What is here is for this host, and nothing else becomes of it.
                succeed("pull", "-q", registry.name("good"))
                let elsewhere = mydocker("pull", "-q", "--platform", "linux/s390x", registry.name("good"))
                #expect(elsewhere.code == 1 && elsewhere.error.contains("no matching manifest for linux/s390x"))
                succeed("rmi", registry.name("good"))
                let other = registry.name("good") + "@sha256:" + String(repeating: "1", count: 64)
                let outcome = mydocker("pull", other)
                #expect(
                    outcome.code == 1 && outcome.error.contains("manifest verification failed for digest"),
                    "\(outcome.error)")
            }
        }
    }

    /// Nothing of an image is asked for whose configuration is here: manifests with other layers are refused, or do not go out.
    @Test func layersOfAKnownConfiguration() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                succeed("pull", "-q", registry.name("good"))
                for repository in ["nolayers", "twolayers"] {
                    let outcome = Host.mydocker(home: scratch, ["pull", "-q", registry.name(repository)])
                    #expect(
                        outcome.code == 1 && outcome.error.contains("its layers are not those of its configuration"),
                        "\(repository): \(outcome.error)")
                    #expect(mydocker("image", "inspect", registry.name(repository)).code == 1, "\(repository)")
                }
                succeed("pull", "-q", registry.name("otherlayer"))
                succeed("save", "-o", scratch + "/saved.tar", registry.name("otherlayer"))
                succeed("tag", registry.name("otherlayer"), registry.name("breaking"))
                succeed("push", registry.name("breaking"))
                succeed("rmi", registry.name("good"), registry.name("otherlayer"), registry.name("breaking"))
                succeed("load", "-i", scratch + "/saved.tar")
                #expect(inspect("{{.Created}}", registry.name("otherlayer")).hasPrefix("2001-02-03T04:05:06"))
                succeed("rmi", registry.name("otherlayer"))
            }
        }
    }

    /// The manifest is there, and what it names is not where the registry says.
    @Test(arguments: ["lostconfig", "lostlayer"]) func aBlobThatIsMissingIsNamed(repository: String) throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            let name = registry.name(repository)
            let outcome = Host.mydocker(home: scratch, ["pull", "-q", name], seconds: 90)
            let asked = try #require(registry.requests("/\(repository)/blobs/").last { $0[0] == "127.0.0.2" })
            let path = try #require(asked[2].split(separator: "?").first)
            let digest = try #require(path.split(separator: "/").last)
            #expect(
                outcome.code == 1
                    && outcome.error.contains(
                        "blob \(digest) of \(name):latest not found at http://127.0.0.2:5010\(path): blob unknown"),
                "\(outcome.error)")
        }
    }

    @Test func whatIsOvercome() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                for repository in ["good", "docker", "busy", "broken", "norange", "elsewhere"] {
                    let name = registry.name(repository)
                    let outcome = Host.mydocker(home: scratch, ["pull", "-q", name], seconds: 90)
                    #expect(outcome.text == name + ":latest\n", "\(repository): \(outcome.error)")
                    #expect(inspect("{{.Created}}", name).hasPrefix("2001-02-03T04:05:06"))
                    succeed("rmi", name)
                }
                // It went on where it had broken off.
                let ranges = registry.requests("/broken/blobs/").map { $0[4] }.filter { $0 != "-" }
                #expect(ranges.count > 1 && Set(ranges).count == ranges.count, "\(ranges)")
                #expect(registry.requests("/busy/manifests/").count == 3)
                #expect(!FileManager.default.fileExists(atPath: "/escaped"))
            }
        }
    }

    /// Each time it goes on where the registry says that it was.
    @Test func aPushThatBreaksOffGoesOn() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            succeed("tag", "busybox", registry.name("breaking"))
            let outcome = Host.mydocker(home: scratch, ["push", registry.name("breaking")], seconds: 90)
            #expect(outcome.code == 0, "\(outcome.error)")
            #expect(outcome.lines.last?.hasPrefix("latest: digest: sha256:") == true, "\(outcome.text)")
            let starts = registry.requests("/breaking/blobs/uploads/1").filter { $0[1] == "PATCH" }
                .map { Int($0[4].prefix { $0 != "-" }) ?? 0 }
            #expect(starts.filter { $0 > 0 }.count == 3 && Set(starts.filter { $0 > 0 }).count == 3, "\(starts)")
            succeed("rmi", registry.name("breaking"))
        }
    }

    /// What a registry is told of who asks, it alone is told.
    @Test func credentialsGoToNobodyElse() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            try FileManager.default.createDirectory(atPath: scratch + "/.docker", withIntermediateDirectories: true)
            try writeFile(
                #"{"auths":{"localhost:5010":{"auth":"dGVzdGVyOnNlY3JldA=="}},"HttpHeaders":{"X-Secret":"x"}}"#,
                scratch + "/.docker/config.json")
            for repository in ["elsewhere", "looping", "metadata"] {
                _ = Host.mydocker(home: scratch, ["pull", "-q", registry.name(repository)])
            }
            #expect(Host.mydocker(home: scratch, ["pull", "-q", registry.name("basic")]).code == 0)
            let own = registry.requests("/basic/").filter { $0[0] == "127.0.0.1" }
            #expect(own.contains { $0.contains("Basic") }, "\(own)")
            let others = registry.requests("/").filter { $0[0] == "127.0.0.2" }
            #expect(!others.isEmpty && others.allSatisfy { $0[3] == "-" && $0.last == "-" }, "\(others)")
            #expect(own.allSatisfy { $0.last == "x" }, "\(own)")
            succeed("rmi", registry.name("basic"), registry.name("elsewhere"))
        }
    }

    @Test func noTLSIsTakenAway() throws {
        try withScratch { scratch in
            let authority = try TestAuthority(scratch + "/server", names: "DNS:registry.test,IP:127.0.0.1,IP:127.0.0.2")
            let registry = try HostileRegistry(scratch, port: 5010, tls: authority)
            try withHostFile("/etc/hosts", Host.read("/etc/hosts") + "\n127.0.0.1 registry.test\n") {
                let directory = "/etc/docker/certs.d/registry.test:5010"
                Host.shell("mkdir -p \(directory); cp \(authority.root) \(directory)/ca.crt")
                defer { Host.shell("rm -r \(directory); rmdir -p --ignore-fail-on-non-empty /etc/docker/certs.d") }
                #expect(Host.mydocker(home: scratch, ["pull", "-q", "registry.test:5010/good"]).code == 0)
                let outcome = Host.mydocker(home: scratch, ["pull", "-q", "registry.test:5010/downgrade"])
                #expect(
                    outcome.code == 1 && outcome.error.contains("redirected from https to http"), "\(outcome.error)")
                // Where it is redirected to is another one, whose certificate is not trusted for that.
                let other = Host.mydocker(home: scratch, ["pull", "-q", "registry.test:5010/elsewhere"])
                #expect(other.code == 1 && other.error.contains("failed to verify certificate"), "\(other.error)")
                succeed("rmi", "registry.test:5010/good")
            }
            _ = registry
        }
    }

    @Test func configurationOfRegistries() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            func asked(_ configuration: String, _ arguments: String...) throws -> Outcome {
                try writeFile(configuration, scratch + "/registries.conf")
                return Host.mydocker(
                    home: scratch, arguments, environment: ["CONTAINERS_REGISTRIES_CONF": scratch + "/registries.conf"])
            }
            let mirrored = """
                unqualified-search-registries = ["nowhere.invalid", "images.test"]
                [[registry]]
                location = "images.test"
                [[registry.mirror]]
                location = "localhost:1"
                [[registry.mirror]]
                location = "localhost:5010"
                [[registry]]
                location = "blocked.test"
                blocked = true
                [aliases]
                "short" = "localhost:5010/good"
                """
            let pulled = try asked(mirrored, "pull", "-q", "good")
            #expect(pulled.text == "images.test/good:latest\n", "\(pulled.error)")
            #expect(pulled.error.contains("warning: mirror localhost:1"))
            #expect(try asked(mirrored, "pull", "-q", "short").text == "localhost:5010/good:latest\n")
            let blocked = try asked(mirrored, "pull", "blocked.test/x")
            #expect(blocked.code == 1 && blocked.error.contains("is blocked in registries.conf"), "\(blocked.error)")
            let wrong = try asked("nonsense = 1", "pull", "good")
            #expect(wrong.code == 1 && wrong.error.contains("nonsense is not known"), "\(wrong.error)")
            let line = try asked("a = [", "pull", "good")
            #expect(line.code == 1 && line.error.contains("line 1"), "\(line.error)")
            succeed("rmi", "-f", "images.test/good", "localhost:5010/good")
            _ = registry
        }
    }
}
