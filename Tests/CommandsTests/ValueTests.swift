import Core
import Testing

@testable import Commands

@Suite struct ValueTests {
    @Test func limits() throws {
        #expect(try LimitValue.memory("6m") == 6 << 20)
        #expect(try LimitValue.memory("0") == nil)
        #expect(throws: OperationError.self) { try LimitValue.memory("6291455") }
        #expect(throws: OperationError.self) { try LimitValue.memory("lots") }
        #expect(try LimitValue.memorySwap("-1") == -1)
        for text in ["0", "-1"] { #expect(try LimitValue.pids(text) == nil) }
        #expect(try LimitValue.pids("100") == 100)
        for text in ["-2", "x", ""] { #expect(throws: OperationError.self) { try LimitValue.pids(text) } }
        for text in ["1", "262145", "x"] { #expect(throws: OperationError.self) { try LimitValue.cpuShares(text) } }
        #expect(try LimitValue.cpuShares("2") == 2)
        #expect(try LimitValue.cpuShares("0") == nil)
        for text in ["0", "0.0"] { #expect(try LimitValue.cpus(text) == nil) }
    }

    @Test(arguments: [("1", 1000), ("0.5", 500), (".5", 500), ("1.", 1000), ("0.01", 10), ("2.125", 2125)])
    func cpus(text: String, thousandths: Int64) throws {
        #expect(try LimitValue.cpus(text) == thousandths)
    }

    @Test(arguments: ["0.009", "-1", "1.0001", "", ".", "1e3", "x", "9999999999999999999999"])
    func badCPUs(text: String) {
        #expect(throws: OperationError.self) { try LimitValue.cpus(text) }
    }

    @Test(arguments: [("20", 200), ("100", 1000), ("12.5", 125), ("50%", 500)])
    func cpuPercent(text: String, thousandths: Int64) throws {
        #expect(try LimitValue.cpuPercent(text) == thousandths)
    }

    @Test func cpuset() throws {
        for text in ["0", "0-2", "0-2,4", "1,3,5-5"] { #expect(try LimitValue.cpuset(text) == text) }
        for text in ["", ",", "2-1", "a", "0-", "-1", "0-1-2", "9999"] {
            #expect(throws: OperationError.self) { try LimitValue.cpuset(text) }
        }
    }

    @Test func F10_hostnamesAreWhatTheKernelTakes() throws {
        let longest = String(repeating: "a", count: 64)
        for text in ["box", "a.b-c.d1", "a_b", "a.", "-x", "a..b", "ä", longest] {
            #expect(try SimpleValue.hostname(text) == text)
        }
        for text in [
            longest + "a", String(repeating: "ä", count: 33), "a\nb", "a\0b", "a\u{7f}", "\u{1b}[2J", "a b", " ",
            "a\u{a0}b", "a#b",
        ] {
            #expect(throws: OperationError.self, "\(text)") { try SimpleValue.hostname(text) }
        }
    }

    @Test func timeouts() throws {
        #expect(try SimpleValue.timeout("-1") == -1)
        #expect(try SimpleValue.timeout("0") == 0)
        for text in ["-2", "1.5", "x", ""] { #expect(throws: OperationError.self) { try SimpleValue.timeout(text) } }
    }

    @Test func bindsAreTakenFromTheCurrentDirectory() throws {
        func bind(_ text: String) throws -> BindMount {
            guard case .bind(let bind) = try MountValue(volume: text, relativeTo: { "/home/me" }) else {
                throw OperationError("no bind")
            }
            return bind
        }
        func source(_ text: String) throws -> String { try bind(text).source }
        #expect(try source("./x:/y") == "/home/me/x")
        #expect(try source(".:/y:ro") == "/home/me")
        #expect(try source("../x/./z:/y") == "/home/x/z")
        #expect(try source("/a/b:/y") == "/a/b")
        #expect(try bind(".:/y:ro").readOnly)
        #expect(throws: OperationError.self) { try source("data:/y") }
        #expect(throws: OperationError.self) { try source("/y") }
        #expect(throws: OperationError.self) { try source(":/y") }
    }

    @Test func environmentFiles() throws {
        let text = "\u{feff}A=1\n# comment\n\n   B = no\n"
        #expect(throws: OperationError("read", "f", reason: "line 4: variable 'B ' contains whitespaces")) {
            try EnvironmentValue.settings(in: Array(text.utf8), of: "f")
        }
        let good = "A=1\r\n  B=two words \n\t# c\nHOME\nC=\n"
        #expect(try EnvironmentValue.settings(in: Array(good.utf8), of: "f") == ["A=1", "B=two words ", "HOME", "C="])
        #expect(throws: OperationError("read", "f", reason: "line 1: no variable name on line '=x'")) {
            try EnvironmentValue.settings(in: Array("=x".utf8), of: "f")
        }
        #expect(throws: OperationError("read", "f", reason: "line 2: a value must not hold a zero byte")) {
            try EnvironmentValue.settings(in: Array("A=1\nB=2\0C\n".utf8), of: "f")
        }
    }

    /// Bytes that are no UTF-8, and what Unicode takes for a part of the `=`.
    @Test func F7_settingsAreBytes() throws {
        let setting: [UInt8] = [0xff, 0x3d, 0xe9]
        #expect(try EnvironmentValue.settings(in: [0x41, 0x0a] + setting, of: "f") == ["A", String(kernel: setting)])
        let accent = "A=\u{301}b"
        #expect(try EnvironmentValue.resolve(files: [], flags: [accent], lookUp: { _ in nil }) == [accent])
        let halves = EnvironmentValue.halves(accent)
        #expect(halves.key == "A" && Array(halves.value.utf8) == Array("\u{301}b".utf8))
        var parsed = ParsedWords()
        try FlagParser.parse(
            ["--env=\u{301}A=1"],
            flags: [FlagSpecification(name: "env", letter: "e", aliases: [], placeholder: "X", help: "")],
            stopsAtOperand: true, into: &parsed)
        #expect(parsed.occurrences.map(\.value) == ["\u{301}A=1"])
    }

    @Test func moments() {
        let now = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
        func seconds(_ text: String) -> Double? {
            TimeValue.moment(text, now: now).map { Double($0.nanoseconds) / 1e9 }
        }
        #expect(seconds("1136073600") == 1_136_073_600)
        #expect(seconds("1136073600.5") == 1_136_073_600.5)
        #expect(seconds("10m") == 1_699_999_400)
        #expect(seconds("1h30m") == 1_699_994_600)
        #expect(seconds("1.5h") == 1_699_994_600)
        #expect(seconds("0s") == 1_700_000_000)
        #expect(seconds("2006-01-02T15:04:05Z") == 1_136_214_245)
        #expect(seconds("2006-01-02T15:04:05.25Z") == 1_136_214_245.25)
        #expect(seconds("2006-01-02T15:04:05+08:00") == 1_136_185_445)
        #expect(seconds("2006-01-02T15:04:05-00:30") == 1_136_216_045)
        #expect(seconds("2006-01-02Z") == 1_136_160_000)
        #expect(seconds("2006-01-02") != nil)
        for text in ["", "x", "10", "10x", "2006-13-01", "2006-02-30Z", "2006-01-02T25:00Z", "1.2.3", "-5m", "m"] {
            if text != "10" { #expect(seconds(text) == nil, "\(text)") }
        }
    }

    @Test func filters() throws {
        #expect(Filter.name("web-1", matches: "web"))
        #expect(Filter.name("web-1", matches: "b-"))
        #expect(!Filter.name("web-1", matches: "^web$"))
        #expect(Filter.name("web", matches: "^/web$"))
        #expect(Filter.name("web-1", matches: "^web"))
        #expect(!Filter.name("my-web", matches: "^web"))
        #expect(Filter.name("my-web", matches: "web$"))
        #expect(Filter.name("web", matches: ""))
        var filter = Filter()
        try filter.add("label=a")
        try filter.add("label=b=1")
        #expect(filter.allows(labels: ["a": "x", "b": "1"]))
        #expect(!filter.allows(labels: ["a": "x", "b": "2"]))
        #expect(!filter.allows(labels: ["b": "1"]))
    }
}
