import Foundation
import Testing

/// Builds that do not come to their end.
extension CLI.Build {
    private static let temporary = "ls /var/lib/mydocker/images/temporary"

    /// The pull of an image that a stage begins with ends as the build does, by the signal's code.
    @Test(arguments: [SIGTERM, SIGINT]) func aSignalEndsABuildThatPulls(_ signal: Int32) throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            let context = try BuildContext("FROM \(registry.name("silent"))")
            defer { context.remove() }
            let command = try GroupCommand([Host.mydocker, "build", context.directory])
            Host.eventually("it waits") { !registry.requests("/silent/blobs/").isEmpty }
            kill(command.pid, signal)
            #expect(command.end(seconds: 5) == 128 + signal, "\(command.text)")
            #expect(Host.shell(Self.temporary).text == "")
            #expect(mydocker("system", "check").code == 0)
            succeed("image", "prune", "-f")
        }
    }

    /// Nobody reads what is told of it, or what comes of it.
    @Test(arguments: ["TERM", "HUP"]) func aSignalEndsABuildThatNobodyReads(_ signal: String) throws {
        let context = try BuildContext(
            "FROM busybox\nRUN yes | head -c 1000000; sleep 1000", "echo FROM busybox > whole")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            cd \(context.directory); mkfifo pipe; exec 7<>pipe
            ended() {
              kill -\(signal) $1; wait $1; echo $?
              for i in $(seq 100); do [ -z "$(\(Self.temporary))" ] && break; sleep 0.1; done
              $MYDOCKER ps -aq --external; $MYDOCKER system check && echo clean
            }
            full() { until python3 -c 'import select; exit(bool(select.select([], [7], [], 0)[1]))'; do sleep 0.1; done; }
            $MYDOCKER build --progress plain . 2>pipe & builder=$!
            full; ended $builder
            cat <&7 >/dev/null & reader=$!; sleep 0.5; kill -KILL $reader
            $MYDOCKER build -q -f whole -o - . >pipe & builder=$!
            full; ended $builder
            """, seconds: 60)
        let code = signal == "TERM" ? "143" : "129"
        #expect(
            outcome.lines == [code, "clean", code, "clean"], "\(outcome.text)\(outcome.error)")
    }

    /// All of its processes at once: nobody is left to take anything away, and the next build does.
    @Test func aWholeBuildIsKilled() throws {
        let context = try BuildContext("FROM busybox\nRUN echo begun; sleep 1000", "echo FROM scratch > next")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            cd \(context.directory)
            setsid $MYDOCKER build . 2> log & session=$!
            until grep -q ' begun$' log; do sleep 0.05; done
            pkill -KILL -s $session; wait $session; echo $?
            while pgrep -s $session >/dev/null; do sleep 0.05; done
            $MYDOCKER build -q -f next . | cut -c -7
            \(Self.temporary); $MYDOCKER ps -aq --external; $MYDOCKER system check && echo clean
            """, seconds: 60)
        #expect(outcome.lines == ["137", "sha256:", "clean"], "\(outcome.text)\(outcome.error)")
    }
}
