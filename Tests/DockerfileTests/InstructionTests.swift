import Core
import Testing

@testable import Dockerfile

/// Each instruction as the reference has it, and what it says of wrong ones.
@Suite struct InstructionTests {
    @Test func from() throws {
        let stages = try dockerfile("FROM --platform=linux/amd64 debian:12 AS Base\nFROM base\nFROM scratch as a.b-c_1")
            .stages
        #expect(stages[0].from == From(image: "debian:12", name: "base", platform: "linux/amd64"))
        #expect(stages[1].from == From(image: "base", name: nil, platform: nil))
        #expect(stages[2].from.name == "a.b-c_1")
    }

    @Test func wordsOrALine() throws {
        #expect(try command("CMD [\"a\", \"b c\"]") == .command(.words(["a", "b c"])))
        #expect(try command("CMD [ \"a\"") == .command(.line("[ \"a\"")))
        #expect(try command("CMD ['a']") == .command(.line("['a']")))
        #expect(try command("CMD [\"a\"] && b") == .command(.line("[\"a\"] && b")))
        #expect(try command("CMD") == .command(.line("")))
        #expect(try command("ENTRYPOINT  exec  a") == .entrypoint(.line("exec  a")))
        #expect(try command("SHELL [\"/bin/bash\", \"-c\"]") == .shell(["/bin/bash", "-c"]))
    }

