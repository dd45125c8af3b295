import Testing

@testable import Dockerfile

/// Variables, quotes and escapes. The forms are those of the Dockerfile reference, "Environment replacement".
@Suite struct ExpansionTests {
    private let expander = Expander(escape: UInt8(ascii: "\\")) {
        ["A": "value", "E": "", "P": "/usr/lib/a.tar.gz", "S": "one two", "U": "äöü"][$0]
    }

    @Test(arguments: [
        ("$A", "value"), ("${A}x", "valuex"), ("$Ax", ""), ("a$A.b", "avalue.b"), ("\\$A", "$A"), ("'$A'", "$A"),
        ("\"$A\"", "value"), ("\"\\$A\"", "$A"), ("\"a\\\"b\"", "a\"b"), ("\"a\\b\"", "a\\b"), ("a\\ b", "a b"),
        ("$", "$"), ("$.", "$."),
        ("a'b'\"c\"", "abc"), ("$E", ""), ("$1x", "x"),
        ("${N-d}", "d"), ("${E-d}", ""), ("${E:-d}", "d"), ("${A:-d}", "value"), ("${N:-$A}", "value"),
        ("${N:-${E:-deep}}", "deep"), ("${N:-a b}", "a b"), ("${N:-'}'}", "}"),
        ("${A:+x}", "x"), ("${E:+x}", ""), ("${E+x}", "x"), ("${N+x}", ""), ("${A?no}", "value"), ("${E?no}", ""),
        ("${P#*/}", "usr/lib/a.tar.gz"), ("${P##*/}", "a.tar.gz"), ("${P%.*}", "/usr/lib/a.tar"),
        ("${P%%.*}", "/usr/lib/a"), ("${P#x}", "/usr/lib/a.tar.gz"), ("${A#v?l}", "ue"), ("${U#?}", "öü"),
        ("${P#\\/}", "usr/lib/a.tar.gz"), ("${N#x}", ""),
        ("${P/usr/opt}", "/opt/lib/a.tar.gz"), ("${P//a/b}", "/usr/lib/b.tbr.gz"), ("${A/x/y}", "value"),
        ("${P//\\//_}", "_usr_lib_a.tar.gz"), ("${A/a*/}", "v"), ("${A//?/x}", "xxxxx"), ("${P/.*.gz/}", "/usr/lib/a"),
    ])
    func oneWord(text: String, value: String) throws { #expect(try expander.word(text) == value) }

    @Test(arguments: [
        ("${A", "syntax error: missing '}'"), ("${", "syntax error: missing '}'"),
        ("${}", "syntax error: bad substitution"),
        ("${A!x}", "unsupported modifier (!) in substitution"), ("${A:x}", "unsupported modifier (x) in substitution"),
        ("${N?}", "N: not allowed to be unset"), ("${E:?}", "E: not allowed to be empty"), ("${N:?sorry}", "N: sorry"),
        ("'a", "unexpected end of statement while looking for matching single-quote"),
        ("\"a", "unexpected end of statement while looking for matching double-quote"),
    ])
    func mistakes(text: String, message: String) {
        #expect(throws: DockerfileError(message)) { try expander.word(text) }
    }

    @Test func severalWords() throws {
        #expect(try expander.words("a  $S 'b c' \"$S\" $E \"\"") == ["a", "one", "two", "b c", "one two", ""])
        #expect(try expander.words(" ") == [])
    }

    @Test func documentsKeepTheirQuotes() throws {
        #expect(try expander.document("'$A' \"\\$A\" \\n") == "'value' \"$A\" \\n")
    }

    @Test func anotherEscape() throws {
        let expander = Expander(escape: UInt8(ascii: "`")) { _ in "v" }
        #expect(try expander.word("`$a c:\\$a") == "$a c:\\v")
    }

    /// What doubles itself, and patterns that backtracking would never be done with.
    @Test func nothingGrowsOrTakesForEver() throws {
        let long = String(repeating: "a", count: Expander.longest / 2 + 1)
        #expect(throws: DockerfileError("a value is too long")) {
            try Expander(escape: 92) { _ in long }.word("$a$a")
        }
        let text = String(repeating: "a", count: 20_000)
        let expander = Expander(escape: 92) { _ in text }
        #expect(try expander.word("${x##*a*a*a*a*a*a*a*a*a*ab}") == text)
        #expect(try expander.word("${x//a*a*a*b/}") == text)
        let deep = String(repeating: "${N:-", count: 100_000)
        #expect(throws: DockerfileError("syntax error: variables are nested too deeply")) {
            try expander.word("${N+" + deep)
        }
    }
}
