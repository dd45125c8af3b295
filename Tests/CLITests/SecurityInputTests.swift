import Foundation
import Testing

extension CLI {
    /// Standard input is the one thing of the caller's that a container is given: S1, F5 and their neighbours.
    @Suite struct SecurityInput {
        /// How a program gets its standard input: `$RUN` is the command up to the program, in all the ways there are.
        private static let ways = [
            "run": "$MYDOCKER run -i --rm --net none",
            "run --init": "$MYDOCKER run -i --rm --init --net none",
            "run as a user": "$MYDOCKER run -i --rm -u 1000 --net none",
            "exec": "$MYDOCKER exec -i s1",
            "exec as a user": "$MYDOCKER exec -i -u 1000 s1",
        ]

        private func inEveryWay(_ body: (_ way: String, _ command: String, _ scratch: String) throws -> Void) throws {
            try withScratch { scratch in
                // Every user of the container's can get here, if anybody.
                chmod(scratch, 0o777)
                try withContainer("s1", "sleep", "1000") { _ in
                    for (way, command) in Self.ways { try body(way, command, scratch) }
                }
            }
        }

        @Test func S1_aFileIsNeitherWrittenNorChanged() throws {
            try inEveryWay { way, command, scratch in
                let file = scratch + "/f"
                try writeFile("original\n", file)
                chmod(file, 0o666)
                let attack =
                    "echo evil > /proc/self/fd/0; echo evil > /dev/stdin; echo evil >&0; chmod 777 /proc/self/fd/0"
                for redirection in ["<", "<>"] {
                    Host.shell("\(command) sh -c '\(attack); true' \(redirection) \(file)")
                    #expect(try String(contentsOfFile: file, encoding: .utf8) == "original\n", "\(way) \(redirection)")
                    #expect(Host.run(["stat", "-c", "%a", file]).word == "666", "\(way) \(redirection)")
                }
            }
        }

        @Test func S1_CVE_2024_21626_aDirectoryIsRefused() throws {
            try inEveryWay { way, command, scratch in
                let outcome = Host.shell("\(command) ls /proc/self/fd/0/ < \(scratch)")
                #expect(outcome.code == (way.hasPrefix("run") ? 125 : 1), "\(way)")
                #expect(outcome.error.contains("standard input") && outcome.error.contains("directory"), "\(way)")
                #expect(outcome.text == "", "\(way)")
            }
        }

        @Test func S1_aSocketIsNotTheContainersToSpeakOn() throws {
            try inEveryWay { way, command, scratch in
                let script = """
                    import socket, subprocess, sys
                    ours, peer = socket.socketpair()
                    peer.sendall(b"question\\n"); peer.shutdown(socket.SHUT_WR)
                    out = subprocess.run(["bash", "-c", sys.argv[1]], stdin=ours, capture_output=True)
                    ours.close(); peer.settimeout(10)
                    print(out.stdout.decode().strip(), "|", peer.recv(100).decode().strip())
                    """
                let program = "\(command) sh -c 'cat; echo evil >&0; echo evil >/proc/self/fd/0; true' 2>/dev/null"
                let outcome = Host.run(
                    ["python3", "-c", script, program], environment: ["MYDOCKER": Host.mydocker])
                #expect(outcome.word == "question |", "\(way): \(outcome.error)")
            }
        }

        @Test func S1_aDeviceIsReadThroughAPipe() throws {
            try inEveryWay { way, command, _ in
                #expect(Host.shell("\(command) sh -c 'head -c 3 | wc -c' < /dev/zero").word == "3", "\(way)")
                let kind = Host.shell("\(command) stat -L -c %F /proc/self/fd/0 < /dev/zero").word
                #expect(kind == "fifo", "\(way)")
            }
        }

        @Test func S1_whatTheProgramLeavesOfAFileIsLeftToTheCaller() throws {
            try inEveryWay { way, command, scratch in
                let file = scratch + "/lines"
                try writeFile((1...20_000).map { "line \($0)\n" }.joined(), file)
                let outcome = Host.shell("{ \(command) sh -c 'read a; read b; echo $b'; head -n 1; } < \(file)")
                #expect(outcome.lines == ["line 2", "line 3"], "\(way): \(outcome.error)")
                // The everyday form: a loop whose command reads nothing.
                let loop = "n=0; while read -r line; do n=$((n + 1)); \(command) true; done; echo $n"
                let first = Host.shell("head -n 3 \(file) > \(file).3; { \(loop); } < \(file).3")
                #expect(first.word == "3", "\(way): \(first.error)")
            }
        }

