import Core
import Forms
import Fuzzing
import Testing

/// Times, sizes, commands and ports in Docker's words.
@Suite struct TextTests {
    static let durationTexts: [(Int64, String)] = [
        (0, "Less than a second"), (1, "1 second"), (2, "2 seconds"), (59, "59 seconds"), (60, "About a minute"),
        (119, "About a minute"), (120, "2 minutes"), (3599, "59 minutes"), (3600, "About an hour"),
        (5399, "About an hour"), (5400, "2 hours"), (169_200, "47 hours"), (172_800, "2 days"),
        (1_123_200, "13 days"), (1_209_600, "2 weeks"), (5_184_000, "2 months"), (62_985_600, "24 months"),
        (63_072_000, "2 years"), (-5, "Less than a second"),
    ]

    @Test(arguments: durationTexts) func durations(seconds: Int64, text: String) {
        #expect(HumanText.duration(nanoseconds: seconds * 1_000_000_000) == text)
    }

    static let sizeTexts: [(Int64, String)] = [
        (0, "0B"), (999, "999B"), (1000, "1kB"), (1234, "1.23kB"), (4_260_000, "4.26MB"), (77_900_000, "77.9MB"),
        (133_000_000, "133MB"), (999_400, "999kB"), (999_600, "1MB"), (1_200_000_000, "1.2GB"), (9_996, "10kB"),
    ]

    @Test(arguments: sizeTexts) func sizes(bytes: Int64, text: String) { #expect(HumanText.size(bytes) == text) }

    @Test func commands() {
        #expect(HumanText.command(["sh", "-c", "echo hi"]) == "sh -c 'echo hi'")
        #expect(HumanText.cut("12345678901234567890", 20) == "12345678901234567890")
        #expect(HumanText.cut("123456789012345678901", 20) == "1234567890123456789…")
        #expect(HumanText.quoted("a\"b\\\n\u{1}é") == #""a\"b\\\n\x01é""#)
    }

    private func mapping(_ host: UInt16, _ container: UInt16, _ address: String = "0.0.0.0", udp: Bool = false)
        -> PortMapping
    {
        PortMapping(
            hostAddress: IPAddress(address) ?? .anyIPv4, hostPort: host, containerPort: container,
            transport: udp ? .udp : .tcp)
    }

    @Test func ports() {
        #expect(PortsText.summary([]) == "")
        #expect(PortsText.summary([mapping(80, 80)]) == "0.0.0.0:80->80/tcp")
        #expect(PortsText.summary([mapping(82, 82), mapping(80, 80), mapping(81, 81)]) == "0.0.0.0:80-82->80-82/tcp")
        let exposed = ["90/udp", "82/tcp", "8080/tcp", "81/tcp", "9/udp", "83/tcp"]
        #expect(PortsText.summary([], exposed: exposed) == "9/udp, 81-83/tcp, 90/udp, 8080/tcp")
        #expect(
            PortsText.summary([mapping(80, 80), mapping(81, 82), mapping(7777, 8080)], exposed: exposed)
                == "9/udp, 0.0.0.0:80->80/tcp, 81/tcp, 83/tcp, 90/udp, 0.0.0.0:81->82/tcp, 0.0.0.0:7777->8080/tcp")
        #expect(PortsText.summary([mapping(80, 80), mapping(82, 82)]) == "0.0.0.0:80->80/tcp, 0.0.0.0:82->82/tcp")
        #expect(
            PortsText.summary([mapping(8080, 80), mapping(443, 443), mapping(53, 53, udp: true)])
                == "0.0.0.0:53->53/udp, 0.0.0.0:443->443/tcp, 0.0.0.0:8080->80/tcp")
        #expect(
            PortsText.summary([mapping(80, 80), mapping(81, 81, "127.0.0.1")])
                == "0.0.0.0:80->80/tcp, 127.0.0.1:81->81/tcp")
        #expect(PortsText.summary([mapping(65_535, 65_535)]) == "0.0.0.0:65535->65535/tcp")
    }

    @Test func portLines() throws {
        var endpoint = try Example.endpoint("br0", "10.9.1.5/24", gateway: "10.9.1.1")
        endpoint.ports = [mapping(8080, 80), mapping(5353, 53, "127.0.0.1", udp: true)]
        endpoint.openPorts = [mapping(90, 90)]
        let ports = [endpoint].publishedPorts
        // At the container's own address there is no port of this host.
        #expect(PortsText.lines(ports) == ["53/udp -> 127.0.0.1:5353", "80/tcp -> 0.0.0.0:8080", "90/tcp -> 0.0.0.0:"])
        #expect(try PortsText.published(ports, at: "80", of: "c").map(\.mapping.hostPort) == [8080])
        #expect(try PortsText.published(ports, at: "53/udp", of: "c").map(\.mapping.hostPort) == [5353])
        #expect(PortsText.summary(endpoint.ports, open: endpoint.openPorts).hasSuffix(", 90/tcp"))
        #expect(throws: OperationError("no public port '81' published for c")) {
            try PortsText.published(ports, at: "81", of: "c")
        }
        #expect(throws: OperationError.self) { try PortsText.published(ports, at: "x", of: "c") }
    }

    @Test func amountsInWords() {
        var fuzz = Fuzz(Fuzz.seed)
        for number in [.min, .max, .max - 1, -1, 0, 999, 1000]
            + (0..<2000).map({ Int64.random(in: 0...(.max >> ($0 % 63)), using: &fuzz) })
        {
            if HumanText.size(number).isEmpty || HumanText.duration(nanoseconds: number).isEmpty {
                Issue.record("\(number)")
            }
        }
    }

    @Test func moments() {
        #expect(HumanText.moment(Timestamp(nanoseconds: 1_713_265_211_999_999_999)) == "2024-04-16 11:00:11 +0000 UTC")
        #expect(HumanText.labels(["b": "2", "a": "1=x", "c": ""]) == "a=1=x,b=2,c=")
    }
}
