import Core
import Testing

@testable import Dockerfile

/// `.dockerignore` by the rules of moby/patternmatcher, wildcards of COPY by those of Go's path.Match.
@Suite struct PatternTests {
    @Test(arguments: [
        ("*", "a", true), ("*", "a/b", false), ("a?c", "abc", true), ("a?c", "a/c", false), ("[a-c]x", "bx", true),
        ("[^a-c]x", "bx", false), ("[^a-c]x", "dx", true), ("a\\*b", "a*b", true), ("a\\*b", "axb", false),
        ("", "", true),
        ("*.go", ".go", true), ("a*b*c", "aXbYc", true), ("a*b*c", "aXbY", false), ("ä?", "äö", true),
    ])
    func wildcards(pattern: String, path: String, matches: Bool) throws {
        #expect(try PathPattern(pattern, allowsDirectories: false).matches(path) == matches)
    }

    @Test(arguments: [
        ("**", "a/b/c", true), ("**/x", "x", true), ("**/x", "a/b/x", true), ("**/x", "a/bx", false),
        ("a/**", "a/b/c", true),
        ("a/**", "a", false), ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true), ("a/**/b", "a/xb", false),
        ("**/*.o", "a/b.o", true), ("a**b", "a/x/b", true),
    ])
    func directories(pattern: String, path: String, matches: Bool) throws {
        #expect(try PathPattern(pattern, allowsDirectories: true).matches(path) == matches)
    }

    @Test(arguments: ["[", "[a", "[]", "a\\", "[z-a]"])
    func malformed(pattern: String) {
        #expect(throws: DockerfileError("syntax error in pattern: \(pattern)")) {
            try PathPattern(pattern, allowsDirectories: true)
        }
    }

    private func isLeftOut(_ file: IgnoreFile, _ path: String) -> Bool {
        var (inherited, isLeftOut) = (file.top, false)
        var prefix = ""
        for name in path.split(separator: "/") {
            prefix += prefix.isEmpty ? String(name) : "/" + name
            (isLeftOut, inherited) = file.decide(prefix, in: inherited)
        }
        return isLeftOut
    }

    @Test func theLastPatternDecides() throws {
        let file = try IgnoreFile(
            Array("# x\n  *.md \n!README.md\n/build/\n!build/keep\nbuild/keep/not\n\n.\n./a/../b\n".utf8))
        let left = ["a.md", "build", "build/x", "build/keep/not", "b", "b/c"]
        let taken = ["README.md", "a/x.md", "build/keep", "build/keep/yes", "a"]
        #expect(left.filter { !isLeftOut(file, $0) } == [] && taken.filter { isLeftOut(file, $0) } == [])
        #expect(file.hasExceptions)
        #expect(throws: DockerfileError("illegal exclusion pattern: \"!\"", at: 1...1)) {
            try IgnoreFile(Array("!".utf8))
        }
        #expect(throws: DockerfileError("syntax error in pattern: [", at: 2...2)) { try IgnoreFile(Array("a\n[".utf8)) }
    }

    @Test func paths() {
        #expect(CleanPath.of("/a/./b//../c/") == "a/c" && CleanPath.of("../../x") == "x" && CleanPath.of(".") == "")
        #expect(
            CleanPath.join("/a", "b/../c") == "/a/c" && CleanPath.join("/a", "/c") == "/c"
                && CleanPath.join("/", "") == "/")
    }

    @Test func noPatternTakesLong() throws {
        let pattern = try PathPattern(String(repeating: "a*", count: 500) + "b", allowsDirectories: true)
        #expect(!pattern.matches(String(repeating: "a", count: 4000)))
    }
}
