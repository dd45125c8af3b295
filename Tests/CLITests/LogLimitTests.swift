import Foundation
import Testing

extension CLI {
    /// Logs of limited size, in several files.
    @Suite(.serialized) struct LogLimits {
        /// Runs `body` with the name of a container that is removed afterwards, if it is there.
        private func withContainer(_ name: String = #function, _ body: (_ name: String) throws -> Void) rethrows {
            let name = "limits-" + name.prefix { $0 != "(" }
            defer { mydocker("rm", "-f", name) }
            try body(name)
        }

        private func log(_ name: String) throws -> URL {
            let path = succeed("inspect", "-f", "{{.LogPath}}", name).word
            try #require(path.hasPrefix("/"))
            return URL(fileURLWithPath: path)
        }

        /// The sizes of the log's files by name. One that a rotation removes meanwhile has none.
        private func files(_ log: URL) throws -> [String: Int] {
            let directory = log.deletingLastPathComponent().path
            var sizes: [String: Int] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasPrefix("log") {
                let attributes = try? FileManager.default.attributesOfItem(atPath: directory + "/" + name)
                if let size = attributes?[.size] as? Int { sizes[name] = size }
            }
            return sizes
        }

        private func numbers(_ range: ClosedRange<Int>) -> [String] { range.map(String.init) }

        @Test func thirtyMegabytesAreKeptByDefault() throws {
            try withContainer { name in
                succeed("run", "-d", "--name", name, "seq", "500000")
                succeed("wait", name)
                let config = succeed("inspect", "-f", "{{json .HostConfig.LogConfig}}", name).word
                #expect(config.contains(#""Type":"json-file""#))
                #expect(config.contains(#""max-size":"10m""#) && config.contains(#""max-file":"3""#))
                let sizes = try files(log(name))
                #expect(Set(sizes.keys) == ["log.json", "log.json.1", "log.json.2"])
                #expect(sizes.values.allSatisfy { $0 <= 10_000_000 })
                let lines = succeed("logs", name).lines
                // A record of one number has less than a hundred bytes.
                #expect(lines.count > 200_000 && lines.count < 500_000)
                #expect(lines == numbers(500_001 - lines.count...500_000))
            }
        }

        @Test func noFileGrowsBeyondTheLimit() throws {
            try withContainer { name in
                succeed(
                    "run", "-d", "--name", name, "--log-opt", "max-size=100k", "--log-opt", "max-file=3", "yes")
                let log = try log(name)
                var seen: Set<String> = []
                for _ in 0..<100 {
                    usleep(10_000)
                    let sizes = try files(log)
                    #expect(sizes.values.allSatisfy { $0 <= 100_000 })
                    seen.formUnion(sizes.keys)
                }
                #expect(seen.isSuperset(of: ["log.json", "log.json.1", "log.json.2"]))
                #expect(!seen.contains("log.json.3"))
                #expect(succeed("logs", "--tail", "1500", name).lines == Array(repeating: "y", count: 1500))
                succeed("rm", "-f", name)
                #expect(!FileManager.default.fileExists(atPath: log.deletingLastPathComponent().path))
            }
        }

        @Test func tailGoesAcrossFiles() throws {
            try withContainer { name in
                let options = ["--log-opt", "max-size=10k", "--log-opt", "max-file=100"]
                let run = Host.run([Host.mydocker, "run", "--name", name] + options + ["seq", "5000"])
                #expect(run.lines == numbers(1...5000))
                let count = try files(log(name)).count
                #expect(count > 3)
                #expect(succeed("logs", name).lines == numbers(1...5000))
                #expect(succeed("logs", "--tail", "all", name).lines == numbers(1...5000))
                for count in [1, 100, 1000, 3000, 4999] {
                    #expect(succeed("logs", "--tail", String(count), name).lines == numbers(5001 - count...5000))
                }
                #expect(succeed("logs", "-n", "9999", name).lines == numbers(1...5000))
                #expect(succeed("logs", "-n", "0", name).text.isEmpty)
            }
        }

