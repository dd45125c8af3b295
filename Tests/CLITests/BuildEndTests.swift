import Foundation
import Testing

extension CLI {
    /// Builds that do not come to their end.
    @Suite(.serialized, .sweepsImages) struct BuildEnds {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.BuildEnds {
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

    /// Whatever others take away all the time: a build has what it has found and made.
    @Test func prunesMeanwhile() throws {
        let context = try BuildContext(
            """
            FROM busybox AS a
            ARG n
            RUN echo $n > /q
            FROM a
            COPY big /b
            RUN cat /q
            RUN echo hi
            COPY --from=a /q /q2
            """, "echo big > big")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            cd \(context.directory)
            while kill -0 $$ && [ ! -e done ]; do $MYDOCKER builder prune -af || echo failed >&2; done >/dev/null & prunes=$!
            for n in $(seq 10); do $MYDOCKER build -q -t buildpruned --build-arg n=$n . >/dev/null; echo $?; done
            touch done; wait $prunes
            $MYDOCKER run --rm --net none buildpruned cat /q2; $MYDOCKER rmi buildpruned >/dev/null
            """, seconds: 120)
        #expect(
            outcome.lines == Array(repeating: "0", count: 10) + ["10"] && outcome.error.isEmpty,
            "\(outcome.text)\(outcome.error)")
    }

    /// An error or a kill at each point of the builder and of its copies, which count on from where they begin.
    @Test func whateverEndsABuild() throws {
        let context = try BuildContext(
            """
            FROM busybox AS a
            COPY d/f /w/
            RUN --mount=type=cache,target=/c --mount=type=bind,source=d,target=/d echo x > y
            FROM busybox
            COPY --from=a /w /w
            """, "mkdir d; echo 1 > d/f")
        defer { context.remove() }
        let build = "$MYDOCKER build --no-cache -q -t buildwalk \(context.directory)"
        let listed = Host.shell(
            "MYDOCKER_FAULT_LIST=\(context.directory).list \(build) >/dev/null && cut -d' ' -f1 \(context.directory).list | sort -n | tail -n1"
        )
        defer {
            Host.shell(
                "rm -f \(context.directory).list; $MYDOCKER rmi -f buildwalk; $MYDOCKER image prune -f; $MYDOCKER builder prune -f -a"
            )
        }
        let count = try #require(Int(listed.word))
        #expect(count > 50)
        let step = ProcessInfo.processInfo.environment["MYDOCKER_SOAK"] == "1" ? 1 : 9
        for action in ["error", "kill", "killgroup", "enospc"] {
            for number in stride(from: 1 + Int.random(in: 0..<step), through: count, by: step) {
                let outcome = Host.shell("MYDOCKER_FAULT=\(action)@\(number) setsid -w \(build)", seconds: 60)
                let what = "\(action)@\(number): \(outcome.error)"
                // In one of its copies it is an error like any other; 9 is what setsid(1) makes of a kill.
                #expect([0, 1, 9].contains(outcome.code), "\(what)")
                // A copy of a builder that was killed has its directory until it ends, too.
                Host.eventually("nothing left after \(what)") {
                    mydocker("system", "check").code == 0
                        && Host.shell("ls /var/lib/mydocker/images/temporary; $MYDOCKER ps -aq --external").text.isEmpty
                }
                #expect(Host.shell(build.replacing("--no-cache", with: "")).code == 0, "\(what)")
            }
        }
    }

    /// Nor in the store, for an image that was about to be there.
    @Test func aBuildThatIsKilledWhilePublishing() throws {
        let context = try BuildContext("FROM busybox\nLABEL a=killed")
        defer { context.remove() }
        let look = "cd /var/lib/mydocker/images; ls blobs/sha256 layers images"
        let build = ["build", "-q", "-t", "buildkilled", context.directory]
        let before = Host.shell(look).text
        let points = try FaultPoints.list(build)
        succeed("rmi", "buildkilled")
        #expect(Host.shell(look).text == before)
        let placed = try #require(points.number("sync", "/images/images"))
        Host.run([Host.mydocker] + build, environment: ["MYDOCKER_FAULT": "kill@\(placed)"])
        Host.eventually("its directory goes") { Host.shell(Self.temporary).text.isEmpty }
        #expect(Host.shell(look).text == before)
        #expect(mydocker("system", "check").code == 0)
    }

    @Test func aKilledBuildLeavesNothing() throws {
        let context = try BuildContext("FROM busybox\nCOPY Dockerfile /\nRUN touch /x; sleep 1000")
        defer { context.remove() }
        // The network of that name is made on first use, and stays.
        succeed("run", "--rm", "busybox", "true")
        succeed("builder", "prune", "-f", "-a")
        Ledger.expectUnchanged {
            for signal in ["KILL", "TERM"] {
                let outcome = Host.shell(
                    """
                    $MYDOCKER build \(context.directory) 2>/dev/null & builder=$!
                    until $MYDOCKER ps -q --external | grep -q .; do sleep 0.05; done
                    kill -\(signal) $builder; wait $builder; echo $?
                    for i in $(seq 100); do $MYDOCKER system check >/dev/null && break; sleep 0.1; done; $MYDOCKER system check >&2
                    # What was done before is kept.
                    $MYDOCKER builder prune -f -a >/dev/null
                    """, seconds: 60)
                #expect(outcome.word == (signal == "KILL" ? "137" : "143"), "\(outcome.text)\(outcome.error)")
            }
        }
    }
}
