import Core
import Engine
import Glibc
import Testing

@testable import Commands

@Suite struct BuildFlagTests {
    @Test(
        arguments: [
            (["buildx", "--builder", "b", "build", "."], ["buildx", "build", "--builder", "b", "."]),
            (["buildx", "--builder=b", "du"], ["buildx", "du", "--builder=b"]),
            (["buildx", "--builder", "b"], ["buildx", "--builder", "b"]), (["buildx", "ls"], ["buildx", "ls"]),
            (["build", "--builder", "b", "."], ["build", "--builder", "b", "."]),
        ])
    func theBuilderMayStandBeforeTheCommand(_ written: [String], _ arranged: [String]) {
        #expect(Array(BuildxWords.arranged(written[...])) == arranged)
        #expect(CommandLineTool.find(["buildx", "b"])?.0.synopsis.name == "build")
    }

    private func request(_ words: String...) throws -> BuildRequest {
        try BuildCommand.parse((words + ["."])[...]).command.request(for: ".") { _ in nil }
    }

    @Test func namesOfOutputsAreTags() throws {
        let pushed = try request("-t", "a", "--output", "type=image,name=b,push=true")
        #expect(pushed.tags == ["a", "b"] && pushed.pushes && pushed.outputs.isEmpty)
        #expect(try request("-o", "type=registry,name=b").tags == ["b"])
        let several = try request("-o", "type=image,\"name=q:1,q:2\",push=true")
        #expect(several.tags == ["q:1", "q:2"] && several.pushes && several.outputs.isEmpty)
        for wrong in ["type=tar,dest=x,name=b", "type=image,name="] {
            #expect(throws: OperationError.self, "\(wrong)") { try request("-o", wrong) }
        }
    }

    @Test func emptyValuesAreNotGiven() throws {
        let request = try request(
            "--target", "", "--platform", "", "--file", "", "--network", "", "--iidfile", "", "--metadata-file=",
            "--cache-from", "", "--cache-to", "", "--progress", "", "--builder", "")
        #expect(request.target == nil && request.platform == nil && request.file == nil && request.network == .usual)
        #expect(try self.request("--platform", "local").platform == nil)
        #expect(request.identityFile == nil && request.metadataFile == nil)
        #expect(try BuildCommand.parse(["--cache-from", "", "."]).command.idle.isEmpty)
        for flag in ["--tag", "--build-arg", "--secret", "--output"] {
            #expect(throws: UsageError.self, "\(flag)") { try BuildCommand.parse([flag, "", "."]) }
        }
    }

    @Test func progressIsAsTheEnvironmentHasIt() throws {
        func progress(_ words: [String], _ value: String) throws -> BuildRequest.Progress {
            try BuildCommand.parse((words + ["."])[...]).command
                .request(for: ".") { $0 == "BUILDKIT_PROGRESS" ? value : nil }.progress
        }
        #expect(try progress([], "quiet") == .quiet)
        #expect(try progress([], "plain") == .plain)
        #expect(try progress(["--progress", "plain"], "quiet") == .plain)
        #expect(try progress(["--progress", ""], "quiet") == .quiet)
        #expect(try progress(["--progress", "plain"], "nonsense") == .plain)
        let failure = #expect(throws: OperationError.self) { try progress([], "rawjson") }
        #expect(failure?.description == "invalid BUILDKIT_PROGRESS \"rawjson\": use auto, plain, tty or quiet")
        #expect(throws: UsageError.self) { try progress(["--progress", "rawjson"], "") }
    }

    @Test func whatOutputsDoAnyway() throws {
        let idle = "tar=true,platform-split=false,unpack,store=true,oci-mediatypes=1"
        #expect(try request("-o", "type=oci,\"dest=a,b\"," + idle).outputs == [.image(.oci, "a,b")])
        for wrong in ["tar=false", "platform-split", "compression-level=9", "rewrite-timestamp=true"] {
            let failure = #expect(throws: OperationError.self) { try request("-o", "type=oci,dest=x,\(wrong)") }
            let words = "\(wrong) of --output is not supported: there are type, dest, name, push, compression"
            #expect(failure?.description.hasPrefix(words) == true, "\(wrong)")
        }
        let quoted = #expect(throws: OperationError.self) { try request("-o", "type=oci,dest=\"x\"") }
        #expect(quoted?.description.contains("bare \" in non-quoted field") == true)
    }

