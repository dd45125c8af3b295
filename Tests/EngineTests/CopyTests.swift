import Core
import Testing

@testable import Engine

/// `docker cp`: which of its rules holds for what is copied and what is there.
@Suite struct CopyRuleTests {
    private func placement(
        _ source: CopyPlacement.Source, _ destination: CopyPlacement.Destination, slash: Bool = false
    ) -> Result<CopyPlacement, OperationError> {
        Result { () throws(OperationError) in
            try CopyPlacement(source, to: destination, isCalledDirectory: slash, "box:/there")
        }
    }

    private func reason(_ result: Result<CopyPlacement, OperationError>) -> String? {
        if case .failure(let error) = result { error.description } else { nil }
    }

    @Test func aFileTakesTheNameOfTheDestination() {
        #expect(placement(.file, .missing) == .success(.itself))
        #expect(placement(.file, .file) == .success(.itself))
    }

    @Test func aFileGoesIntoADirectoryByItsOwnName() {
        #expect(placement(.file, .directory) == .success(.below))
        #expect(placement(.file, .directory, slash: true) == .success(.below))
    }

    @Test func aSlashAsksForADirectory() {
        #expect(reason(placement(.file, .missing, slash: true)) == "copy to \"box:/there\": no such directory")
        #expect(reason(placement(.file, .file, slash: true)) == "copy to \"box:/there\": not a directory")
    }

    @Test(arguments: [CopyPlacement.Source.directory, .contents], [false, true])
    func aDirectoryIsMadeButNeverInPlaceOfAFile(_ source: CopyPlacement.Source, _ slash: Bool) {
        #expect(placement(source, .missing, slash: slash) == .success(.itself))
        #expect(reason(placement(source, .file, slash: slash)) == "copy to \"box:/there\": cannot copy directory")
    }

    @Test func aDotMeansWhatIsInIt() {
        #expect(placement(.directory, .directory) == .success(.below))
        #expect(placement(.contents, .directory) == .success(.contents))
    }

    @Test(arguments: [
        ("box:/a", CopyEnd.container("box", path: "/a")), ("box:a:b", .container("box", path: "a:b")),
        ("box:", .container("box", path: "")), ("-", .stream), ("/a:b", .local("/a:b")), ("./a:b", .local("./a:b")),
        ("../a:b", .local("../a:b")), (":/a", .local(":/a")), ("a", .local("a")), ("-x", .local("-x")),
    ])
    func whatHasAColonIsAContainersUnlessItIsAPath(_ text: String, _ end: CopyEnd) {
        #expect(CopyEnd(parsing: text) == end)
    }

    @Test(arguments: [
        ("/a/b", "/a/b", false, false), ("a//b/", "/a/b", true, false), ("a/b/.", "/a/b", true, true),
        ("../../x", "/x", false, false), ("/", "/", true, true), (".", "/", true, true), ("a/..", "/", true, true),
        ("a/.b", "/a/.b", false, false), ("a/./b", "/a/b", false, false), ("a/./", "/a", true, true),
        ("/\u{301}x", "/\u{301}x", false, false),
    ])
    func pathsInAContainerAreBelowItsRoot(_ written: String, _ path: String, _ isDirectory: Bool, _ isContents: Bool) {
        let parsed = CopyPath(written)
        #expect(parsed.text == path)
        #expect(parsed.isCalledDirectory == isDirectory)
        #expect(parsed.meansContents == isContents)
    }

    @Test func pathsHereAreBelowTheWorkingDirectory() {
        #expect(CopyPath("../x", below: "/home/me").text == "/home/x")
        #expect(CopyPath(".", below: "/home/me").text == "/home/me")
        #expect(CopyPath(".", below: "/home/me").meansContents)
        #expect(CopyPath("..", below: "/home/me").text == "/home")
        #expect(CopyPath("x/", below: "/home/me").wholeText == "/home/me/x/" && CopyPath("/").wholeText == "/")
        #expect(CopyPath("/a/b").name == "b" && CopyPath("/a/b").parent == "/a")
    }
}
