import Foundation
import Testing

/// What is told of builds, and what others see of them.
extension CLI.Build {
    /// Whoever asks for the id alone still learns what has failed, and where.
    @Test func aQuietBuildSaysWhatFails() throws {
        let context = try BuildContext("FROM busybox\nRUN for i in $(seq 30); do echo line $i; done; exit 3")
        defer { context.remove() }
        let outcome = context.build("-q")
        #expect(outcome.code == 1 && outcome.text.isEmpty)
        #expect(
            outcome.error.contains("> [2/2] RUN") && outcome.error.contains(" line 30\n------\nDockerfile:2\n"),
            "\(outcome.error)")
        #expect(!outcome.error.contains("line 10\n") && !outcome.error.contains("#2"), "\(outcome.error)")
    }

    /// On a terminal it is one picture, which ends as it was.
    @Test func aPictureOnATerminal() throws {
        let context = try BuildContext("FROM busybox\nRUN echo word; sleep 1; exit $(cat /code 2>/dev/null || echo 0)")
        defer { context.remove() }
        func drawn(_ words: String) -> String {
            Host.shell("script -qec \"$MYDOCKER build \(words) \(context.directory)\" /dev/null").text
        }
        let shown = drawn("--no-cache")
        #expect(shown.contains("=> => # ") && shown.contains("word"), "\(shown)")
        #expect(shown.contains("[+] Building ") && shown.contains("(3/3) FINISHED"), "\(shown)")
        #expect(shown.contains("\u{1b}[4A"), "\(shown)")
        #expect(!drawn("--no-cache --progress plain").contains("\u{1b}["))
        try context.write("FROM busybox\nRUN exit 7")
        let failed = drawn("")
        #expect(failed.contains(" => ERROR [2/2] RUN exit 7") && failed.contains("Dockerfile:2"), "\(failed)")
        let refused = context.build("--progress", "tty")
        #expect(refused.code == 1 && refused.error.contains("no terminal"), "\(refused.error)")
    }

    /// A copy of the builder draws it meanwhile: nothing of that stays, and an image that only files come from is told of, too.
    @Test func aPullInsideAPicture() throws {
        try withScratch { scratch in
            let registry = try TestRegistry(scratch, port: 5000)
            let names = ["base", "files"].map { "\(registry.host)/\($0)" }
            for name in names {
                succeed("tag", "busybox", name)
                succeed("push", "-q", name)
                succeed("rmi", name)
            }
            let context = try BuildContext("FROM \(names[0])\nCOPY --from=\(names[1]) /etc/group /g")
            defer { context.remove() }
            let drawn = Host.shell("script -qec \"$MYDOCKER build \(context.directory)\" /dev/null")
            let lines = shown(drawn.text).filter { $0.hasPrefix("[+]") || $0.hasPrefix(" => ") }
            let wanted = [
                "[+] Building ", " => [1/2] FROM \(names[0])", " => FROM \(names[1])", " => [2/2] COPY ",
                " => exporting to image",
            ]
            #expect(lines.count == wanted.count, "\(lines)")
            for (line, beginning) in zip(lines, wanted) { #expect(line.hasPrefix(beginning), "\(line)") }
            succeed("rmi", names[0], names[1])
            let told = context.build("--no-cache")
            #expect(told.code == 0 && told.error.contains("latest: Pulling from files"), "\(told.error)")
            succeed("rmi", names[0], names[1])
            _ = registry
        }
    }

    /// What stands on a terminal after all that a picture consists of.
    private func shown(_ text: String) -> [String] {
        var lines = [""]
        var row = 0
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            if scalar == "\n" {
                row += 1
                if row == lines.count { lines.append("") }
            } else if scalar == "\u{1b}" {
                // `ESC [ NUMBER LETTER`
                var sequence = ""
                while let next = rest.first, !next.properties.isAlphabetic {
                    sequence.unicodeScalars.append(next)
                    rest.removeFirst()
                }
                let command = rest.popFirst()
                if command == "A" { row = max(0, row - (Int(sequence.dropFirst()) ?? 1)) } else { lines[row] = "" }
                if command == "J" { lines.removeLast(lines.count - row - 1) }
            } else if scalar != "\r" {
                lines[row].unicodeScalars.append(scalar)
            }
        }
        return lines
    }

    /// Scripts that remove all containers do not end builds.
    @Test func containersOfBuildsAreNotListed() throws {
        let context = try BuildContext(
            "FROM busybox\nRUN --mount=type=secret,id=s,env=V --mount=type=secret,id=f echo begun; sleep 1000")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            echo inafile > \(context.directory).s
            V=invariable $MYDOCKER build --secret id=s,env=V --secret id=f,src=\(context.directory).s \
              \(context.directory) 2> \(context.directory).log & builder=$!
            until grep -q begun \(context.directory).log; do sleep 0.05; done
            $MYDOCKER ps -q; $MYDOCKER ps -aq; $MYDOCKER ps -q --external | wc -w
            rm \(context.directory).s
            # No disk has what was given in confidence, while it is there or after.
            grep -rl -e inafile -e invariable /var/lib/mydocker /run/mydocker
            kill -9 $builder; wait $builder
            grep -rl -e inafile -e invariable /var/lib/mydocker /run/mydocker
            rm \(context.directory).log
            """, seconds: 60)
        #expect(outcome.lines == ["1"], "\(outcome.text)\(outcome.error)")
        Host.eventually("nothing is left") { mydocker("system", "check").code == 0 }
    }

    /// Thousands of lines cost no more than each of them; a signal is heeded between any two.
    @Test func manyLines() throws {
        let lines = (1...8000).map { "ENV A\($0)=${A1}x B\($0)=y\nEXPOSE \($0)\n" }.joined()
        let context = try BuildContext("FROM busybox\n" + lines)
        defer { context.remove() }
        let id = context.build("-q")
        #expect(id.code == 0, "\(id.error)")
        let counts = Host.shell(
            "$MYDOCKER image inspect \(id.word) | jq '.[0].Config|(.Env|length),(.ExposedPorts|length)'")
        #expect(counts.lines == ["16001", "8000"])
        mydocker("rmi", "-f", id.word)
        // Longer than anybody waits: a signal ends it between any two.
        try context.write("FROM busybox\n" + String(repeating: "ENV a=b\n", count: 500_000))
        let ended = Host.shell(
            """
            python3 -c 'import os,signal,sys
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            os.execvp(sys.argv[1], sys.argv[1:])' $MYDOCKER build --no-cache \(context.directory) 2>/dev/null & sleep 0.5
            kill -TERM $!; wait $!; echo $?
            """)
        #expect(ended.word == "143", "\(ended.text)")
    }
}
