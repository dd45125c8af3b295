import Foundation
import Testing

extension CLI {
    /// Dockerfiles, and what they become.
    @Suite(.serialized, .sweepsImages) struct Build {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.Build {
    /// Its containers have what is put into them, and nothing else.
    @Test func anImageWithoutLayers() throws {
        try withScratch { scratch in
            let outcome = Host.shell(
                """
                cd \(scratch); m=$MYDOCKER; echo words >file
                printf 'FROM scratch\\nCMD ["x"]\\n' | $m build -q -t nolayers - >/dev/null
                $m run --rm --net none nolayers; echo $?
                $m run --rm --net none -v $(command -v busybox):/sh nolayers /sh -c 'echo ran'
                $m create --net none --name nolayers nolayers >/dev/null
                $m export -o empty.tar nolayers; echo $?
                $m cp file nolayers:/; $m cp nolayers:/file - | tar -xO
                $m export nolayers | tar -xO --wildcards '*file'
                $m rm nolayers; $m rmi nolayers >/dev/null
                """)
            #expect(outcome.lines == ["127", "ran", "0", "words", "words", "nolayers"], "\(outcome.text)")
            #expect(outcome.error.contains("\"x\": executable file not found"), "\(outcome.error)")
        }
    }

    @Test func whatGoesIntoTheConfiguration() throws {
        let dockerfile = """
            FROM scratch
            ENV A=1 B="two words" C='$A' D=${A:-x}${N:+y}
            LABEL a.b=c "x y"=z
            WORKDIR /w
            WORKDIR sub
            USER 7:8
            EXPOSE 81-82 80/udp
            VOLUME /v ["/x"]
            VOLUME ["/v w"]
            STOPSIGNAL SIGINT
            SHELL ["/bin/x", "-y"]
            ENTRYPOINT ["/e"]
            CMD a b
            HEALTHCHECK --interval=5s CMD ["h"]
            ONBUILD RUN x
            MAINTAINER me
            """
        try withBuilt(dockerfile, "true", ["--label", "given=1"]) { name in
            let config = Host.shell(
                "$MYDOCKER image inspect \(name) | jq -cS '.[0].Config|del(.Hostname,.Domainname,.Image)'")
            for (filter, expected) in [
                (".Env[1:]", #"["A=1","B=two words","C=$A","D=x"]"#),
                (".Labels", #"{"a.b":"c","given":"1","x y":"z"}"#),
                (".WorkingDir", #""/w/sub""#), (".User", #""7:8""#),
                (".ExposedPorts|keys", #"["80/udp","81/tcp","82/tcp"]"#),
                (".Volumes|keys", #"["/v","/v w","[/x]"]"#), (".StopSignal", #""SIGINT""#),
                (".Entrypoint", #"["/e"]"#), (".Cmd", #"["/bin/x","-y","a b"]"#),
                (".Healthcheck", #"{"Interval":5000000000,"Test":["CMD","h"]}"#),
            ] {
                let value = Host.run(["jq", "-cS", filter], input: config.output)
                #expect(value.word == expected, "\(filter)")
            }
            #expect(inspect("{{.Author}}", name) == "me")
        }
    }

    @Test func runsAreContainersOfTheirStage() throws {
        let dockerfile = """
            FROM busybox
            ARG who=usual
            ENV E=env
            WORKDIR /w
            RUN echo "$who $E $(pwd) $(id -u)" > out
            USER nobody
            RUN id -u > /tmp/user
            RUN ["sh", "-c", "echo $0", "words"]
            RUN <<X
            echo one > /tmp/one
            echo two > /tmp/two
            X
            RUN cat <<X > /tmp/piped
            $who
            X
            RUN <<X
            #!/bin/cat
            a script
            X
            """
        try withBuilt(dockerfile, "true", ["--build-arg", "who=given"]) { name in
            #expect(runOnce(name, "cat", "/w/out").word == "given env /w 0")
            #expect(
                runOnce(name, "sh", "-c", "cat /tmp/user /tmp/one /tmp/two /tmp/piped").lines == [
                    "65534", "one", "two", "given",
                ])
            // An argument is no variable of the image, and what every container is given is no part of it.
            #expect(runOnce(name, "sh", "-c", "echo ${who-unset}").word == "unset")
            #expect(inspect("{{.Config.User}}", name) == "nobody")
        }
    }

    @Test func standardInput() throws {
        let alone = mydocker("build", "-q", "-", input: Data("FROM busybox\nRUN echo 1 > /x\nCMD cat /x".utf8))
        #expect(alone.code == 0 && alone.text.wholeMatch(of: /sha256:[0-9a-f]{64}\n/) != nil, "\(alone.error)")
        #expect(runOnce(alone.word).word == "1")
        mydocker("rmi", "-f", alone.word)
        let context = try BuildContext("FROM busybox\nCOPY f /f", "echo 2 > f")
        defer { context.remove() }
        for packing in ["tar c", "tar cz"] {
            let outcome = Host.shell("\(packing) -C \(context.directory) . | $MYDOCKER build -q -")
            #expect(outcome.code == 0 && runOnce(outcome.word, "cat", "/f").word == "2", "\(outcome.error)")
            mydocker("rmi", "-f", outcome.word)
        }
        let file = mydocker("build", "-q", "-f", "-", context.directory, input: Data("FROM busybox\nCOPY f /g".utf8))
        #expect(file.code == 0 && runOnce(file.word, "cat", "/g").word == "2", "\(file.error)")
        mydocker("rmi", "-f", file.word)
    }

    /// Times of files count for nothing, all else does; of a change what comes after it is done again.
    @Test func whatWasDoneIsNotDoneAgain() throws {
        let context = try BuildContext(
            "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /first\nCOPY f /\nRUN cat /proc/sys/kernel/random/uuid > /second\nCMD [\"a\"]",
            "echo 1 > f")
        defer { context.remove() }
        func times() throws -> [String] {
            let outcome = context.build("-q", "-t", "buildcached")
            try #require(outcome.code == 0, "\(outcome.error)")
            return runOnce("buildcached", "cat", "/first", "/second").lines
        }
        defer { mydocker("rmi", "-f", "buildcached") }
        let before = try times()
        #expect(before.count == 2)
        Host.shell("touch \(context.directory)/f")
        #expect(try times() == before)
        try context.write(
            "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /first\nCOPY f /\nRUN cat /proc/sys/kernel/random/uuid > /second\nCMD [\"b\"]"
        )
        #expect(try times() == before)
        Host.shell("chmod 600 \(context.directory)/f")
        let changed = try times()
        #expect(changed[0] == before[0] && changed[1] != before[1])
        Host.shell("echo 2 > \(context.directory)/f; chmod 600 \(context.directory)/f")
        let again = try times()
        #expect(again[0] == before[0] && again[1] != changed[1])
        #expect(context.build("-q", "-t", "buildcached", "--no-cache").code == 0)
        #expect(runOnce("buildcached", "cat", "/first").word != before[0])
    }

    @Test func stages() throws {
        let dockerfile = """
            FROM busybox AS needed
            RUN echo 1 > /n
            FROM busybox AS unused
            RUN false
            FROM needed AS Last
            COPY --from=NEEDED /n /m
            """
        try withBuilt(dockerfile) { name in #expect(runOnce(name, "cat", "/m", "/n").lines == ["1", "1"]) }
        let context = try BuildContext(dockerfile)
        defer { context.remove() }
        #expect(context.build("--target", "unused").code == 1)
        #expect(
            context.build("--target", "nosuch").error
                == "mydocker: dockerfile parse error: target stage \"nosuch\" could not be found\n")
    }

    @Test func triggersOfTheImageBelow() throws {
        try withBuilt("FROM busybox\nONBUILD COPY f /f\nONBUILD RUN cat /f > /g") { base in
            try withBuilt("FROM \(base)\nRUN cat /g > /h", "echo 5 > f") { name in
                #expect(runOnce(name, "cat", "/h").word == "5")
                #expect(Host.shell("$MYDOCKER image inspect \(name) | jq -c '.[0].Config.OnBuild'").word == "null")
            }
        }
    }

    /// What only the image below asks for is used, too.
    @Test func argumentsThatNobodyUses() throws {
        try withBuilt("FROM busybox\nONBUILD ARG q\nONBUILD RUN echo $q > /q") { base in
            let context = try BuildContext("FROM \(base)\nRUN cat /q")
            defer { context.remove() }
            let outcome = context.build("-q", "--build-arg", "q=7", "--build-arg", "other=8")
            #expect(outcome.code == 0)
            #expect(
                outcome.error == "mydocker: warning: build argument \"other\" is not used by the Dockerfile\n",
                "\(outcome.error)")
            #expect(runOnce(outcome.word, "cat", "/q").word == "7")
            mydocker("rmi", "-f", outcome.word)
        }
    }

    @Test func sameContentSameDigest() throws {
        let context = try BuildContext("FROM busybox\nWORKDIR /w\nCOPY f .\nRUN echo 1 > g", "echo 1 > f")
        defer { context.remove() }
        func build() -> String {
            Host.shell("SOURCE_DATE_EPOCH=1000000000 $MYDOCKER build -q --no-cache \(context.directory)").word
        }
        let first = build()
        Host.shell("touch \(context.directory)/f")
        #expect(build() == first && first.hasPrefix("sha256:"))
        #expect(inspect("{{.Created}}", first).hasPrefix("2001-09-09T01:46:40"))
        #expect(runOnce(first, "stat", "-c", "%Y", "/w", "/w/f", "/w/g").lines.allSatisfy { $0 == "1000000000" })
        mydocker("rmi", "-f", first)
    }
}
