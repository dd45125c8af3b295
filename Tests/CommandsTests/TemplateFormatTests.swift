import Core
import Fuzzing
import Testing

@testable import Commands

/// Expected texts are those of Go's fmt (its documentation and fmt_test.go).
@Suite struct TemplateFormatTests {
    private static let document: JSON = [
        "S": "hello", "E": "", "U": "héé", "N": 42, "M": -255, "B": true, "F": .double(3.5), "L": ["a", "bc"],
        "O": ["k": "v"],
        "PidsLimit": nil, "Entrypoint": nil, "Labels": nil, "StopSignal": nil,
    ]

    static let cases: [(String, String)] = [
        (#"{{printf "%.3s|" .S}}"#, "hel|"), (#"{{printf "%-10s|" .S}}"#, "hello     |"),
        (#"{{printf "%10s|" .S}}"#, "     hello|"), (#"{{printf "%-7.2s|" .S}}"#, "he     |"),
        (#"{{printf "%.0s|" .S}}"#, "|"), (#"{{printf "%.s|" .S}}"#, "|"),
        (#"{{printf "%.2s|%5s|" .U .U}}"#, "hé|  héé|"),
        (#"{{printf "%5d|%-5d|%05d|%+d" .N .N .N .N}}"#, "   42|42   |00042|+42"),
        (#"{{printf "%06d|%x|%X|%#x|%o|%b" .M .N .M .N .N .N}}"#, "-00255|2a|-FF|0x2a|52|101010"),
        (#"{{printf "%.4d|%8.4d|%-8.4d|" .N .N .N}}"#, "0042|    0042|0042    |"),
        (#"{{printf "%v %v %v %v" .S .N .B .F}}"#, "hello 42 true 3.5"), (#"{{printf "%+v" .L}}"#, "[a bc]"),
        (#"{{printf "%t|%6t|%v" .B .B .B}}"#, "true|  true|true"),
        (#"{{printf "%q %q" .S .L}}"#, #""hello" ["a" "bc"]"#),
        (#"{{printf "%x|% x|%X" .S .S .S}}"#, "68656c6c6f|68 65 6c 6c 6f|68656C6C6F"),
        (#"{{printf "%c%c" 72 105}}"#, "Hi"), (#"{{printf "%*d|%-*d|" 5 .N 5 .N}}"#, "   42|42   |"),
        (#"{{printf "%.*s" 2 .S}}"#, "he"), (#"{{printf "100%%"}}"#, "100%"),
        (#"{{printf "%T %T %T" .S .N .B}}"#, "string int bool"),
        (#"{{printf "%.2f|%8.3f|%e" .F .F .F}}"#, "3.50|   3.500|3.500000e+00"),
        (#"{{printf "%3s|" .L}}"#, "[  a  bc]|"),
        (#"{{printf "%s" .O}}"#, "map[k:v]"), (#"{{printf "%#q" .S}}"#, "`hello`"),
        (#"{{printf "%#v" .S}}"#, #""hello""#),
        (#"{{printf "%[2]s-%[1]s" "a" "b"}}"#, "b-a"), (#"{{printf "%[1]d %[1]x" .N}}"#, "42 2a"),
        (#"{{printf "%[2]*[1]d|" .N 5}}"#, "   42|"), (#"{{printf "%[3]d" 1}}"#, "%!d(MISSING)"),
        // Mistakes are shown where they are.
        (#"{{printf "%d" .S}}"#, "%!d(string=hello)"), (#"{{printf "%s" .N}}"#, "%!s(int=42)"),
        (#"{{printf "%d"}}"#, "%!d(MISSING)"), (#"{{printf "%s" .S .N}}"#, "hello%!(EXTRA int=42)"),
        (#"{{printf "x%"}}"#, "x%!(NOVERB)"), (#"{{printf "%y" .N}}"#, "%!y(int=42)"),
        (#"{{printf "%t" 1}}"#, "%!t(int=1)"),
        // What is not there.
        (#"{{printf "%v|%s" .PidsLimit .PidsLimit}}"#, "<nil>|%!s(<nil>)"),
        (#"{{printf "%s|%v" .Entrypoint .Labels}}"#, "[]|map[]"),
        (#"{{printf "%4s|" .StopSignal}}"#, "    |"), (#"{{.S | printf "%-6s%s" "a"}}"#, "a     hello"),
    ]

    @Test(arguments: cases) func W6_formats(template: String, expected: String) throws {
        #expect(try Template(parsing: template).evaluate(Self.document) == expected)
    }

    @Test func W6_widthsHaveALimit() throws {
        func text(_ action: String) throws -> String { try Template(parsing: "{{\(action)}}").evaluate(Self.document) }
        for width in ["1000001", "99999999999999999999", "-1000001", ".9999999"] {
            #expect(try text(#"printf "%\#(width)d" 1"#) == "%!(NOVERB)%!(EXTRA int=1)")
        }
        #expect(try text(#"printf "%*d" 10000000 42"#) == "%!(BADWIDTH)42")
        #expect(try text(#"printf "%*d" "x" 42"#) == "%!(BADWIDTH)42")
        #expect(try text(#"printf "%.*d" -1 42"#) == "%!(BADPREC)42")
        #expect(try text(#"printf "%100000d" 42"#).utf8.count == 100_000)
    }

    @Test(arguments: [
        (#"{{html "<a href='x'>&\"</a>"}}"#, "&lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;"),
        (#"{{js "it's <b>\n"}}"#, #"it\'s \u003Cb\u003E\u000A"#),
        (#"{{urlquery "a b/c?é=~"}}"#, "a+b%2Fc%3F%C3%A9%3D~"),
        (#"{{.S | html | printf "[%s]"}}"#, "[hello]"),
    ]) func W6_escapes(template: String, expected: String) throws {
        #expect(try Template(parsing: template).evaluate(Self.document) == expected)
    }

    @Test func formatsOfAnyKind() {
        let values: ArraySlice<TemplateValue> = [
            .text("tèxt"), .number(-7), .bool(true), TemplateValue(.double(2.5)), TemplateValue(["a", 1]), .null, .none,
            TemplateValue(["Labels": nil]),
        ]
        Fuzz.texts(Self.cases.map(\.0) + ["%-+# 0*.*d%v%q%[1]d", "%1000000s%.3f%5x"], cost: 8) { format in
            // A value that is not asked for is told about, so nothing is lost in silence.
            if TemplateFormat.text(format, values).isEmpty { Issue.record("\(format.debugDescription)") }
        }
    }
}
