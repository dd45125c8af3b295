import Core
import Foundation
import Testing

@Suite struct JSONTests {
    // MARK: Against Foundation

    private func random(_ generator: inout SeededGenerator, depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 4 ? 5 : 7), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .int(Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<64, using: &generator))
        case 3: return .double(Double(Int.random(in: -9999...9999, using: &generator)) / 64)
        case 4: return .string(randomText(&generator))
        case 5:
            return .array(
                (0..<Int.random(in: 0..<5, using: &generator)).map { _ in random(&generator, depth: depth + 1) })
        default:
            let keys = Set((0..<Int.random(in: 0..<5, using: &generator)).map { _ in randomText(&generator) })
            return .object(keys.sorted().map { (key: $0, value: random(&generator, depth: depth + 1)) })
        }
    }

    private func randomText(_ generator: inout SeededGenerator) -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "\"", "\\", "/", "\n", "\t", "\u{0}", "\u{1f}", "\u{7f}", "é", "\u{2028}", "😀", "\u{ffff}",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0..<8, using: &generator) {
            text.unicodeScalars.append(alphabet.randomElement(using: &generator) ?? "a")
        }
        return text
    }

    /// What Foundation reads, in our terms.
    private func native(_ json: JSON) -> NSObject {
        switch json {
        case .null: NSNull()
        case .bool(let value): NSNumber(value: value)
        case .int(let value): NSNumber(value: value)
        case .double(let value): NSNumber(value: value)
        case .string(let value): NSString(string: value)
        case .array(let elements): NSArray(array: elements.map(native))
        case .object(let members):
            NSDictionary(dictionary: Dictionary(members.map { ($0.key, native($0.value)) }) { $1 })
        }
    }

    private func foundation(_ bytes: [UInt8]) -> NSObject? {
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) as? NSObject
    }

    @Test func whatIsWrittenIsReadBackByBoth() throws {
        var generator = SeededGenerator(7)
        for _ in 0..<1500 {
            let json = random(&generator, depth: 0)
            for text in [json.compact, json.pretty] {
                #expect(try JSON(parsing: text) == json)
                #expect(foundation(Array(text.utf8)) == native(json))
            }
        }
    }

    @Test func whatFoundationWritesIsReadAsTheSame() throws {
        var generator = SeededGenerator(8)
        for _ in 0..<1500 {
            let json = JSON.array([random(&generator, depth: 0)])
            let data = try JSONSerialization.data(withJSONObject: native(json), options: [.sortedKeys])
            #expect(try native(JSON(parsing: Array(data))) == native(json))
        }
    }

    /// One byte of a document changed, left out or added. Never a trap; and what Foundation refuses is refused,
    /// but for its own limits (it takes no unpaired surrogates or raw NULs that we refuse too).
    @Test func damagedDocumentsNeverTrap() {
        var generator = SeededGenerator(9)
        let extra = Array("{}[]\",:\\0123456789eE+-.tfnu \n".utf8) + [0, 0x80, 0xc3, 0xed, 0xff]
        for _ in 0..<4000 {
            var bytes = Array(random(&generator, depth: 0).compact.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let byte = extra.randomElement(using: &generator) ?? 0
                let place = Int.random(in: 0...bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes.insert(byte, at: place)
                case 1 where place < bytes.count: bytes[place] = byte
                default: if place < bytes.count { bytes.remove(at: place) }
                }
            }
            if let json = try? JSON(parsing: bytes) {
                #expect((try? JSON(parsing: json.compact)) == json)
                #expect(foundation(bytes) != nil, "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    // MARK: Hostile input

    @Test(arguments: [
        "", " ", "{", "[", "\"", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
        "{\"a\" 1}",
        "{1:2}", "tru", "truee", "nul", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".1", "1e", "1e+",
        "0x10", "1_000",
        "--1", "1 2", "[] []", "{}x", "\"a\nb\"", "\"\u{0}\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u+123\"",
        "\"\\ud800\"",
        "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud800\\ud800\"", "\"\\udc00\"", "\"\\", "\"\\u", "1e999", "-1e999",
        "/**/1", "[1//\n]",
        "\u{feff}1", "\u{a0}1",
    ])
    func refuses(text: String) { #expect(throws: JSONError.self) { _ = try JSON(parsing: text) } }

    @Test(
        arguments: [
            [0xff], [0x22, 0xff, 0x22], [0x22, 0xc3, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22],
            [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x80, 0x22], [0x00], [0x31, 0x00], [0xef, 0xbb, 0xbf, 0x31],
        ] as [[UInt8]])
    func refusesBytes(bytes: [UInt8]) { #expect(throws: JSONError.self) { _ = try JSON(parsing: bytes) } }

    /// Of a string without an escape, and of one with an escape before it and behind it.
    @Test(arguments: ["", "\\n", "\\u00e9"], [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80]] as [[UInt8]])
    func saysThatBytesAreNoUTF8(escape: String, bytes: [UInt8]) {
        let quote = Array("\"".utf8), escape = Array(escape.utf8)
        for text in [quote + bytes + escape + quote, quote + escape + bytes + quote] {
            let error = #expect(throws: JSONError.self) { _ = try JSON(parsing: text) }
            #expect(error?.reason == "invalid UTF-8" && error?.offset == text.count)
        }
    }

    @Test func nestingIsLimited() throws {
        func nested(_ open: String, _ close: String, _ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            #expect(throws: Never.self) { _ = try JSON(parsing: nested(open, close, JSON.maximumDepth - 1)) }
            for depth in [JSON.maximumDepth, 1000, 300_000] {
                #expect(throws: JSONError.self) { _ = try JSON(parsing: nested(open, close, depth)) }
                #expect(throws: JSONError.self) { _ = try JSON(parsing: String(repeating: open, count: depth)) }
            }
        }
    }

    @Test func numbers() throws {
        #expect(try JSON(parsing: "9223372036854775807") == .int(.max))
        #expect(try JSON(parsing: "-9223372036854775808") == .int(.min))
        #expect(try JSON(parsing: "9223372036854775808") == .double(9_223_372_036_854_775_808))
        #expect(try JSON(parsing: "-0") == .int(0))
        #expect(try JSON(parsing: "0") == .int(0))
        #expect(try JSON(parsing: "1.5e3") == .double(1500))
        #expect(try JSON(parsing: "1E-2") == .double(0.01))
        #expect(try JSON(parsing: "1e-999") == .double(0))
        let digits = String(repeating: "1", count: 100_000)
        #expect(throws: JSONError.self) { _ = try JSON(parsing: digits) }
        #expect(try JSON(parsing: "0." + digits) == .double(0.1111111111111111))
        #expect(JSON.double(.nan).compact == "null")
        #expect(JSON.double(.infinity).compact == "null")
    }

    @Test func strings() throws {
        #expect(try JSON(parsing: #""\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\""#) == .string("é😀/\u{8}\u{c}\n\r\t\"\\"))
        #expect(try JSON(parsing: #""a\u0000b""#) == .string("a\0b"))
        #expect(try JSON(parsing: #"["plain","é","","b\n"]"#).strings == ["plain", "é", "", "b\n"])
        #expect(JSON.quoted("a\0\u{1f}\u{7f}\"\\/é") == "\"a\\u0000\\u001f\u{7f}\\\"\\\\/é\"")
    }

    @Test(arguments: [
        ("[1, x]", "unexpected character at byte 4"), ("{} x", "unexpected text after the value at byte 3"),
        ("", "unexpected end at byte 0"), ("\"ab", "unterminated string at byte 3"),
        ("\"a\\nb", "unterminated string at byte 5"), ("\"a\\n", "unterminated string at byte 4"),
        ("\"ab\u{1}\"", "control character in a string at byte 4"),
    ])
    func anErrorSaysWhere(text: String, description: String) {
        let error = #expect(throws: JSONError.self) { _ = try JSON(parsing: text) }
        #expect(error?.description == description)
    }

    /// At any depth, and however it is written; in another object it is another one.
    @Test(arguments: [
        (#"{"a":1,"a":1}"#, #"the key "a" is given twice at byte 7"#),
        (#"{"b":[{"a":1},{"a":1, "a":2}]}"#, #"the key "a" is given twice at byte 22"#),
        (##"{"a\"":1,"\u0061\u0022":2}"##, ##"the key "a\"" is given twice at byte 9"##),
        (#"{"a":{"a":1},"b":[{"a":1},{"a":2}],"":{}}"#, nil),
    ])
    func aPersonsKeyIsGivenOnce(text: String, description: String?) throws {
        if let description {
            let error = #expect(throws: JSONError.self) { _ = try JSON(parsingHandwritten: Array(text.utf8)) }
            #expect(error?.description == description)
        } else {
            #expect(try JSON(parsingHandwritten: Array(text.utf8)) == JSON(parsing: text))
        }
        // Others' documents are taken as they are.
        #expect(throws: Never.self) { _ = try JSON(parsing: text) }
    }

    @Test func writesAsDockerDoes() {
        let json: JSON = ["Name": "web", "Ports": [1, 2], "Empty": [], "None": [:], "Nothing": nil]
        #expect(json.compact == #"{"Name":"web","Ports":[1,2],"Empty":[],"None":{},"Nothing":null}"#)
        #expect(
            json.pretty == """
                {
                    "Name": "web",
                    "Ports": [
                        1,
                        2
                    ],
                    "Empty": [],
                    "None": {},
                    "Nothing": null
                }
                """)
    }

    @Test func accessors() throws {
        let json = try JSON(parsing: #"{"a":1,"b":"x","c":true,"d":["p","q"],"e":[1,"q"],"f":null,"a":2}"#)
        #expect(json["a"]?.int == 1)
        #expect(json["b"]?.string == "x" && json["c"]?.bool == true)
        #expect(json["d"]?.strings == ["p", "q"] && json["e"]?.strings == nil)
        #expect(json["f"]?.isNull == true && json["g"] == nil && json["a"]?["x"] == nil)
    }
}
