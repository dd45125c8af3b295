import Core
import Testing

@testable import Containers

/// What journald and syslog servers get of a line, byte by byte.
@Suite struct LogFormTests {
    private static let moment = Timestamp(nanoseconds: 1_767_323_045_123_456_789)

    private var definition: ContainerDefinition {
        get throws {
            var definition = ContainerDefinition(
                id: try #require(ContainerID(String(repeating: "ab", count: 32))), name: try #require(Name("web")),
                created: .now(), image: "busybox", imageID: nil, layers: [], arguments: ["true"],
                environment: ["MODE=fast", "MODES=no", "EMPTY="], workingDirectory: "/", user: "", hostname: "web",
                networkMode: .none)
            definition.labels = ["com.example/Tier": "two\nlines", "message": "forged", "container-id": "forged"]
            return definition
        }
    }

    private func line<Result>(
        _ text: String, _ stream: LogStream = .stdout, isPart: Bool = false, _ body: (OutputLine) -> Result
    ) -> Result {
        Array(text.utf8).withUnsafeBytes {
            body(OutputLine(text: $0, stream: stream, isPart: isPart, time: Self.moment))
        }
    }

    private func journal(_ options: [String: String] = [:]) throws -> JournalForm {
        JournalForm(try definition, try JournalSettings(options))
    }

    @Test func journalFields() throws {
        let form = try journal(["tag": "{{.Name}}-x"])
        let text = line("hello") { form.message($0) }
        let id = String(repeating: "ab", count: 32)
        #expect(
            String(decoding: text, as: UTF8.self) == """
                MESSAGE=hello
                PRIORITY=6
                SYSLOG_TIMESTAMP=2026-01-02T03:04:05.123456789Z
                SYSLOG_IDENTIFIER=web-x
                CONTAINER_ID=abababababab
                CONTAINER_ID_FULL=\(id)
                CONTAINER_NAME=web
                CONTAINER_TAG=web-x
                IMAGE_NAME=busybox

                """)
        let part = String(decoding: line("x", .stderr, isPart: true) { form.message($0) }, as: UTF8.self)
        #expect(part.contains("\nPRIORITY=3\n") && part.contains("\nCONTAINER_PARTIAL_MESSAGE=true\n"))
    }

    @Test func journalTakesAnyBytesByTheirLength() throws {
        let form = try journal()
        let bytes = line("é\u{1b}[0m") { form.message($0) }
        let count: [UInt8] = [6, 0, 0, 0, 0, 0, 0, 0]
        #expect(bytes.starts(with: Array("MESSAGE\n".utf8) + count + Array("é\u{1b}[0m\nPRIORITY".utf8)))
        #expect(line("") { form.message($0) }.starts(with: Array("MESSAGE=\n".utf8)))
    }

    @Test func labelsAndVariablesBecomeFields() throws {
        let form = try journal(["labels": "com.example/Tier,message,container-id,none", "env": "MODE,EMPTY,NONE"])
        let text = String(decoding: line("x") { form.message($0) }, as: UTF8.self)
        #expect(text.contains("COM_EXAMPLE_TIER\n\u{9}\0\0\0\0\0\0\0two\nlines\n"))
        #expect(text.contains("\nMODE=fast\n") && text.hasSuffix("EMPTY=\n"))
        #expect(!text.contains("forged") && !text.contains("NONE"))
    }

    @Test(arguments: [("_a.b-c9", "A_B_C9"), ("__", ""), ("", ""), ("é", ""), ("aé", "A_"), ("9", "9")])
    func fieldNames(key: String, name: String) { #expect(JournalForm.fieldName(key) == name) }

    @Test(
        arguments: [
            ("", "<30>Jan  2 04:04:05 t/web[42]: hé"), ("rfc3164", "<30>Jan  2 04:04:05 host t/web[42]: hé"),
            ("rfc5424", "<30>1 2026-01-02T04:04:05+01:00 host t/web 42 t/web - hé"),
            ("rfc5424micro", "<30>1 2026-01-02T04:04:05.123456+01:00 host t/web 42 t/web - hé"),
        ])
    func syslog(format: String, text: String) throws {
        let settings = try SyslogSettings(["syslog-format": format, "tag": "t/{{.Name}}"])
        let form = SyslogForm(try definition, settings, host: "host")
        let time = LocalTime(Self.moment, offset: 3600)
        #expect(String(decoding: line("hé") { form.message($0, at: time, process: 42) }, as: UTF8.self) == text)
    }

    @Test func syslogPriorities() throws {
        let form = SyslogForm(try definition, try SyslogSettings(["syslog-facility": "local7"]), host: "host")
        let time = LocalTime(Self.moment, offset: 0)
        let bytes = line("x", .stderr) { form.message($0, at: time, process: 1) }
        #expect(String(decoding: bytes, as: UTF8.self) == "<187>Jan  2 03:04:05 abababababab[1]: x")
    }

    @Test func anEmptyLineIsNothingToSyslogAlone() throws {
        let syslog = LogForm(.syslog(try SyslogSettings([:])), try definition, host: "h")
        let journald = LogForm(.journald(try JournalSettings([:])), try definition, host: "h")
        #expect(line("") { syslog.message($0) } == nil)
        #expect(line("") { journald.message($0) } != nil)
    }

    @Test func backlogIsLimited() {
        var backlog = MessageBacklog()
        let long = [UInt8](repeating: 1, count: MessageBacklog.limit + 1)
        let (first, second) = (backlog.append(long), backlog.append([2]))
        #expect(first && !second)
        backlog.removeFirst()
        #expect(backlog.isEmpty && backlog.first == nil)
        var next = 0
        for number in 0..<5000 {
            let hasRoom = backlog.append([UInt8(truncatingIfNeeded: number)])
            #expect(hasRoom)
            guard number % 3 != 0 else { continue }
            #expect(backlog.first == [UInt8(truncatingIfNeeded: next)])
            backlog.removeFirst()
            next += 1
        }
        #expect(backlog.count == 5000 - next)
    }
}
