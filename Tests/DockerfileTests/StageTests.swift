import Testing

@testable import Dockerfile

/// Which stages there are, what they need, and what variables are in each.
@Suite struct StageTests {
    private func graph(_ text: String, target: String? = nil, _ given: [String: String] = [:]) throws -> StageGraph {
        let file = try dockerfile(text)
        return try StageGraph(file, arguments(file, given), target: target)
    }

    private func arguments(_ file: Dockerfile, _ given: [String: String] = [:]) throws -> BuildArguments {
        try BuildArguments(file, given: given, architecture: "amd64", target: "default")
    }

    @Test func onlyWhatTheTargetNeedsInItsOrder() throws {
        let text = """
            FROM base:1 AS a
            FROM a AS B
            FROM other AS unused
            FROM scratch AS last
            COPY --from=b /x /
            COPY --from=0 /x /
            COPY --from=image:1 /x /
            RUN --mount=from=a,target=/y make
            """
        let whole = try graph(text)
        #expect(whole.bases == [.image("base:1"), .stage(0), .image("other"), .scratch])
        #expect(whole.needs == [[], [0], [], [0, 1]] && whole.order == [0, 1, 3] && whole.target == 3)
        #expect(try graph(text, target: "b").order == [0, 1])
        #expect(try graph(text, target: "2").order == [2])
        #expect(throws: DockerfileError("target stage \"x\" could not be found")) { try graph(text, target: "x") }
    }

    @Test func whatLeadsBack() {
        #expect(throws: DockerfileError("circular dependency detected on stage: b", at: 3...3)) {
            try graph("FROM x AS a\nCOPY --from=b / /\nFROM a AS b")
        }
        #expect(throws: DockerfileError("circular dependency detected on stage: stage-0", at: 1...1)) {
            try graph("FROM x\nCOPY --from=0 / /")
        }
        #expect(throws: DockerfileError("invalid stage index 7", at: 2...2)) { try graph("FROM x\nCOPY --from=7 / /") }
    }

    @Test func argumentsInFrontOfTheFirstStage() throws {
        let text = "ARG v=1\nARG image=name:$v\nFROM ${image}-${TARGETARCH} AS a\nFROM b:${w:-none}"
        #expect(try graph(text).bases == [.image("name:1-amd64"), .image("b:none")])
        #expect(try graph(text, ["v": "2", "w": "no"]).bases == [.image("name:2-amd64"), .image("b:none")])
        #expect(throws: DockerfileError("base name ($x) should not be blank", at: 1...1)) { try graph("FROM $x") }
    }

    @Test func whereAnArgumentHasItsValueFrom() throws {
        let file = try dockerfile("ARG g=global\nARG given\nFROM a\nARG g\nARG own=$g\n")
        let arguments = try arguments(file, ["given": "caller", "other": "x", "HTTP_PROXY": "p", "BUILDKIT_X": "1"])
        let none = Variables(escape: 92)
        #expect(try arguments.value(of: Argument(name: "g", value: nil), in: none) == "global")
        #expect(try arguments.value(of: Argument(name: "g", value: "own"), in: none) == "own")
        #expect(try arguments.value(of: Argument(name: "given", value: "usual"), in: none) == "caller")
        #expect(try arguments.value(of: Argument(name: "nowhere", value: nil), in: none) == nil)
        #expect(try arguments.value(of: Argument(name: "TARGETPLATFORM", value: nil), in: none) == "linux/amd64")
        #expect(arguments.unused(in: file, triggers: []) == ["other"])
        let trigger = try Instruction(trigger: "ARG other", at: 1...1)
        #expect(arguments.unused(in: file, triggers: [trigger]) == [])
    }

    @Test func environmentHasTheLastWord() throws {
        var variables = Variables(environment: ["PATH=/bin", "A=image"], escape: 92)
        variables.setArgument("A", to: "argument")
        variables.setArgument("B", to: "argument")
        #expect(try variables.word("$A $B $PATH") == "image argument /bin")
        variables.setEnvironment("B", to: "set")
        variables.setEnvironment("A", to: "again")
        #expect(try variables.word("$A $B") == "again set")
        #expect(variables.environment == ["PATH=/bin", "A=again", "B=set"])
    }

    @Test func historyHasValues() throws {
        var variables = Variables(escape: 92)
        variables.setArgument("a", to: "x")
        for (written, expected) in [
            ("WORKDIR $a", "WORKDIR /there/x"), ("ENV $a=1 b='$a $a' c=\"$a y\"", "ENV x=1 b=$a $a c=x y"),
            ("ENV a b  c", "ENV a=b  c"), ("EXPOSE 80 8000-8001/UDP", "EXPOSE [80/tcp 8000/udp 8001/udp]"),
            ("LABEL a=$a", "LABEL a=$a"), ("CMD $a", "CMD $a"),
        ] {
            let instruction = try #require(try dockerfile("FROM s\n" + written).stages[0].instructions.first)
            #expect(try instruction.expanded(variables).history(in: "/there/x") == expected)
        }
    }

    @Test func whatHasVariables() throws {
        var variables = Variables(escape: 92)
        variables.setArgument("a", to: "x y")
        func expanded(_ text: String) throws -> Instruction.Command {
            try #require(try dockerfile("FROM s\n" + text).stages[0].instructions.first).expanded(variables).command
        }
        #expect(
            try expanded("ENV k=$a l='$a'")
                == .environment([.init(name: "k", value: "x y"), .init(name: "l", value: "$a")]))
        #expect(try expanded("WORKDIR /$a") == .workingDirectory("/x y"))
        #expect(try expanded("VOLUME /$a") == .volume(["/x y"]))
        #expect(try expanded("EXPOSE 8000-8001 53/UDP") == .expose(["8000/tcp", "8001/tcp", "53/udp"]))
        #expect(try expanded("CMD $a") == .command(.line("$a")))
        #expect(throws: DockerfileError("invalid containerPort: x", at: 2...2)) { try expanded("EXPOSE $a") }
        guard case .copy(let copy) = try expanded("COPY --chown=$a <<E $a /d\n$a\nE") else { throw NoSuchThing() }
        #expect(copy.owner == "x y" && copy.sources[1] == .path("x y"))
        guard case .document(let document) = copy.sources[0] else { throw NoSuchThing() }
        #expect(document.content == "x y\n")
        guard case .run(let run) = try expanded("RUN --mount=type=cache,target=/$a b") else { throw NoSuchThing() }
        #expect(run.mounts[0].target == "/x y")
        #expect(throws: DockerfileError("invalid value for size: x y", at: 2...2)) {
            try expanded("RUN --mount=type=tmpfs,target=/m,size=$a b")
        }
        #expect(throws: DockerfileError("target for --mount=type=bind is required", at: 2...2)) {
            try expanded("RUN --mount=type=bind b")
        }
    }
}
