import Foundation
import Testing

extension CLI {
    /// Who may pull and push: `login`, and what keeps the passwords.
    @Suite(.serialized) struct RegistryLogins {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.RegistryLogins {
    @Test(arguments: ["password", "token"]) func whoMay(_ kind: String) throws {
        try withRegistry(kind == "token" ? .token(5001) : .password) { registry, scratch in
            let name = registry.host + "/private"
            func asked(_ arguments: String..., input: String? = nil) -> Outcome {
                Host.mydocker(home: scratch, arguments, input: input.map { Data($0.utf8) })
            }
            succeed("tag", "busybox", name)
            let stranger = asked("push", name)
            #expect(
                stranger.code == 1 && stranger.error.contains("mydocker login localhost:5000"), "\(stranger.error)")
            let pull = asked("pull", name)
            #expect(pull.code == 1)
            if kind == "password" {
                #expect(pull.error.contains("pull access denied for \(name)"), "\(pull.error)")
            }

            let wrong = asked("login", "-u", "tester", "--password-stdin", registry.host, input: "nonsense\n")
            #expect(
                wrong.code == 1 && wrong.error.contains("unauthorized") || wrong.error.contains("incorrect"),
                "\(wrong.error)")
            #expect(!FileManager.default.fileExists(atPath: scratch + "/.docker/config.json"))
            let right = asked("login", "-u", "tester", "--password-stdin", registry.host, input: "secret\n")
            #expect(right.code == 0 && right.text == "Login Succeeded\n", "\(right.error)")
            #expect(right.error.contains("stored unencrypted in \(scratch)/.docker/config.json"))
            let mode = try FileManager.default.attributesOfItem(atPath: scratch + "/.docker/config.json")[
                .posixPermissions]
            #expect(mode as? Int == 0o600)
            #expect(asked("login", registry.host).text == "Login Succeeded\n")

            #expect(asked("push", name).code == 0)
            succeed("rmi", name)
            #expect(asked("pull", "-q", name).text == name + ":latest\n")
            // A token for both repositories takes the blobs over.
            let second = registry.host + "/second"
            succeed("tag", name, second)
            let mounted = asked("push", second)
            #expect(mounted.code == 0 && mounted.error.contains("Mounted from private"), "\(mounted.error)")
            succeed("rmi", second)
            #expect(asked("logout", registry.host).text == "Removing login credentials for localhost:5000\n")
            #expect(asked("logout", registry.host).text == "Not logged in to localhost:5000\n")
            succeed("rmi", name)
            #expect(asked("pull", name).code == 1)
        }
    }

