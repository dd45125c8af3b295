import Foundation
import Testing

extension CLI {
    @Suite struct Completion {
        /// What bash offers at the end of `line`.
        private func complete(_ line: String, as program: String = "mydocker") throws -> [String] {
            try withScratch { directory in
                let link = "\(directory)/\(program)"
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Host.mydocker)
                let outcome = Host.shell(
                    """
                    PATH=\(directory):$PATH
                    . <(\(program) completion bash) || exit
                    complete -p \(program) | grep -q -- '-F _\(program)' || exit
                    COMP_LINE='\(line)' COMP_POINT=\(line.utf8.count)
                    _\(program)
                    [ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
                    """)
                #expect(outcome.code == 0, "\(outcome.error)")
                return outcome.lines
            }
        }

        private func expect(
            _ line: String, _ offered: [String], sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let found = try complete(line)
            #expect(found == offered, "\(line)", sourceLocation: sourceLocation)
        }

        @Test func commandsAndFlags() throws {
            try expect("mydocker pau", ["pause"])
            try expect("mydocker network cr", ["create"])
            #expect(try complete("mydocker run --net").contains("--network"))
            #expect(try complete("docker stop --ti", as: "docker") == ["--timeout"])
            try expect("mydocker completion f", ["fish"])
            // The shell completes files itself.
            try expect("mydocker run --env-file /et", [])
            try expect("mydocker exec x ls --", [])
        }

        /// What fish offers itself, and what zsh's function hands to its `compadd`.
        @Test(arguments: [
            ("pau", ["pause"]), ("network cr", ["create"]), ("stop --ti", ["--timeout"]), ("completion f", ["fish"]),
            ("ps --format", ["--format"]),
        ]) func otherShells(words: String, offered: [String]) throws {
            try withScratch { directory in
                try FileManager.default.createSymbolicLink(
                    atPath: directory + "/mydocker", withDestinationPath: Host.mydocker)
                let fish = Host.shell(
                    """
                    PATH=\(directory):$PATH HOME=\(directory) fish -c \
                        "mydocker completion fish | source; complete -C 'mydocker \(words)'"
                    """)
                #expect(fish.lines == offered, "fish: \(fish.text)\(fish.error)")
                let zsh = Host.shell(
                    """
                    PATH=\(directory):$PATH zsh -fc 'compdef() { [ $2 = mydocker ]; }
                    . <(mydocker completion zsh) || exit
                    compadd() { shift; print -l -- "$@"; }
                    words=(mydocker \(words)) CURRENT=$#words; _mydocker'
                    """)
                #expect(zsh.lines == offered && zsh.code == 0, "zsh: \(zsh.text)\(zsh.error)")
            }
        }

        @Test func names() throws {
            #expect(Host.hasDefaultImage)
            let network = try TestNetwork("cmplnet", "10.236.0.1/24")
            defer { network.remove() }
            try withContainer("cmplbox", "sleep", "1000") { _ in
                succeed("tag", "busybox", "cmplimage:one")
                defer { succeed("rmi", "cmplimage:one") }
                try expect("mydocker rm -f cmp", ["cmplbox"])
                try expect("mydocker exec -it cmp", ["cmplbox"])
                try expect("mydocker rmi cmp", ["cmplimage:one"])
                // Bash replaces what stands behind the colon or the equals sign.
                try expect("mydocker rmi cmplimage:o", ["one"])
                try expect("mydocker run --network cmp", ["cmplnet"])
                try expect("mydocker run --network=cmp", ["cmplnet"])
                try expect("mydocker network connect cmp", ["cmplnet"])
                try expect("mydocker network connect cmplnet cmp", ["cmplbox"])
                try expect("mydocker inspect cmp", ["cmplbox", "cmplimage:one", "cmplnet"])
            }
        }

        @Test func everyManualPageIsReadable() {
            let pages = succeed("man").lines
            #expect(pages.contains("mydocker") && pages.contains("mydocker-network-create"))
            let outcome = Host.shell(
                """
                for page in $($MYDOCKER man); do
                  $MYDOCKER man $page | LC_ALL=C.UTF-8 groff -man -Tutf8 -ww -rLL=120n 2>&1 >/dev/null
                done
                $MYDOCKER man mydocker-run | groff -man -Tutf8 -P-cbu | grep -c publish-all
                """)
            #expect(outcome.text == "1\n", "\(outcome.text)\(outcome.error)")
        }

        /// Only what takes longer than a second, and only at a terminal.
        @Test func progress() throws {
            try withScratch { directory in
                Host.shell("mkfifo \(directory)/slow")
                let feed = "{ sleep 2.5; tar -C /etc -cf - passwd; } >\(directory)/slow"
                let line = "\(Host.mydocker) import \(directory)/slow cmplslow"
                let session = try TerminalSession(["bash", "-c", "\(feed) & exec \(line)"])
                session.expect("\rimport \(directory)/slow 1 s")
                #expect(session.end() == 0)
                #expect(session.text.contains("\r\u{1b}[Ksha256:"))
                let quiet = Host.shell("\(feed) & \(line)")
                #expect(quiet.code == 0 && quiet.error.isEmpty, "\(quiet.error)")
                succeed("rmi", "cmplslow")
            }
        }

        @Test func unknownShell() {
            let outcome = mydocker("completion", "tcsh")
            #expect(outcome.code == 1 && outcome.text.isEmpty)
            #expect(outcome.error.hasPrefix("mydocker: no completion for shell \"tcsh\": it is not known\n"))
        }
    }
}
