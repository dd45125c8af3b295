import Foundation
import Testing

extension CLI {
    /// scripts/soak in its short form; `make soak` is the long one.
    @Suite(.serialized) struct Soak {
        init() { Host.switchRoutingOn() }

        private let script = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("../../scripts/soak").path

        @Test(arguments: [
            "kills=120", "parallel=20", "exits=400", "logs=24", "xtables=10", "firewalls=10", "ports=100",
        ])
        func nothingGoesWrong(soak: String) {
            expectNothing(wrong: Host.run([script, "--limit", "60", soak], seconds: 120))
        }

        /// Its prunes would take what other tests have left here, too.
        @Test func nothingGoesWrongWithVerbs() {
            expectNothing(wrong: Host.run([Host.sandbox, script, "--limit", "60", "verbs=60"], seconds: 120))
        }

        private func expectNothing(wrong outcome: Outcome) {
            #expect(outcome.code == 0, "\(outcome.text)\(outcome.error)")
            #expect(outcome.lines.filter { $0.hasPrefix("ok ") }.count == 1, "\(outcome.text)")
            #expect(outcome.error == "")
        }

        /// With a program that does nothing of what it is asked for.
        @Test func whatGoesWrongIsFound() {
            let program = "\(NSTemporaryDirectory())/soak.\(getpid())"
            _ = FileManager.default.createFile(
                atPath: program, contents: Data("#!/bin/sh\n".utf8), attributes: [.posixPermissions: 0o755])
            defer { try? FileManager.default.removeItem(atPath: program) }
            for soak in ["parallel=1", "exits=8", "ports=2"] {
                let outcome = Host.run([script, soak], environment: ["MYDOCKER_BINARY": program])
                #expect(outcome.code == 1 && outcome.lines.last?.hasPrefix("FAIL") == true, "\(soak): \(outcome.text)")
            }
        }
    }
}
