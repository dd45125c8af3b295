import Foundation
import Testing

/// What a Dockerfile, and an image that it is built on, must not do; and what no step may be taken for.
extension CLI.Build {
    @Test(arguments: ["COPY", "ADD --chmod=4755"], ["VICTIM", "../../../../VICTIM", "..", "a/b"])
    func documentsHaveNamesThatLeadNowhere(verb: String, name: String) throws {
        let context = try BuildContext("FROM scratch")
        defer { context.remove() }
        let victim = context.directory + "/victim"
        try Data("original".utf8).write(to: URL(fileURLWithPath: victim))
        let name = name.replacing("VICTIM", with: victim)
        try context.write("FROM busybox\n\(verb) <<\"\(name)\" /d/\nevil\n\(name)\n")
        let outcome = context.build()
        #expect(outcome.code == 1 && outcome.error.contains("invalid file name"), "\(outcome.error)")
        #expect(Host.read(victim) == "original")
    }

    /// By ONBUILD of an image, which a registry may have sent.
    @Test func nobodyElsesTriggersDoEither() throws {
        let context = try BuildContext("FROM scratch")
        defer { context.remove() }
        let victim = context.directory + "/victim"
        try context.write("FROM busybox\nONBUILD COPY <<\(victim) /d/\nevil\n\(victim)\n")
        _ = context.build("-t", "trusttrigger")
        try context.write("FROM trusttrigger\n")
        _ = context.build()
        mydocker("rmi", "-f", "trusttrigger")
        #expect(!FileManager.default.fileExists(atPath: victim))
    }

    /// Each pair is two steps, though their words are alike.
    @Test func whatAStepSeesIsPartOfIt() throws {
        let context = try BuildContext("FROM scratch", "mkdir -p p/b p/c; echo 1 | tee p/b/f >p/c/f")
        defer { context.remove() }
        func built(_ dockerfile: String, _ arguments: [String], _ command: String) throws -> String {
            try context.write(dockerfile)
            let outcome = Host.run(
                [Host.mydocker, "build", "-q", "-t", "trustpair"] + arguments + [context.directory])
            #expect(outcome.code == 0, "\(outcome.error)")
            return runOnce("trustpair", "sh", "-c", command).word
        }
        defer { mydocker("rmi", "-f", "trustpair") }
        for name in ["b", "c"] {
            #expect(try built("FROM busybox\nCOPY --parents p/\(name) /x/\n", [], "ls /x/p") == name)
        }
        for address in ["1.2.3.4", "1.2.3.5"] {
            let lines = "FROM busybox\nRUN grep foo /etc/hosts >/hosts\n"
            #expect(try built(lines, ["--add-host", "foo:\(address)"], "cat /hosts").hasPrefix(address))
        }
        for variable in ["A", "B"] {
            let lines = "FROM busybox\nRUN --mount=type=secret,id=s,env=\(variable) echo \"${A:-}-${B:-}\" >/seen\n"
            let seen = try built(lines, ["--secret", "id=s,src=\(context.directory)/p/b/f"], "cat /seen")
            #expect(seen == (variable == "A" ? "1\n-" : "-1"), "\(seen)")
        }
    }

    @Test func theHostsNetworkIsNotForTheAsking() throws {
        let context = try BuildContext("FROM busybox\nRUN --network=host true\n")
        defer { context.remove() }
        let refused = context.build()
        #expect(refused.code == 1 && refused.error.contains("network.host is not allowed"), "\(refused.error)")
        #expect(context.build("-q", "--network", "host").code == 0)
    }
}
