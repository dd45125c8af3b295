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
