import Core
import Forms
import Fuzzing
import Testing

@testable import Commands

/// See `Fuzz` for what is expected of a parser.
@Suite struct FuzzTests {
    private static let examples = TemplateTests.cases.map(\.0)

    @Test func templates() {
        Fuzz.texts(Self.examples, cost: 5) { text in
            refuses(text) { () throws(OperationError) in
                let template = try Template(parsing: text)
                _ = try template.evaluate(TemplateTests.container, labels: ["a": "b"])
                _ = try template.evaluate(TemplateTests.container, isHeader: true)
            }
        }
    }

    /// As deep as the longest argument that the kernel lets through.
    @Test(arguments: [
        ("(", ".", ")"), ("{{if .}}", "", "{{end}}"), ("{{if .}}{{else if .}}", "", "{{end}}"),
        ("{{range .}}", "", "{{end}}"), ("{{with .}}x{{else}}", "", "{{end}}"), ("{{if .}}{{else}}", "", "{{end}}"),
    ]) func deepTemplates(parts: (String, String, String)) {
        let (open, middle, close) = parts
        for depth in [10, 131_000 / (open.utf8.count + close.utf8.count)] {
            let nest = String(repeating: open, count: depth) + middle + String(repeating: close, count: depth)
            let text = open == "(" ? "{{\(nest)}}" : nest
            refuses(text) { () throws(OperationError) in
                _ = try Template(parsing: text).evaluate(TemplateTests.container)
            }
        }
    }

    @Test func environmentFiles() {
        let examples = ["A=1\n# comment\n\nB\n C=x y \r\n", "\u{feff}A=1", "=x"]
        Fuzz.bytes(examples.map { Array($0.utf8) }) { bytes in
            do throws(OperationError) {
                let settings = try EnvironmentValue.settings(in: bytes, of: "f")
                let again = try EnvironmentValue.settings(
                    in: Array(("#\n" + settings.joined(separator: "\n")).utf8), of: "f")
                // At the end of the file, what looks like the end of a line is one.
                if again.count != settings.count { Issue.record("\(bytes)") }
                _ = try EnvironmentValue.resolve(files: [], flags: settings) { _ in nil }
            } catch {
                if error.description.isEmpty { Issue.record("\(bytes)") }
            }
        }
    }

    @Test func times() {
        let now = Timestamp.now()
        let examples = [
            "2024-01-02T15:04:05.5Z", "2024-01-02T15:04:05+08:00", "2024-01-02", "1704207845.5", "10m", "1h30m",
            "2261-12-31T23:59:60-14:00", "9223372036.854775807",
        ]
        Fuzz.texts(examples) { text in
            guard let moment = TimeValue.moment(text, now: now) else { return }
            _ = moment.description
            _ = HumanText.ago(moment, now: now)
        }
    }

    @Test func values() {
        let examples = ["64m", "-1", "1.5", "20%", "0-2,4", "SIGTERM", "10", "192.168.10.0/24", "a.b-c", "K=V"]
        Fuzz.texts(examples, cost: 2) { text in
            refuses(text) { () throws(OperationError) in _ = try LimitValue.memorySwap(text) }
            refuses(text) { () throws(OperationError) in _ = try LimitValue.cpus(text) }
            refuses(text) { () throws(OperationError) in _ = try LimitValue.cpuPercent(text) }
            refuses(text) { () throws(OperationError) in _ = try LimitValue.cpuShares(text) }
            refuses(text) { () throws(OperationError) in _ = try LimitValue.pids(text) }
            refuses(text) { () throws(OperationError) in _ = try LimitValue.cpuset(text) }
            refuses(text) { () throws(OperationError) in _ = try SimpleValue.signal(text) }
            refuses(text) { () throws(OperationError) in _ = try SimpleValue.timeout(text) }
            refuses(text) { () throws(OperationError) in _ = try SimpleValue.hostname(text) }
            refuses(text) { () throws(OperationError) in _ = try SimpleValue.label(text) }
            _ = Filter.name("web", matches: text)
        }
        Fuzz.texts(["./a:/b", "../../x:/y:ro", ".:/z"]) { text in
            refuses(text) { () throws(OperationError) in
                guard case .bind(let mount) = try MountValue(volume: text, relativeTo: { "/here" }) else { return }
                if mount.source.split(separator: "/").contains(".."), !text.hasPrefix("/") { Issue.record("\(text)") }
            }
        }
    }

    /// Command lines of `run`, one word a line.
    @Test func commandLines() {
        let examples = [
            "-it\n--name\nweb\n-p80:80\n-e\nA=1\nsh\n-c\nx", "-dp\n80:80\n--net=br0\n--\nsh",
            "-mem\n100m\n-cpu\n20\nsh",
            "-ti=false\n--rm=true\n-v\n/a:/b\n--tmpfs\n/t\n--log-opt\nmax-size=1m\nbusybox:latest",
            "--ulimit\nnofile=10\n--cap-add\nALL\n-u\n1:2\n-w\n/x\n--stop-timeout\n-1\n--help",
        ]
        Fuzz.texts(examples, cost: 40) { text in
            let words = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            do {
                let (command, operands) = try RunCommand.parse(words[...])
                _ = try command.request(words: operands) { _ in nil }
            } catch {
                if String(describing: error).isEmpty { Issue.record("\(words)") }
            }
        }
    }
}

/// A refusal says why.
private func refuses(_ input: String, _ body: () throws(OperationError) -> Void) {
    do throws(OperationError) { try body() } catch {
        if error.description.isEmpty { Issue.record("\(input.debugDescription)") }
    }
}
