import Foundation
import Testing

extension CLI.Security {
    /// `Tests/Attacks/trace.c`: a program that may trace others, and takes over whatever appears beside it.
    private static let tracer = AttackProgram.build("trace")

    @Test(arguments: [[], ["--security-opt", "no-new-privileges"]])
    func S14_CVE_2016_9962_whatExecPutsInsideHasNoMoreRightsThanTheContainer(_ flags: [String]) throws {
        // The filter that goes with these capabilities is kept.
        #expect(
            Host.run([Host.mydocker, "run", "--rm", "--net", "none", "--cap-add", "SYS_PTRACE"] + flags + ["true"]).code
                == 0)
        try Ledger.expectUnchanged {
            let started = Host.run(
                [Host.mydocker, "run", "-d", "--name", "s14", "--net", "none", "--cap-add", "SYS_PTRACE"] + flags
                    + ["-v", "\(Self.tracer):/trace:ro", "sh", "-c", "grep CapEff: /proc/self/status; exec /trace"])
            #expect(started.code == 0, "\(started.error)")
            waitForLog("s14", "ready")
            // How many of them are met in time is chance: as many are begun as it takes.
            let end = Date(timeIntervalSinceNow: 40)
            repeat {
                for _ in 0..<30 { mydocker("exec", "s14", "true", seconds: 5) }
            } while succeed("logs", "s14").lines.count < 6 && Date() < end
            #expect(mydocker("wait", "s14", seconds: 20).word == "0")
            let lines = succeed("logs", "s14").lines
            let word = try #require(lines.first?.split(separator: "\t").last)
            let own = try #require(UInt64(word, radix: 16))
            let taken = lines.map { $0.split(separator: " ") }.filter { $0.count == 3 }
            #expect(!taken.isEmpty, "nobody was taken over: \(lines)")
            // To become the program's user is what is still to be done: SETGID, SETUID.
            let needed: UInt64 = 1 << 6 | 1 << 7
            for process in taken {
                let capabilities = try #require(UInt64(process[1], radix: 16))
                #expect(capabilities & ~(own | needed) == 0, "\(process)")
                if flags.isEmpty { #expect(process[2] == "2", "\(process)") }
            }
            succeed("rm", "-f", "s14")
        }
    }
}
