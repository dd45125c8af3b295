import Foundation
import Testing

extension CLI {
    /// Output that goes to journald or a syslog server beside the log.
    @Suite(.serialized) struct LogDrivers {
        init() { #expect(Host.hasDefaultImage) }

        private static let journal = "/run/systemd/journal/socket"

        /// Nothing but the log of our own, and nothing at all in the end.
        private func leavesNothing() {
            #expect(
                Host.shell("ls /var/lib/mydocker/containers /run/mydocker/containers").text.words == [
                    "/run/mydocker/containers:", "/var/lib/mydocker/containers:",
                ])
        }

        private func withJournal(_ body: (LogListener) throws -> Void) throws {
            let directory = "/run/systemd/journal"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let listener = LogListener(path: Self.journal)
            defer {
                listener.close()
                try? FileManager.default.removeItem(atPath: "/run/systemd")
            }
            try body(listener)
        }
    }
}

extension Collection<Character> {
    fileprivate var words: [String] { split { $0 == " " || $0 == "\n" }.map { String($0) }.sorted() }
}

extension CLI.LogDrivers {
    @Test func journaldGetsFieldsOfEachLine() throws {
        try withJournal { listener in
            let line = "echo one; echo two >&2; printf three"
            succeed(
                "run", "--name", "ldjournal", "--net", "none", "--log-driver", "journald", "--log-opt",
                "tag=t-{{.Name}}", "--log-opt", "labels=a.b", "--log-opt", "env=MODE", "--log-opt", "max-size=1m", "-l",
                "a.b=c", "-e", "MODE=fast", "sh", "-c", line)
            defer { succeed("rm", "-f", "ldjournal") }
            Host.eventually("three lines") { listener.messages.count == 3 }
            let id = inspect("{{.Id}}", "ldjournal")
            for (text, priority) in [("one", 6), ("two", 3), ("three", 6)] {
                let message = listener.messages.first { $0.hasPrefix("MESSAGE=\(text)\n") } ?? ""
                for field in [
                    "PRIORITY=\(priority)", "SYSLOG_IDENTIFIER=t-ldjournal", "CONTAINER_TAG=t-ldjournal",
                    "CONTAINER_ID=\(id.prefix(12))", "CONTAINER_ID_FULL=\(id)", "CONTAINER_NAME=ldjournal", "A_B=c",
                    "MODE=fast",
                ] {
                    #expect(message.contains("\n\(field)\n"), "\(field) in \(message)")
                }
                #expect(message.contains("\nIMAGE_NAME=") && message.contains("\nSYSLOG_TIMESTAMP=2"))
            }
            // Docker calls it dual logging.
            #expect(succeed("logs", "ldjournal").text.contains("one\n"))
            let config = inspect("{{json .HostConfig.LogConfig}}", "ldjournal")
            for part in [#""Type":"journald""#, #""tag":"t-{{.Name}}""#, #""labels":"a.b""#, #""max-size":"1m""#] {
                #expect(config.contains(part), "\(config)")
            }
            succeed("start", "-a", "ldjournal")
            Host.eventually("three more") { listener.messages.count == 6 }
        }
        leavesNothing()
    }

    /// Many more than its socket holds at once, whoever supervises.
    @Test func nothingIsLostOnTheWayToAReader() throws {
        try withJournal { listener in
            #expect(runOnce("--log-driver", "journald", "seq", "3000").code == 0)
            Host.eventually("all lines") { listener.messages.count == 3000 }
            #expect(listener.messages.last?.hasPrefix("MESSAGE=3000\n") == true)
            succeed("run", "-d", "--rm", "--name", "ldbg", "--net", "none", "--log-driver", "journald", "seq", "2000")
            Host.eventually("those of the background") { listener.messages.count == 5000 }
            Host.eventually("its end") { !succeed("ps", "-a").text.contains("ldbg") }
        }
    }

    /// What is written meanwhile waits for it.
    @Test func journaldThatBeginsAgainGetsWhatItMissed() throws {
        try withJournal { first in
            let line = "i=0; while usleep 20000; do i=$((i+1)); echo $i; done"
            try withContainer("ldagain", "--log-driver", "journald", "sh", "-c", line) { _ in
                Host.eventually("some lines") { first.messages.count >= 5 }
                first.close()
                usleep(500_000)
                let second = LogListener(path: Self.journal)
                defer { second.close() }
                Host.eventually("more lines") { second.messages.count >= 50 }
                let numbers = second.messages.compactMap { message in
                    message.split(separator: "\n").first.flatMap { Int($0.dropFirst("MESSAGE=".count)) }
                }
                let start = numbers.first ?? 0
                #expect(start > first.messages.count && start < first.messages.count + 5)
                #expect(numbers == Array(start..<start + numbers.count))
            }
        }
        leavesNothing()
    }

