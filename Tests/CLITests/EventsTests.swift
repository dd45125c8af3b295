import Foundation
import Testing

extension CLI {
    /// What `events` tells: in Docker's words and order, now and later, to several readers at once.
    @Suite struct Events {
        /// The actions of one container since a moment, one a line.
        private func actions(of name: String, since: String, _ more: String...) -> [String] {
            Host.run(
                [Host.mydocker, "events", "--since", since, "--until", "0s", "--format", "{{.Action}}"]
                    + ["--filter", "container=\(name)"] + more
            ).lines
        }

        private func moment() -> String { Host.run(["date", "+%s.%N"]).word }

        @Test func theLifeOfAContainer() throws {
            let since = moment()
            let id = succeed("run", "-d", "--net", "none", "--name", "evlife", "-l", "tier=front", "sleep", "1000").word
            succeed("pause", "evlife")
            succeed("unpause", "evlife")
            succeed("exec", "evlife", "sh", "-c", "exit 0")
            succeed("update", "--restart", "no", "evlife")
            succeed("rename", "evlife", "evother")
            succeed("restart", "-t", "0", "evother")
            succeed("stop", "-t", "0", "evother")
            succeed("start", "evother")
            succeed("kill", "evother")
            succeed("rm", "evother")
            let wanted = [
                "create", "start", "pause", "unpause", "exec_create: sh -c exit 0", "exec_start: sh -c exit 0",
                "exec_die", "update", "rename", "kill", "die", "start", "restart", "kill", "die", "stop", "start",
                "kill", "die", "destroy",
            ]
            #expect(actions(of: id, since: since).filter { $0 != "connect" }.sorted() == wanted.sorted())
            let dies = Host.run(
                [
                    Host.mydocker, "events", "--since", since, "--until", "0s", "-f", "event=die", "-f",
                    "container=\(id)",
                    "--format", "{{.Actor.Attributes.exitCode}} {{.Actor.Attributes.tier}} {{.Actor.Attributes.name}}",
                ])
            #expect(dies.lines == ["137 front evother", "137 front evother", "137 front evother"])
        }

        @Test func aRunThatFailsAndOneThatRemovesItself() throws {
            let since = moment()
            #expect(mydocker("run", "--rm", "--net", "none", "--name", "evshort", "sh", "-c", "exit 3").code == 3)
            #expect(actions(of: "evshort", since: since) == ["create", "attach", "start", "die", "destroy"])
            let failed = moment()
            #expect(mydocker("run", "--net", "none", "--name", "evfails", "/no/such/program").code == 127)
            #expect(actions(of: "evfails", since: failed) == ["create", "attach", "die", "destroy"])
        }

        @Test func networksAndImages() throws {
            let since = moment()
            let network = succeed("network", "create", "--subnet", "10.99.7.1/24", "evnet").word
            succeed("run", "--rm", "--net", "evnet", "true")
            succeed("network", "rm", "evnet")
            let actions = succeed(
                "events", "--since", since, "--until", "0s", "-f", "network=evnet", "--format",
                "{{.Action}} {{.Actor.ID}}"
            ).lines
            #expect(
                actions == ["create", "connect", "disconnect", "destroy"].map { "\($0) \(network)" })
            succeed("tag", "busybox", "evimage:1")
            succeed("image", "rm", "evimage:1")
            let images = succeed(
                "events", "--since", since, "--until", "0s", "-f", "image=evimage:1", "--format",
                "{{.Type}} {{.Action}}"
            ).lines
            #expect(images == ["image tag", "image untag"])
        }

        @Test func severalFollow() throws {
            let readers = try (0..<2).map { _ in
                try Background([Host.mydocker, "events", "-f", "container=evfollowed"])
            }
            defer { for reader in readers { kill(reader.pid, SIGKILL) } }
            usleep(300_000)
            for _ in 0..<5 { succeed("run", "--rm", "--net", "none", "--name", "evfollowed", "true") }
            for reader in readers {
                Host.eventually("all lines", seconds: 5) {
                    reader.text.split(separator: "\n").count { $0.contains(" container destroy ") } == 5
                }
                let lines = reader.text.split(separator: "\n")
                #expect(lines.count == 25)
                #expect(
                    lines.allSatisfy {
                        $0.wholeMatch(
                            of:
                                /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ container [a-z]+ [0-9a-f]{64} \(.*image=busybox:latest, name=evfollowed\)/
                        ) != nil
                    })
            }
        }

        @Test func whatIsAskedForWrongly() {
            for (words, text) in [
                (["-f", "color=red"], "invalid filter 'color'"), (["--since", "never"], "failed to parse value"),
                (["--format", "{{.Nope}}", "--since", "1h", "--until", "0s"], "template parsing error"),
            ] {
                let outcome = Host.run([Host.mydocker, "events"] + words)
                #expect(outcome.code == 1 && outcome.error.contains(text), "\(words): \(outcome.error)")
            }
        }

        /// Whatever stands where the events go, or when there is no room for them, a run works.
        @Test func aRunDoesNotNeedThem() {
            let outcome = Host.elsewhere(
                """
                m=$MYDOCKER
                $m run --rm --net none true
                rm -f /run/mydocker/events; mkdir /run/mydocker/events
                $m run --rm --net none echo directory
                rmdir /run/mydocker/events; mkfifo /run/mydocker/events
                $m run --rm --net none echo pipe
                rm /run/mydocker/events; ln -s /run/elsewhere /run/mydocker/events
                $m run --rm --net none echo link; ls /run/elsewhere 2>&1 | grep -c 'No such'
                rm /run/mydocker/events
                $m run --rm --net none true; stat -c %a /run/mydocker/events
                """)
            #expect(outcome.lines == ["directory", "pipe", "link", "1", "600"], "\(outcome.error)")
            #expect(!outcome.error.contains("mydocker: "))
        }
    }
}