    /// What a login by a browser has left, which a token server changes into tokens: `identitytoken` of a configuration.
    @Test func identityTokens() throws {
        try withScratch { scratch in
            let registry = try TestRegistry(scratch, port: 5000, access: .token(5001))
            let name = "\(registry.host)/identity/box"
            succeed("tag", "busybox", name)
            defer { mydocker("rmi", "-f", name) }
            for (token, code) in [("refresh-secret", 0), ("refresh-other", 1), ("secret", 1)] as [(String, Int32)] {
                try FileManager.default.createDirectory(
                    atPath: scratch + "/.docker", withIntermediateDirectories: true)
                try writeFile(
                    #"{"auths":{"\#(registry.host)":{"identitytoken":"\#(token)"}}}"#, scratch + "/.docker/config.json")
                for words in [["push", name], ["pull", name], ["manifest", "inspect", name]] {
                    let outcome = Host.mydocker(home: scratch, words)
                    #expect(outcome.code == code, "\(token) \(words): \(outcome.error)")
                    #expect(!outcome.error.contains(token) && (code == 0 || outcome.error.contains("login")))
                }
            }
        }
    }

    /// A program of others keeps them: the one program that is run here.
    @Test func credentialHelpers() throws {
        try withScratch { scratch in
            let registry = try TestRegistry(scratch, port: 5000, access: .password)
            let name = registry.host + "/private"
            try FileManager.default.createDirectory(atPath: scratch + "/.docker", withIntermediateDirectories: true)
            try writeFile(#"{"credHelpers":{"localhost:5000":"test"}}"#, scratch + "/.docker/config.json")
            try writeFile(
                """
                #!/bin/sh
                case $1 in
                  store) cat >\(scratch)/kept ;;
                  erase) rm \(scratch)/kept ;;
                  get) cat >/dev/null; cat \(scratch)/kept 2>/dev/null || { echo credentials not found in native keychain; exit 1; } ;;
                esac
                """, scratch + "/docker-credential-test")
            Host.shell("chmod +x \(scratch)/docker-credential-test")
            let path = ["PATH": scratch + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")]
            func asked(_ arguments: String..., input: String? = nil, environment: [String: String] = path) -> Outcome {
                Host.mydocker(home: scratch, arguments, input: input.map { Data($0.utf8) }, environment: environment)
            }
            succeed("tag", "busybox", name)
            #expect(asked("push", name).code == 1)
            let login = asked("login", "-u", "tester", "--password-stdin", registry.host, input: "secret")
            #expect(login.code == 0 && !login.error.contains("unencrypted"), "\(login.error)")
            #expect(!Host.read(scratch + "/.docker/config.json").contains("c2Vjcm"))
            #expect(
                Host.read(scratch + "/kept") == #"{"ServerURL":"localhost:5000","Username":"tester","Secret":"secret"}"#
            )
            #expect(asked("push", name).code == 0)
            let missing = asked("push", name, environment: [:])
            #expect(missing.code == 1 && missing.error.contains("docker-credential-test"), "\(missing.error)")
            #expect(asked("logout", registry.host).code == 0)
            #expect(!FileManager.default.fileExists(atPath: scratch + "/kept"))
            succeed("rmi", name)
        }
    }

    /// At a terminal both are asked for; the password is not shown, and the terminal is as before, also after a signal.
    @Test func loginAtATerminal() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            func typed(_ keys: String) -> Outcome {
                Host.shell(
                    "export HOME=\(scratch); \(keys) | "
                        + "script -qec \"trap : INT; $MYDOCKER login localhost:5010; echo code \\$?; stty -a | grep -o ' echo '\" /dev/null"
                )
            }
            let right = typed("(sleep 0.5; echo tester; sleep 0.5; echo secret; sleep 0.3)")
            #expect(right.text.contains("Login Succeeded") && right.text.contains("code 0"), "\(right.text)")
            #expect(!right.text.contains("secret") && right.text.contains(" echo "), "\(right.text)")
            #expect(registry.requests("/v2/").contains { $0[3] == "Basic" && $0[4] == "dGVzdGVyOnNlY3JldA==" })
            Host.shell("rm \(scratch)/.docker/config.json")
            let interrupted = typed("(sleep 0.5; echo tester; sleep 0.5; printf '\\003'; sleep 0.3)")
            #expect(interrupted.text.contains("code 130") && interrupted.text.contains(" echo "), "\(interrupted.text)")
        }
    }

    @Test func loginThatCannotBe() throws {
        try withScratch { scratch in
            for (arguments, words) in [
                (["login", "--password-stdin", "h"], "Must provide --username with --password-stdin"),
                (["login", "-u", "a", "-p", "b", "--password-stdin", "h"], "mutually exclusive"),
                (["login", "h"], "Cannot perform an interactive login from a non TTY device"),
                (["login", "-u", "a", "-p", "b", "a b"], "invalid registry"),
                (["login", "-u", "a:b", "-p", "b", "localhost:1"], "a user name has no colon"),
                (["login", "-u", "a", "-p", "b", "localhost:1"], "connection refused"),
            ] {
                let outcome = Host.mydocker(home: scratch, arguments)
                #expect(
                    outcome.code == 1 && outcome.text == "" && outcome.error.contains(words),
                    "\(arguments): \(outcome.error)")
            }
            try FileManager.default.createDirectory(atPath: scratch + "/.docker", withIntermediateDirectories: true)
            try writeFile("nonsense", scratch + "/.docker/config.json")
            let damaged = Host.mydocker(home: scratch, ["pull", "localhost:1/x"])
            #expect(damaged.code == 1 && damaged.error.contains("read credentials"), "\(damaged.error)")
        }
    }
}