    @Test func nobodyThereIsAnErrorThatLeavesNothing() throws {
        for words in [
            ["--log-driver", "journald"], ["--log-driver", "syslog", "--log-opt", "syslog-address=unix:///run/nosuch"],
            ["--log-driver", "syslog", "--log-opt", "syslog-address=tcp://127.0.0.1:5"],
        ] {
            for flag in ["--rm", "-d"] {
                let run = Host.run([Host.mydocker, "run", flag, "--net", "none"] + words + ["true"])
                #expect(run.code == 125, "\(run.error)")
                #expect(
                    run.error.hasPrefix("mydocker: failed to initialize logging driver: connect to "), "\(run.error)")
                #expect(run.error.split(separator: "\n").count == 2, "\(run.error)")
            }
        }
        leavesNothing()
        succeed("create", "--name", "ldcreated", "--net", "none", "--log-driver", "journald", "true")
        let start = mydocker("start", "ldcreated")
        #expect(start.code == 1 && start.error.contains("failed to initialize logging driver"), "\(start.error)")
        try withJournal { listener in
            succeed("start", "ldcreated")
            succeed("wait", "ldcreated")
        }
        succeed("rm", "ldcreated")
        leavesNothing()
    }
}

extension CLI.LogDrivers {
    private func address(_ text: String) -> [String] {
        ["--log-driver", "syslog", "--log-opt", "syslog-address=\(text)"]
    }

    @Test func syslogByItsTransports() throws {
        try withScratch { directory in
            let path = "\(directory)/log"
            let listener = LogListener(path: path)
            defer { listener.close() }
            let words = address("unixgram://\(path)") + ["--log-opt", "tag={{.Name}}", "--name", "ldsys"]
            let outcome = Host.run(
                [Host.mydocker, "run", "--rm", "--net", "none"] + words + ["sh", "-c", "echo out; echo; echo err >&2"])
            #expect(outcome.code == 0 && outcome.text == "out\n\n", "\(outcome.error)")
            Host.eventually("both lines") { listener.messages.count == 2 }
            let messages = listener.messages.sorted()
            #expect(messages[0].hasPrefix("<27>") && messages[0].hasSuffix("]: err"), "\(messages)")
            #expect(messages[1].hasPrefix("<30>") && messages[1].contains(" ldsys["), "\(messages)")
        }
        for (scheme, port) in [("udp", 25_514), ("tcp", 25_515)] as [(String, UInt16)] {
            let listener = LogListener(port: port, isStream: scheme == "tcp")
            defer { listener.close() }
            let words = address("\(scheme)://127.0.0.1:\(port)")
            let more = ["--log-opt", "syslog-format=rfc5424", "--log-opt", "syslog-facility=local3"]
            let outcome = Host.run(
                [Host.mydocker, "run", "--rm", "--net", "none"] + words + more + ["sh", "-c", "echo one; echo two"])
            #expect(outcome.code == 0, "\(outcome.error)")
            let end = scheme == "tcp" ? "\n" : ""
            Host.eventually("what \(scheme) brings") { listener.messages.joined().hasSuffix(" - two\(end)") }
            #expect(listener.messages.joined().hasPrefix("<158>1 2"), "\(listener.messages)")
            #expect(listener.messages.joined().contains(" - one\(end)"))
        }
        leavesNothing()
    }

    /// Whoever does not read delays neither program nor supervisor.
    @Test func aServerThatStandsStillHoldsNothingUp() throws {
        try withScratch { directory in
            let line = """
                import socket, sys, time
                s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("bound", flush=True); time.sleep(60)
                """
            let path = "\(directory)/log"
            let script = "\(directory)/server.py"
            try writeFile(line, script)
            let run = Host.shell(
                """
                python3 \(script) \(path) >\(directory)/out & server=$!
                until grep -q bound \(directory)/out; do sleep 0.02; done
                $MYDOCKER run --rm --net none --log-driver syslog --log-opt syslog-address=unixgram://\(path) seq 100000 | tail -1
                kill -9 $server
                """, seconds: 30)
            #expect(run.text == "100000\n", "\(run.error)")
            #expect(run.error.contains("messages with output did not get to syslog"), "\(run.error)")
        }
    }

    @Test func wrongInputsAreErrorsBeforeAnythingIsMade() {
        for (words, text) in [
            (["syslog", "x=y"], "unknown log opt 'x' for syslog log driver"),
            (["journald", "syslog-format=rfc3164"], "unknown log opt 'syslog-format' for journald log driver"),
            (["json-file", "tag=x"], "unknown log opt 'tag' for json-file log driver"),
            (["json-file", "compress=true"], "unknown log opt 'compress' for json-file log driver"),
            (["syslog", "syslog-address=udp://logs.example:514"], "names are not looked up"),
            (["syslog", "syslog-address=tcp+tls://127.0.0.1"], "unsupported scheme: 'tcp+tls'"),
            (["syslog", "syslog-facility=nosuch"], "invalid syslog facility"),
            (["syslog", "syslog-format=nosuch"], "Invalid syslog format"),
            (["syslog", "tag={{.Nothing}}"], "{{.Nothing}}"), (["journald", "max-file=0"], "number of files"),
            (["fluentd", "tag=x"], "no log driver named 'fluentd'"), (["none", "tag=x"], "driver none"),
        ] {
            let run = runOnce("--log-opt", words[1], "--log-driver", words[0], "true")
            #expect(run.code == 125 && run.error.contains(text), "\(words): \(run.error)")
            let create = mydocker("create", "--log-opt", words[1], "--log-driver", words[0], "true")
            #expect(create.code != 0 && create.error.contains(text), "\(words): \(create.error)")
        }
        leavesNothing()
    }
}