        @Test func aPipeIsReadAsFarAsTheProgramWants() throws {
            try inEveryWay { way, command, _ in
                let outcome = Host.shell("printf 'a\\nb\\n' | { \(command) sh -c 'read x; echo $x'; cat; }")
                #expect(outcome.lines == ["a", "b"], "\(way): \(outcome.error)")
            }
        }

        /// What may be read by /proc/self/fd/0 could be written there: `echo 'mydocker run -i …' | bash` would do what the
        /// container says.
        @Test func S1_nothingGoesBackIntoThePipe() throws {
            try inEveryWay { way, command, scratch in
                let attack =
                    // In the background: its own pipe may be full.
                    "read x; for f in /dev/stdin /proc/self/fd/0; do (echo INJECTED >$f) 2>/dev/null & done; sleep 0.1; echo $x"
                let piped = Host.shell("printf 'one\ntwo\n' | { \(command) sh -c '\(attack)'; cat; }", seconds: 20)
                #expect(piped.lines == ["one", "two"], "\(way): \(piped.error)")
                try writeFile(
                    "\(command) sh -c '(echo \"echo HOST\" >/proc/self/fd/0) & sleep 0.1'\necho end\n",
                    scratch + "/script")
                let shell = Host.shell("cat \(scratch)/script | bash", seconds: 20)
                #expect(shell.lines == ["end"], "\(way): \(shell.error)")
            }
        }

        @Test func S1_muchGoesThroughAPipe() throws {
            try inEveryWay { way, command, scratch in
                #expect(Host.shell("head -c 5000000 /dev/urandom > \(scratch)/much").code == 0)
                let sum = Host.shell("md5sum < \(scratch)/much").word
                let outcome = Host.shell("cat \(scratch)/much | \(command) md5sum", seconds: 20)
                #expect(outcome.word == sum && outcome.code == 0, "\(way): \(outcome.error)")
            }
        }

        @Test func S1_aNamedPipeKeepsItsMode() throws {
            try inEveryWay { way, command, scratch in
                let pipe = scratch + "/pipe"
                #expect(Host.shell("rm -f \(pipe); mkfifo -m 600 \(pipe)").code == 0)
                let outcome = Host.shell(
                    "echo in > \(pipe) & \(command) sh -c 'cat; chmod 777 /proc/self/fd/0' < \(pipe); stat -c '%a %u' \(pipe)"
                )
                #expect(outcome.lines == ["in", "600 0"], "\(way): \(outcome.error)")
            }
        }

        @Test func F5_standardInputOpensByNameForEveryUser() throws {
            try inEveryWay { way, command, scratch in
                try writeFile("p\n", scratch + "/f")
                #expect(Host.shell("echo p | \(command) sh -c 'cat /dev/stdin'").word == "p", "\(way)")
                #expect(Host.shell("\(command) sh -c 'cat /dev/stdin' < \(scratch)/f").word == "p", "\(way)")
                #expect(Host.shell("echo 'echo p' | \(command) sh /dev/stdin").word == "p", "\(way)")
            }
        }

        /// The host's own null device would be there to be changed (fchmod(2)).
        @Test func S1_withoutInputThereIsTheContainersOwnNullDevice() throws {
            let before = Host.run(["stat", "-c", "%a %u:%g", "/dev/null"]).word
            let attack = "chmod 600 /proc/self/fd/0; chown 1:1 /proc/self/fd/0; stat -L -c '%t:%T' /proc/self/fd/0; cat"
            #expect(runOnce("sh", "-c", attack).word == "1:3")
            try withContainer("s1", "sh", "-c", "\(attack) >/dev/null; exec sleep 1000") { _ in
                #expect(mydocker("exec", "s1", "sh", "-c", attack).word == "1:3")
                succeed("exec", "-d", "s1", "sh", "-c", "{ \(attack); } > /seen")
                Host.eventually("it ran") { mydocker("exec", "s1", "cat", "/seen").word == "1:3" }
            }
            #expect(Host.run(["stat", "-c", "%a %u:%g", "/dev/null"]).word == before)
        }

        /// With the right to trace, a program sees what process 1 has open.
        @Test func D4_processOneHoldsNothingOfTheCallers() throws {
            let outcome = Host.shell(
                """
                $MYDOCKER run --rm --init --cap-add SYS_PTRACE --net none sh -c '
                  for i in $(seq 100); do [ "$(stat -L -c %t /proc/1/fd/2)" = 1 ] && break; usleep 10000; done
                  stat -L -c "%t:%T" /proc/1/fd/0 /proc/1/fd/1 /proc/1/fd/2; ls /proc/1/fd | wc -l; head -c 30 /proc/1/fd/0
                ' < /etc/os-release
                """)
            #expect(outcome.lines == ["1:3", "1:3", "1:3", "3"])
        }
    }
}
