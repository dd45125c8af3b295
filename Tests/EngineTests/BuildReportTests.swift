import Core
import Testing

@testable import Engine

/// What is told of builds.
@Suite struct BuildReportTests {
    private final class Talk {
        var text = ""
        func add(_ bytes: [UInt8]) { text += String(decoding: bytes, as: UTF8.self) }
    }

    private func telling(_ form: BuildRequest.Progress, isTerminal: Bool) -> (BuildReport, Talk) {
        let talk = Talk()
        return (BuildReport(form, isTerminal: isTerminal) { talk.add($0) }, talk)
    }

    /// A line that wraps is not drawn over.
    @Test func linesFitWhateverTheyAreWrittenIn() {
        let wide = String(repeating: "世界", count: 50)
        var step = BuildReport.Step(title: "RUN echo " + wide, started: 0)
        step.tail = [Array("0.1 \(wide)".utf8), Array("0.2 word".utf8)]
        for columns in [20, 41, 80] {
            let lines = BuildBoard.lines(of: step, 1000, columns)
            #expect(lines.count == 3 && lines[0].hasSuffix(" 1.0s") && lines[2] == " => => # 0.2 word")
            for line in lines {
                let width = line.unicodeScalars.reduce(0) { $0 + ($1.isASCII ? 1 : 2) }
                #expect(width < columns, "\(line)")
            }
        }
        let cut = BuildBoard.cut("a世b", to: 3)
        #expect(cut.text == "a世" && cut.columns == 3)
        #expect(BuildBoard.cut("世界", to: 3).text == "世")
    }

    /// Whoever is copied to pull an image knows how high the picture of its copy is.
    @Test func aPullHasItsPlaceInThePicture() {
        let (report, talk) = telling(.terminal, isTerminal: true)
        let step = report.begin("FROM x")
        #expect(talk.text.utf8.count { $0 == UInt8(ascii: "\n") } == 2)
        talk.text = ""
        let pull = BuildPull(report, step)
        #expect(talk.text.hasPrefix("\u{1b}[2A") && talk.text.utf8.count { $0 == UInt8(ascii: "\n") } == 6)
        talk.text = ""
        pull.note("0123456789abcdef", .begun)
        report.done(step)
        report.finish()
        #expect(talk.text.hasPrefix("\u{1b}[6A"), "\(talk.text)")
    }

    @Test(arguments: [true, false]) func whatAFailedStepHasSaidSteersNoTerminal(_ isTerminal: Bool) {
        let (report, talk) = telling(.quiet, isTerminal: isTerminal)
        let step = report.begin("RUN x")
        report.output(step, Array("\u{1b}]52;c;eA==\u{7}word\n".utf8))
        report.failed(step, OperationError("it has ended"))
        #expect(talk.text.contains("word\n------\n"))
        #expect(talk.text.contains(isTerminal ? #" \x1b]52;c;eA==\x07word"# : " \u{1b}]52;c;eA==\u{7}word"))
    }
}