    /// What an image cannot say of itself is found out before anything is built. A secret's name is text, and its file's is bytes.
    @Test func whatIsNotUTF8IsRefused() throws {
        let foreign = String(kernel: Array("k=".utf8) + [0xe9])
        for flag in ["--tag", "--build-arg", "--label", "--annotation"] {
            let failure = #expect(throws: UsageError.self) { try BuildCommand.parse([flag, foreign, "."]) }
            guard case .value(let text)? = failure else {
                Issue.record("\(flag): \(String(describing: failure))")
                continue
            }
            #expect(text.contains("\(flag)\" flag: it is not UTF-8"), "\(text)")
        }
        let inherited = #expect(throws: OperationError.self) {
            try BuildCommand.parse(["--build-arg", "A", "."]).command.request(for: ".") { $0 == "A" ? foreign : nil }
        }
        #expect(inherited?.description.hasPrefix("--build-arg") == true && inherited?.kind == .invalid)
        let secret = #expect(throws: OperationError.self) { try request("--secret", "id=\(foreign),src=/etc/hostname") }
        #expect(secret?.description.hasPrefix("invalid id of --secret") == true)
        let file = #expect(throws: OperationError.self) { try request("--secret", "id=k,src=/nosuch\(foreign)") }
        #expect(file?.errno == ENOENT)
    }

    /// An accent behind the `=` is none of the name.
    @Test func argumentsAreNamesAndValues() throws {
        let request = try BuildCommand.parse([
            "--build-arg", "A=\u{301}=b", "--build-arg", "B", "--build-arg", "C=", ".",
        ])
        .command.request(for: ".") { $0 == "B" ? "caller's" : nil }
        #expect(request.arguments == ["A": "\u{301}=b", "B": "caller's", "C": ""])
    }

    @Test(
        arguments: [
            ("type=oci,dest=x,compression=gzip", SavedCompression(.gzip, isForced: false)),
            ("type=docker,dest=x,compression=zstd,force-compression=true", SavedCompression(.zstd, isForced: true)),
            ("type=oci,dest=x,compression=uncompressed", SavedCompression(.uncompressed, isForced: false)),
            ("type=oci,dest=x,force-compression", SavedCompression(.gzip, isForced: true)),
            ("type=oci,dest=x,force-compression=false", nil), ("type=docker,dest=x", nil),
        ] as [(String, SavedCompression?)])
    func archivesMayBeCompressed(_ text: String, _ compression: SavedCompression?) throws {
        let form = text.hasPrefix("type=oci") ? SavedForm.oci : .docker
        #expect(try request("-o", text).outputs == [.image(form, "x", compression)])
    }

    /// The store has layers uncompressed, a registry has them with gzip: to ask for that is no mistake, for anything else it is.
    @Test func whatIsNoArchiveIsCompressedAsUsual() throws {
        #expect(try request("-t", "a", "-o", "type=registry,compression=gzip").pushes)
        #expect(try request("-t", "a", "-o", "type=image,compression=gzip,push=true,force-compression=0").pushes)
        #expect(try request("-o", "type=image,compression=uncompressed").outputs.isEmpty)
        #expect(try request("-o", "type=local,dest=x,compression=uncompressed").outputs == [.directory("x")])
        #expect(try request("-o", "type=cacheonly").outputs == [.nothing])
        let error = #expect(throws: OperationError.self) { try request("-o", "type=cacheonly,dest=x") }
        #expect(error?.description == "dest is not possible for type cacheonly")
        for (wrong, words) in [
            ("type=image,push=true,compression=zstd", "compression=zstd of --output is not supported where an image"),
            ("type=registry,compression=uncompressed", "compression=uncompressed of --output is not supported where"),
            ("type=registry,compression=gzip,force-compression", "force-compression of --output is not supported"),
            ("type=docker,compression=gzip", "compression=gzip of --output is not supported for type=docker"),
            ("type=tar,dest=x,compression=gzip", "compression=gzip of --output is not supported for type=tar"),
            ("type=oci,dest=x,compression=estargz", "compression=estargz of --output is not supported: there are "),
            ("type=oci,dest=x,compression", "compression= of --output is not supported: there are uncompressed, gzip"),
            ("type=oci,dest=x,force-compression=maybe", "invalid value \"maybe\" of force-compression"),
        ] {
            let failure = #expect(throws: OperationError.self) { try request("-o", wrong) }
            #expect(failure?.description.hasPrefix(words) == true, "\(wrong): \(failure?.description ?? "")")
        }
    }

    /// Wherever it is said that an image is pushed, it is pushed with gzip.
    @Test func whatTheFlagPushesIsCompressedAsUsual() throws {
        for words in [
            ["--push", "-o", "type=image,compression=gzip"], ["-o", "type=image,compression=gzip", "--push"],
        ] {
            let pushed = try BuildCommand.parse((words + ["-t", "a", "."])[...]).command.request(for: ".") { _ in nil }
            #expect(pushed.pushes && pushed.outputs.isEmpty)
        }
        #expect(try request("-o", "type=image,compression=gzip", "-o", "type=image,push=true").pushes)
        for wrong in ["type=image,compression=uncompressed", "type=docker,compression=zstd"] {
            let failure = #expect(throws: OperationError.self) { try request("--push", "-o", wrong) }
            #expect(failure?.description.contains("is not supported where an image is pushed") == true, "\(wrong)")
        }
        let archive = #expect(throws: OperationError.self) { try request("--push", "-o", "type=tar,compression=gzip") }
        #expect(archive?.description.contains("is not supported for type=tar") == true)
    }

    @Test func whatIsShortForAnOutput() throws {
        #expect(try request("-o", "-").outputs == [.archive(nil)])
        #expect(
            try request("-o", "some/where", "-o", "type=tar,dest=-").outputs == [
                .directory("some/where"), .archive(nil),
            ])
    }

    @Test func aSecretsFileMayHaveACommaInItsName() throws {
        let failure = #expect(throws: OperationError.self) { try request("--secret", "id=k,\"src=/nosuch/s,1\"") }
        #expect(failure?.description.contains("/nosuch/s,1") == true)
    }

    @Test(arguments: ["default=/nosuch", "default=/etc/passwd", "default="])
    func anAgentIsASocket(_ text: String) {
        let failure = #expect(throws: OperationError.self) { try request("--ssh", text) }
        #expect(failure?.remedy?.contains("ssh-agent") == true)
    }
}
