import Fuzzing
import Testing

@testable import Dockerfile

/// See `Fuzz` for what is expected of a parser.
@Suite struct FuzzTests {
    private static let examples = [
        "# escape=`\nARG v=1\nFROM --platform=$BUILDPLATFORM a:${v:-2} AS b\nRUN --mount=type=cache,target=/x a && `\n b\n",
        "FROM a AS x\nCOPY --from=x --chown=1:2 [\"a\", \"b\"]\nRUN <<E <<-'F' cat\n1\nE\n\t2\nF\nONBUILD RUN <<E\nx\nE\n",
        "FROM s\nENV a=${b#*x} c=\"d ${e//f/g}\" h='i'\nLABEL \"a\"=b\nEXPOSE 80-90/udp\nHEALTHCHECK --interval=1s CMD a\n",
        "FROM s\nADD --checksum=sha256:1 --exclude=*.a a* ./\nSHELL [\"a\"]\nVOLUME [\"/a\"]\nSTOPSIGNAL 9\nUSER a\nWORKDIR b\n",
    ]

    /// Read, put into order and given values: a refusal has a place in the file, where the file has one.
    @Test func files() {
        Fuzz.bytes(Self.examples.map { Array($0.utf8) }, cost: 4) { bytes in
            let last = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
            do throws(DockerfileError) {
                let file = try Dockerfile(bytes)
                let arguments = try BuildArguments(file, given: ["v": "x"], architecture: "amd64", target: "")
                let order = try StageGraph(file, arguments, target: nil).order
                if Set(order).count != order.count || order.last != file.stages.count - 1 { Issue.record("\(bytes)") }
                let variables = Variables(environment: ["e=ff", "b=yx1"], escape: file.directives.escape)
                for instruction in file.stages.flatMap(\.instructions) { _ = try instruction.expanded(variables) }
            } catch {
                if let lines = error.lines, lines.lowerBound < 1 || lines.upperBound > last {
                    Issue.record("\(bytes): \(error)")
                }
                if error.message.isEmpty { Issue.record("\(bytes)") }
            }
        }
    }

    @Test func words() {
        let expander = Expander(escape: UInt8(ascii: "\\")) { ["a": "x/y z", "b": ""][$0] }
        Fuzz.texts(["${a#*/}", "${a//x/${b:-c}}", "'a'\"$b\"\\ ", "${c:?no}"]) { text in
            guard let word = try? expander.word(text) else { return }
            // Words are parts of the one.
            guard let words = try? expander.words(text) else {
                Issue.record("\(text)")
                return
            }
            if words.joined().utf8.count > word.utf8.count { Issue.record("\(text)") }
        }
    }

    @Test func patterns() {
        Fuzz.texts(["**/*.[a-z]", "!a/**/b?", "a\\*"]) { text in
            guard let file = try? IgnoreFile(patterns: [text]) else { return }
            _ = file.decide("a/b/c.d", in: file.top)
            if let pattern = try? PathPattern(text, allowsDirectories: true), !pattern.hasWildcards,
                !text.unicodeScalars.contains("\\"), !pattern.matches(text)
            {
                Issue.record("\(text) does not match itself")
            }
        }
    }
}
