import Foundation
import Testing

extension CLI {
    /// Pulls beside each other, and those that are killed or told to end.
    @Suite(.serialized) struct InterruptedPulls {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.InterruptedPulls {
    /// Eight at a time get each layer once.
    @Test func manyPullOneImage() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                let name = registry.name("slow")
                let runs = Host.shell(
                    "for i in 1 2 3 4 5 6 7 8; do $MYDOCKER pull -q \(name) & jobs=\"$jobs $!\"; done; for job in $jobs; do wait $job || echo failed; done"
                )
                #expect(
                    runs.lines.sorted() == Array(repeating: name + ":latest", count: 8), "\(runs.text)\(runs.error)")
                let layers = registry.requests("/blobs/").filter { $0[1] == "GET" }
                let byPath = Dictionary(grouping: layers) { $0[2] }
                #expect(byPath.values.contains { $0.count == 1 }, "\(byPath.mapValues(\.count))")
                succeed("rmi", name)
            }
        }
    }

    /// A kill on the way: the next pull goes on where it was.
    @Test func aKilledPullIsGoneOnWith() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                let name = registry.name("slow")
                let command = try GroupCommand([Host.mydocker, "pull", "-q", name])
                Host.eventually("a part is here") {
                    Host.shell("find /var/lib/mydocker/images/downloads -size +500k | grep -q .").code == 0
                }
                kill(command.pid, SIGKILL)
                _ = command.end(seconds: 5)
                #expect(mydocker("system", "check").code == 0 || mydocker("system", "check", "--repair").code == 0)
                #expect(mydocker("image", "inspect", name).code == 1)
                succeed("pull", "-q", name)
                let ranges = registry.requests("/blobs/").compactMap { $0.dropLast().last }.filter {
                    $0.hasPrefix("bytes=")
                }
                #expect(ranges.count == 1 && ranges[0] != "bytes=0-", "\(ranges)")
                succeed("rmi", name)
            }
        }
    }

    /// What nobody goes on with goes by `image prune`.
    @Test func partsArePruned() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            let command = try GroupCommand([Host.mydocker, "pull", "-q", registry.name("slow")])
            Host.eventually("a part is here") {
                Host.shell("find /var/lib/mydocker/images/downloads -size +100k | grep -q .").code == 0
            }
            kill(command.pid, SIGKILL)
            _ = command.end(seconds: 5)
            succeed("image", "prune", "-f")
            #expect(Host.shell("ls /var/lib/mydocker/images/downloads").text == "")
        }
    }

    /// At whatever moment a signal comes, no other command has anything to take away.
    @Test func aSignalLeavesNothing() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            let outcome = Host.shell(
                """
                cat >\(scratch)/signals.py <<'END'
                import os, signal, subprocess, sys, time
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                program, store = os.environ["MYDOCKER"], "/var/lib/mydocker/images/"
                for moment in range(30):
                    isSlow = moment % 2
                    name = sys.argv[1 + isSlow]
                    command = [program, "run", "--rm", "--net", "none", "--image", name, "true"] if moment % 5 == 4 else [program, "pull", "-q", name]
                    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    time.sleep(moment * (0.02 if isSlow else 0.003))
                    process.send_signal(signal.SIGINT if moment % 3 else signal.SIGTERM)
                    code = process.wait(10)
                    left = os.listdir(store + "temporary")
                    left += [file for file in os.listdir(store + "downloads") if os.path.getsize(store + "downloads/" + file) == 0]
                    if left: print(moment, code, left)
                    subprocess.run([program, "rmi", "-f", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                END
                python3 \(scratch)/signals.py \(registry.name("good")) \(registry.name("slow")) && $MYDOCKER system check && echo clean
                $MYDOCKER image prune -f >/dev/null
                """)
            #expect(outcome.lines == ["clean"], "\(outcome.text)\(outcome.error)")
        }
    }

    /// A signal ends it at once, also while nothing comes.
    @Test func aSignalEndsAPull() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            let command = try GroupCommand([Host.mydocker, "pull", "-q", registry.name("silent")])
            Host.eventually("it waits") { !registry.requests("/silent/blobs/").isEmpty }
            // Blocked in what a test begins, as in a supervisor: the transfer itself looks for it.
            kill(command.pid, SIGTERM)
            #expect(command.end(seconds: 5) == 128 + SIGTERM, "\(command.text)")
            succeed("image", "prune", "-f")
        }
    }
}
