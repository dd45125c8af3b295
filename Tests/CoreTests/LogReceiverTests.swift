import Core
import Testing

@Suite struct LogReceiverTests {
    private func limits(_ driver: String, _ options: String...) throws -> LogLimits {
        var limits = LogLimits()
        for option in options { try limits.setOption(option) }
        try limits.setDriver(driver)
        try limits.check()
        return limits
    }

    private func syslog(_ options: String...) throws -> SyslogSettings {
        var limits = LogLimits()
        try limits.setDriver("syslog")
        for option in options { try limits.setOption(option) }
        guard case .syslog(let settings) = try limits.receiver() else { throw OperationError("another receiver") }
        return settings
    }

    private var container: ContainerDefinition {
        get throws {
            ContainerDefinition(
                id: try #require(ContainerID(String(repeating: "0123456789abcdef", count: 4))),
                name: try #require(Name("web")), created: .now(), image: "busybox:1",
                imageID: "sha256:" + String(repeating: "f", count: 64), layers: [], arguments: ["true"],
                environment: [], workingDirectory: "/", user: "", hostname: "web", networkMode: .none)
        }
    }

    @Test func logOfOurOwnIsKept() throws {
        let journald = try limits("journald", "tag=x", "max-size=1m", "labels=a,b", "env=HOME")
        #expect(journald.isKept && journald.driver == "journald")
        #expect(journald.maximumSize == 1_000_000)
        #expect(
            journald.options == ["tag": "x", "max-size": "1m", "max-file": "3", "labels": "a,b", "env": "HOME"])
        #expect(try limits("json-file").receiver() == nil)
        #expect(try limits("none").receiver() == nil)
    }

    @Test func recordsComeBackAndHostileOnesDoNot() throws {
        for all in [
            try limits("journald"), try limits("syslog", "syslog-address=udp://127.0.0.1:5514", "tag={{.Name}}"),
        ] {
            #expect(try LogLimits(RecordReader(all.json)) == all)
        }
        for more in [
            ["receiver": "fluentd"], ["receiver": "syslog", "receiverOptions": ["syslog-address": "nowhere"]],
            ["receiver": "journald", "receiverOptions": ["x": "y"]], ["receiverOptions": ["tag": "x"]],
            ["receiver": "journald", "receiverOptions": ["tag": 1]], ["receiver": 1],
        ] as [JSON] {
            guard case .object(let members) = more, case .object(let usual) = LogLimits().json else { return }
            let rest = usual.filter { member in !members.contains { $0.key == member.key } }
            #expect(throws: RecordError.self) { try LogLimits(RecordReader(.object(rest + members))) }
        }
    }

    @Test(
        arguments: [
            ("json-file", "tag=x", "unknown log opt 'tag' for json-file log driver"),
            ("json-file", "x=y", "unknown log opt 'x' for json-file log driver"),
            ("syslog", "x=y", "unknown log opt 'x' for syslog log driver"),
            ("syslog", "labels=x", "unknown log opt 'labels' for syslog log driver"),
            ("journald", "syslog-address=udp://1.2.3.4", "unknown log opt 'syslog-address' for journald log driver"),
            ("none", "tag=x", "invalid logging opts for driver none"),
        ])
    func optionsOfOtherDrivers(driver: String, option: String, text: String) {
        let error = #expect(throws: OperationError.self) { try limits(driver, option) }
        #expect(error?.description == text)
    }

    @Test(
        arguments: [
            ("unix:///dev/log", "unix:///dev/log"), ("unixgram:///run/a b", "unixgram:///run/a b"),
            ("udp://127.0.0.1:5514", "udp://127.0.0.1:5514"), ("tcp://10.0.0.1", "tcp://10.0.0.1:514"),
            ("udp://[::1]:1", "udp://[::1]:1"), ("tcp://[2001:db8::2]", "tcp://[2001:db8::2]:514"),
        ])
    func addresses(text: String, peer: String) throws {
        #expect(try syslog("syslog-address=\(text)").peers.map(\.description) == [peer])
    }

    @Test func usualAddressIsTriedInBothForms() throws {
        #expect(try syslog().peers == [.path("/dev/log", isStream: false), .path("/dev/log", isStream: true)])
    }

    @Test(arguments: [
        "127.0.0.1:514", "udp:127.0.0.1", "udp://", "udp://logs.example:514", "udp://127.0.0.1:0", "udp://127.0.0.1:x",
        "udp://127.0.0.1:65536", "udp://127.0.0.1:514/x", "udp://::1:514", "udp://[127.0.0.1]:514", "udp://[::1",
        "udp://[::1]x",
        "tcp+tls://127.0.0.1:514", "http://127.0.0.1", "unix://", "unix://relative", "unixgram://", "://", ":",
        "unix:///" + String(repeating: "x", count: 120), "unix:///a\0b",
    ])
    func refusesAddress(text: String) {
        let error = #expect(throws: OperationError.self) { try limits("syslog", "syslog-address=\(text)") }
        #expect(error?.remedy != nil, "\(text)")
    }

    @Test func facilitiesByNameAndNumber() throws {
        #expect(try syslog().facility == 3)
        #expect(try syslog("syslog-facility=kern").facility == 0)
        #expect(try syslog("syslog-facility=authpriv").facility == 10)
        #expect(try syslog("syslog-facility=local0").facility == 16)
        #expect(try syslog("syslog-facility=local7").facility == 23)
        #expect(try syslog("syslog-facility=13").facility == 13)
        for wrong in ["24", "-1", "local8", "Daemon", "1x", " "] {
            #expect(throws: OperationError.self) { try limits("syslog", "syslog-facility=\(wrong)") }
        }
    }

    @Test func formats() throws {
        #expect(try syslog().format == .local && syslog("syslog-format=").format == .local)
        #expect(try syslog("syslog-format=rfc5424micro").format == .rfc5424micro)
        for wrong in ["rfc5425", "RFC3164", "local"] {
            let error = #expect(throws: OperationError.self) { try limits("syslog", "syslog-format=\(wrong)") }
            #expect(error?.description == "Invalid syslog format")
        }
    }

    @Test(
        arguments: [
            ("", "0123456789ab"), ("plain", "plain"), ("{{.ID}}", "0123456789ab"), ("{{ .Name }}", "web"),
            ("{{.DaemonName}}/{{.Name}}/{{.ID}}!", "docker/web/0123456789ab!"), ("{{.ImageName}}", "busybox:1"),
            ("{{.ImageID}}", "ffffffffffff"), ("a{b}c}}", "a{b}c}}"),
            ("{{.FullID}}", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
        ])
    func tags(text: String, tag: String) throws {
        #expect(try LogTag(text).text(of: container) == tag)
    }

    @Test(arguments: [
        "{{", "{{}}", "{{.}}", "{{.Nothing}}", "{{.Name", "{{.Name}", "{{Name}}", "{{.Name .ID}}", "{{{.Name}}}",
        "x{{.Name}}{{", "{{if .Name}}", "a\nb", "a\u{7f}",
    ])
    func refusesTag(text: String) {
        #expect(throws: OperationError.self) { try LogTag(text) }
    }
}