    @Test func settings() throws {
        #expect(
            try command("ENV a=1 b=\"x y\" c='d'e")
                == .environment([
                    .init(name: "a", value: "1"), .init(name: "b", value: "\"x y\""), .init(name: "c", value: "'d'e"),
                ]))
        #expect(try command("ENV a b=c  d") == .environment([.init(name: "a", value: "b=c  d")]))
        #expect(try command("LABEL \"a.b\"=c") == .label([.init(name: "\"a.b\"", value: "c")]))
        #expect(
            try command("ARG a b=1 c=")
                == .argument([
                    Argument(name: "a", value: nil), Argument(name: "b", value: "1"), Argument(name: "c", value: ""),
                ]))
    }

    @Test func copies() throws {
        guard
            case .copy(let copy) = try command(
                "COPY --from=x --chown=1:2 --chmod=755 --link --exclude=*.a --exclude=b [\"a b\", \"/c\"]")
        else { throw NoSuchThing() }
        #expect(copy.sources == [.path("a b")] && copy.destination == "/c" && !copy.isAdd)
        #expect(copy.from == "x" && copy.owner == "1:2" && copy.mode == "755" && copy.isLinked && !copy.keepsParents)
        #expect(copy.excluded == ["*.a", "b"])
        guard case .copy(let add) = try command("ADD --checksum=sha256:1 --unpack=false --keep-git-dir a b /c/") else {
            throw NoSuchThing()
        }
        #expect(add.isAdd && add.checksum == "sha256:1" && add.unpacks == false && add.keepsGitDirectory)
        #expect(add.sources == [.path("a"), .path("b")])
        guard case .copy(let documents) = try command("COPY <<a <<\"b\" c /d/\n1\na\n2\nb") else { throw NoSuchThing() }
        #expect(documents.sources.count == 3 && documents.sources[2] == .path("c"))
        guard case .document(let second) = documents.sources[1] else { throw NoSuchThing() }
        #expect(second.name == "b" && second.content == "2\n" && !second.expands)
    }

    @Test func runs() throws {
        guard
            case .run(let run) = try command(
                "RUN --mount=type=cache,target=/c,sharing=locked,uid=1 --mount=target=/x,rw,from=y --network=none make all"
            )
        else { throw NoSuchThing() }
        #expect(run.invocation == .line("make all") && run.network == .none && !run.isInsecure)
        #expect(
            run.mounts.map(\.kind) == [.cache, .bind] && run.mounts[0].sharing == .locked && run.mounts[0].owner == "1")
        #expect(run.mounts[1].from == "y" && run.mounts[1].isReadOnly == false && run.mounts[1].target == "/x")
        // The flag's own quotes go first, as BuildKit has it.
        guard case .run(let quoted) = try command("RUN --mount=type=bind,'\"source=a,b\"',target=/m make") else {
            throw NoSuchThing()
        }
        #expect(quoted.mounts[0].source == "a,b" && quoted.mounts[0].target == "/m")
        #expect(
            try command("RUN [\"a\"]") == .run(try Run(InstructionBody(Array("[\"a\"]".utf8)[...], [], escape: 92))))
    }

    @Test func healthChecks() throws {
        var check = HealthCheck()
        check.test = ["CMD", "a"]
        check.interval = 1_500_000_000
        check.retries = 3
        #expect(try command("HEALTHCHECK --interval=1.5s --retries=3 CMD [\"a\"]") == .healthCheck(check))
        // As Go reads them: 0 is whatever is usual.
        check.interval = 0
        check.timeout = 90_000_000_000
        #expect(
            try command("HEALTHCHECK --interval=0 --timeout=+1m30s --retries=3 CMD [\"a\"]") == .healthCheck(check))
        #expect(
            try command("healthcheck none")
                == .healthCheck(
                    {
                        var none = HealthCheck(); none.test = ["NONE"]; return none
                    }()))
        guard case .healthCheck(let line) = try command("HEALTHCHECK CMD a || b") else { throw NoSuchThing() }
        #expect(line.test == ["CMD-SHELL", "a || b"])
    }

    @Test func theRest() throws {
        #expect(try command("WORKDIR /a b") == .workingDirectory("/a b"))
        #expect(try command("USER a:b") == .user("a:b"))
        #expect(try command("EXPOSE 80 443/udp") == .expose(["80", "443/udp"]))
        #expect(try command("VOLUME [\"/a b\"]") == .volume(["/a b"]))
        #expect(try command("VOLUME /a /b") == .volume(["/a", "/b"]))
        #expect(try command("STOPSIGNAL SIGINT") == .stopSignal("SIGINT"))
        #expect(try command("MAINTAINER a b") == .maintainer("a b"))
        #expect(try command("ONBUILD copy <<x /\n1\nx") == .onBuild(Trigger(text: "copy <<x /\n1\nx")))
    }

    @Test(arguments: [
        ("", "file with no instructions"), ("# only\n", "file with no instructions"),
        ("ARG a\n", "dockerfile contains no stages to build"),
        ("RUN a", "line 1: no build stage in current context"),
        ("FROM a\nRUNN b", "line 2: unknown instruction: RUNN (did you mean RUN?)"),
        ("FROM a\nRNU b", "line 2: unknown instruction: RNU (did you mean RUN?)"),
        ("FROM a\nXYZZYX b", "line 2: unknown instruction: XYZZYX"),
        ("FROM", "line 1: FROM requires either one or three arguments"),
        ("FROM a b", "line 1: FROM requires either one or three arguments"),
        (
            "FROM a AS 1b",
            "line 1: invalid name for build stage: \"1b\", name can't start with a number or contain symbols"
        ),
        (
            "FROM a\n\nCOPY x",
            "line 3: COPY requires at least two arguments, but only one was provided. Destination could not be determined"
        ),
        ("FROM a\nCOPY", "line 2: COPY requires at least one argument"),
        ("FROM a\nCOPY --foo=1 a b", "line 2: unknown flag: --foo"),
        ("FROM a\nCOPY --chown a b", "line 2: missing a value on flag: chown"),
        ("FROM a\nCOPY --chown=1 --chown=2 a b", "line 2: duplicate flag specified: chown"),
        ("FROM a\nCOPY --link=x a b", "line 2: expecting boolean value for flag link, not: x"),
        ("FROM a\nWORKDIR", "line 2: WORKDIR requires exactly one argument"),
        ("FROM a\nENV x", "line 2: ENV must have two arguments"),
        ("FROM a\nENV x=1 y", "line 2: Syntax error - can't find = in \"y\". Must be of the form: name=value"),
        ("FROM a\nENV =1", "line 2: ENV names can not be blank"),
        ("FROM a\nSHELL sh", "line 2: SHELL requires the arguments to be in JSON form"),
        ("FROM a\nCMD [1]", "line 2: when using JSON array syntax, arrays must be comprised of strings only"),
        ("FROM a\nONBUILD ONBUILD RUN a", "line 2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("FROM a\nONBUILD FROM x", "line 2: FROM isn't allowed as an ONBUILD trigger"),
        ("FROM a\nONBUILD RUNN x", "line 2: unknown instruction: RUNN (did you mean RUN?)"),
        ("FROM a\nHEALTHCHECK CMD", "line 2: Missing command after HEALTHCHECK CMD"),
        ("FROM a\nHEALTHCHECK NONE x", "line 2: HEALTHCHECK NONE takes no arguments"),
        ("FROM a\nHEALTHCHECK x", "line 2: Unknown type \"X\" in HEALTHCHECK (try CMD)"),
        ("FROM a\nHEALTHCHECK --interval=1us CMD x", "line 2: Interval in Healthcheck cannot be less than 1ms"),
        ("FROM a\nHEALTHCHECK --timeout=-5s CMD x", "line 2: Timeout in Healthcheck cannot be less than 1ms"),
        ("FROM a\nRUN --mount=type=foo,target=/x a", "line 2: unsupported mount type \"foo\""),
        (
            "FROM a\nRUN --mount=target=/x,'source=\"a\"' a",
            "line 2: parse error on line 1, column 18: bare \" in non-quoted field"
        ),
        (
            "FROM a\nRUN --mount=type=tmpfs,target=/m,size=99999999999999999999 a",
            "line 2: invalid value for size: 99999999999999999999"
        ),
        ("FROM a\nRUN --mount=type=tmpfs,target=/m,size=-5 a", "line 2: invalid value for size: -5"),
        ("FROM a\nRUN --mount=bad=foo a", "line 2: unexpected key 'bad' in 'bad=foo'"),
        (
            "FROM a\nRUN --mount=from=$a,target=/x a",
            "line 2: 'from' doesn't support variable expansion, define alias stage instead"
        ),
        ("FROM a\nRUN --network=x a", "line 2: invalid network mode: \"x\""),
        ("FROM a\nVOLUME [\" \"]", "line 2: VOLUME specified can not be an empty string"),
        ("FROM a\0", "the file has a zero byte: it is no Dockerfile"),
    ])
    func mistakes(text: String, message: String) { #expect(refusal(text) == message) }

    /// Of an image that others have made: nobody has looked at them yet.
    @Test(arguments: [
        ("ENV FIRST=1\nENV SECOND=2", "line 3: onbuild trigger should be a single expression"),
        ("FROM busybox", "line 3: FROM isn't allowed as an ONBUILD trigger"),
        ("maintainer me", "line 3: MAINTAINER isn't allowed as an ONBUILD trigger"),
        ("ONBUILD RUN a", "line 3: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("# nothing\n", "line 3: ONBUILD requires at least one argument"),
    ])
    func refusedTriggers(_ text: String, _ message: String) {
        do {
            _ = try Instruction(trigger: text, at: 3...3)
            Issue.record("\(text) was taken")
        } catch {
            #expect("\(error)" == message)
        }
    }

    @Test func oneTriggerHasItsDocuments() throws {
        #expect(try Instruction(trigger: "RUN <<E\na\nE", at: 3...3).text == "RUN <<E")
        #expect(try Instruction(trigger: "RUN a \\\n b\n", at: 3...3).text == "RUN a  b")
    }

    /// Of a comment and of a document nothing gets into the image's configuration.
    @Test func whatIsNotUTF8() throws {
        func read(_ before: String, _ after: String) throws {
            _ = try Dockerfile(Array("FROM a\n\(before)".utf8) + [0xff] + Array(after.utf8))
        }
        for instruction in ["LABEL a=", "ENV a=", "RUN echo \\\n ", "RUN <<E\nb\nE\nRUN <<E\n"] {
            #expect(throws: DockerfileError.self, "\(instruction)") { try read(instruction, "\nE\n") }
        }
        #expect(
            throws: DockerfileError("the instruction is not UTF-8, as an image's configuration is", at: 2...2)
        ) { try read("LABEL a=", "\nRUN b\n") }
        try read("# ", "\nRUN b\n")
        try read("COPY <<E /f\n", "\nE\n")
    }

    @Test func tenMegabytes() throws {
        let line = "RUN echo " + String(repeating: "x", count: 90) + "\n"
        let text = "FROM scratch\n" + String(repeating: line, count: (10 << 20) / 100 - 1)
        #expect(try dockerfile(text).stages[0].instructions.count == (10 << 20) / 100 - 1)
        #expect(refusal(text + String(repeating: "#", count: 200)) == "the file is longer than 10 MB")
        _ = try dockerfile("FROM scratch\nRUN " + String(repeating: "a \\\n", count: 200_000))
        _ = try dockerfile("FROM scratch\nENV " + String(repeating: "a=\"b\" ", count: 100_000))
    }
}
