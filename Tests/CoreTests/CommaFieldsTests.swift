import Core
import Fuzzing
import Testing

/// Expected values are those of Go's encoding/csv.
@Suite struct CommaFieldsTests {
    @Test(
        arguments: [
            ("", [""]), ("a", ["a"]), ("a,b=c", ["a", "b=c"]), (",", ["", ""]), ("a,,b", ["a", "", "b"]),
            ("\"a,b\",c", ["a,b", "c"]), (#"a,"b,c""#, ["a", "b,c"]), ("\"a\"\"b\",\"\"\"\"", ["a\"b", "\""]),
            ("\"\"", [""]), ("'a,b'", ["'a", "b'"]),
            (#"type=image,"name=q:1,q:2",ä"#, ["type=image", "name=q:1,q:2", "ä"]),
        ] as [(String, [String])])
    func fields(text: String, expected: [String]) throws { #expect(try CommaFields.split(text) == expected) }

    @Test(arguments: [
        (#"a="b,c""#, #"column 3: bare " in non-quoted field"#), (#"a,b""#, #"column 4: bare " in non-quoted field"#),
        ("\"a\"b,c", #"column 3: extraneous or missing " in quoted-field"#),
        (#"a,"b,c"#, #"column 7: extraneous or missing " in quoted-field"#),
        ("\"", #"column 2: extraneous or missing " in quoted-field"#),
    ])
    func refused(text: String, words: String) {
        let error = #expect(throws: OperationError.self) { try CommaFields.split(text) }
        #expect(error?.description == "parse error on line 1, " + words)
    }

    @Test func fuzzed() {
        Fuzz.texts([#"type=bind,"source=a,b",target=/m"#, "\"a\"\"b\",c"]) { text in _ = try? CommaFields.split(text) }
    }
}
