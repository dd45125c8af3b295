import Foundation
import Testing

/// A caller who closes what others leave open, gives too much of everything, or goes away.
extension CLI {
    @Suite struct HostileCaller {
        /// What is made once and kept is there.
        init() { succeed("run", "--rm", "true") }

        /// What a line of shell prints; in it, `$MYDOCKER` is the program.
        private func expect(_ line: String, _ lines: [String], sourceLocation: SourceLocation = #_sourceLocation) {
            let outcome = Host.shell(line, seconds: 30, sourceLocation: sourceLocation)
            #expect(outcome.lines == lines, "\(line): \(outcome.error)", sourceLocation: sourceLocation)
        }

        @Test func closedStreams() {
            Ledger.expectUnchanged {
                let run = "$MYDOCKER run --rm --net none"
                expect("\(run) echo out <&-; echo $?", ["out", "0"])
                expect("\(run) echo out 2>&-; echo $?", ["out", "0"])
                expect("\(run) sh -c 'echo out; exit 3' >&-; echo $?", ["3"])
                expect("\(run) sh -c 'exit 3' <&- >&- 2>&-; echo $?", ["3"])
                // A result that cannot be told is an error.
                expect("$MYDOCKER ps >&-; echo $?", ["1"])
                expect("$MYDOCKER ps >/dev/full; echo $?", ["1"])
                expect("$MYDOCKER nope 2>&-; echo $?", ["1"])
                expect("$MYDOCKER version 2>&- | wc -l", ["1"])
            }
        }

        @Test func readersThatGo() {
            Ledger.expectUnchanged {
                expect("$MYDOCKER run --rm --net none yes | head -n 1", ["y"])
                expect("$MYDOCKER --help | true; echo ${PIPESTATUS[0]} | sed 's/^141$/0/'", ["0"])
                let logs = """
                    $MYDOCKER run -d --net none --name hc-yes yes >/dev/null
                    $MYDOCKER logs -f hc-yes | head -n 1
                    $MYDOCKER rm -f hc-yes
                    """
                expect(logs, ["y", "hc-yes"])
            }
        }

        @Test func environments() {
            Ledger.expectUnchanged {
                let names = "sed 's/=.*//' | sort | tr '\\n' ' '"
                expect("env -i $MYDOCKER run --rm --net none env | \(names)", ["HOME HOSTNAME PATH "])
                // Up to what execve(2) takes, 128 KiB each, and none of it by itself.
                let big = "V=$(head -c 100000 /dev/zero | tr '\\0' x); for i in $(seq 15); do export V$i=$V; done; "
                expect(big + "$MYDOCKER run --rm --net none env | wc -l", ["3"])
                expect(
                    big + "$MYDOCKER run --rm --net none $(printf -- ' -e V%s' $(seq 15)) sh -c 'env | wc -c'"
                        + " | sed 's/^15.....$/all/'", ["all"])
                expect("$MYDOCKER run --rm --net none echo $(seq 20000) | wc -w", ["20000"])
                expect(
                    "cd $(mktemp -d); rmdir $PWD; $MYDOCKER run --rm --net none pwd", ["/"])
                expect(
                    "cd /tmp; mkdir hc-gone; cd hc-gone; rmdir ../hc-gone; $MYDOCKER run -v ./x:/x true; echo $?",
                    ["125"])
            }
        }

        @Test func tooMuchOfEverything() throws {
            try Ledger.expectUnchanged {
                let network = try TestNetwork("hcmuch", "10.215.1.1/24")
                defer { network.remove() }
                let ports = "$(printf -- ' -p %s:80' $(seq 21000 21999))"
                expect("$MYDOCKER run --rm --net hcmuch \(ports) sh -c 'echo on'", ["on"])
                let outcome = Host.shell("ulimit -n 200; $MYDOCKER run --rm --net hcmuch \(ports) true")
                #expect(outcome.code == 125 && outcome.error.contains("ulimit -n"), "\(outcome.error)")
                let name = String(repeating: "x", count: 300)
                #expect(mydocker("run", "--net", "none", "--name", name, "true").error.contains("at most 128"))
                #expect(mydocker("network", "create", name).error.contains("at most 128"))
                let deep = String(repeating: "(", count: 60_000)
                #expect(mydocker("ps", "--format", "{{\(deep)}}").code == 1)
                #expect(mydocker("inspect", "-f", String(repeating: "{{if .}}", count: 16_000), "x").code == 64)
            }
        }
    }
}