        @Test func timesGoAcrossFiles() throws {
            try withContainer { name in
                let moment = NSTemporaryDirectory() + "/log-limits.\(getpid())"
                defer { try? FileManager.default.removeItem(atPath: moment) }
                let program = "'seq 1 3000; read line; seq 3001 6000'"
                let run = Host.shell(
                    "(until [ $($MYDOCKER logs \(name) 2>/dev/null | wc -l) = 3000 ]; do sleep 0.05; done; "
                        + "date +%s.%N >\(moment); sleep 0.05; echo go) | $MYDOCKER run -i --name \(name) --log-opt max-size=20k "
                        + "--log-opt max-file=100 sh -c \(program)")
                #expect(run.lines == numbers(1...6000))
                let time = try String(contentsOfFile: moment, encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(succeed("logs", "--since", time, name).lines == numbers(3001...6000))
                #expect(succeed("logs", "--until", time, name).lines == numbers(1...3000))
                #expect(succeed("logs", "--until", time, "--tail", "2000", name).lines == numbers(1001...3000))
                #expect(succeed("logs", "--since", time, "--tail", "4000", name).lines == numbers(3001...6000))
            }
        }

        @Test func followLosesNoLineAcrossRotations() throws {
            try withContainer { name in
                // Room for all, so that a slow reader loses nothing either; every file but the last has 250 kB at least.
                succeed(
                    "run", "-d", "--name", name, "--log-opt", "max-size=300k", "--log-opt", "max-file=100", "sh",
                    "-c", "sleep 0.3; seq 200000")
                let followed = succeed("logs", "-f", name)
                #expect(followed.lines == numbers(1...200_000))
                let count = try files(log(name)).count
                #expect(count > 50)
                #expect(succeed("logs", "-f", "--tail", "60000", name).lines == numbers(140_001...200_000))
            }
        }

        @Test func followKeepsUpWithFilesThatGo() throws {
            try withContainer { name in
                // 40 times 500 lines, each more than fits into one file, with time to read them in.
                let program =
                    "i=0; while [ $i -lt 40 ]; do seq $((i*500+1)) $((i*500+500)); i=$((i+1)); sleep 0.05; done"
                succeed(
                    "run", "-d", "--name", name, "--log-opt", "max-size=30k", "--log-opt", "max-file=20", "sh", "-c",
                    program)
                #expect(succeed("logs", "-f", name).lines == numbers(1...20_000))
                let count = try files(log(name)).count
                #expect(count == 20)
                let rest = succeed("logs", name).lines
                #expect(rest.count < 19_000 && rest == numbers(20_001 - rest.count...20_000))
            }
        }

        @Test func aKilledSupervisorLeavesWholeFilesWithoutAHole() throws {
            for round in 0..<12 {
                try withContainer { name in
                    succeed(
                        "run", "-d", "--name", name, "--log-opt", "max-size=1k", "--log-opt", "max-file=4", "sh", "-c",
                        "i=0; while :; do i=$((i+1)); echo $i; done")
                    let log = try log(name)
                    let pid = succeed("inspect", "-f", "{{.State.Pid}}", name).word
                    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
                    let parent = status.split(separator: "\n").first { $0.hasPrefix("PPid:") }
                    let supervisor = try #require(parent?.split(separator: "\t").last.flatMap { Int32($0) })
                    try #require(supervisor > 1)
                    usleep(UInt32(100_000 + round * 3337))
                    #expect(kill(supervisor, SIGKILL) == 0)
                    // Whatever the moment was: the end of what was written, in whole lines.
                    var waits = 0
                    while kill(supervisor, 0) == 0, waits < 5000 {
                        usleep(1000)
                        waits += 1
                    }
                    let lines = succeed("logs", name).lines.compactMap { Int($0) }
                    let last = try #require(lines.last)
                    #expect(lines.count >= 10 && lines == Array(last - lines.count + 1...last))
                    #expect(succeed("logs", "--tail", "10", name).lines == numbers(last - 9...last))
                    succeed("rm", "-f", name)
                    #expect(!FileManager.default.fileExists(atPath: log.deletingLastPathComponent().path))
                }
            }
        }

        @Test func noneKeepsNothing() {
            withContainer { name in
                #expect(succeed("run", "--name", name, "--log-driver", "none", "echo", "hi").text == "hi\n")
                let logs = mydocker("logs", name)
                #expect(logs.code == 1 && logs.text.isEmpty)
                #expect(logs.error == "mydocker: configured logging driver does not support reading\n")
                #expect(succeed("inspect", "-f", "{{.HostConfig.LogConfig.Type}}", name).word == "none")
                #expect(succeed("inspect", "-f", "{{.LogPath}}", name).word.isEmpty)
                let found = Host.shell("find /var/lib/mydocker/containers -name 'log*' | wc -l")
                #expect(found.word == "0")
            }
        }

        @Test(arguments: [
            ["--log-opt", "max-size=0"], ["--log-opt", "max-size=ten"], ["--log-opt", "max-file=0"],
            ["--log-opt", "max-file=1000"], ["--log-opt", "max-size"],
            ["--log-driver", "fluentd"], ["--log-driver", "none", "--log-opt", "max-size=1k"],
        ]) func wrongOptionsAreRefused(options: [String]) {
            let before = mydocker("ps", "-aq").text
            let outcome = Host.run([Host.mydocker, "run"] + options + ["true"])
            #expect(outcome.code == 125 && outcome.text.isEmpty)
            let first = outcome.error.split(separator: "\n").first ?? ""
            let value = options.last ?? ""
            #expect(first.contains("invalid") && (first.contains("\"\(value)\"") || first.contains("driver none")))
            #expect(mydocker("ps", "-aq").text == before)
        }
    }
}
