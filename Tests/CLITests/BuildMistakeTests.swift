import Foundation
import Testing

extension CLI {
    /// Dockerfiles and words that are wrong: one clear line, and nothing is left.
    @Suite(.serialized, .sweepsImages) struct BuildMistakes {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.BuildMistakes {
    /// The lines of the file, and then one with what is wrong; nothing is left.
    @Test(arguments: [
        (
            "FROM busybox\nRUNN x", "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
            ">>> RUNN x"
        ),
        (
            "FROM busybox\nRUN exit 7",
            "failed to solve: process \"/bin/sh -c exit 7\" did not complete successfully: exit code: 7",
            ">>> RUN exit 7"
        ),
        ("FROM busybox\nRUN [\"nosuch\"]", "nosuch", ">>> RUN [\"nosuch\"]"),
        ("FROM nosuch:1", "failed to solve: ", ">>> FROM nosuch:1"),
        ("FROM busybox\nCOPY nosuch /", "failed to solve: \"/nosuch\": not found", ">>> COPY nosuch /"),
        (
            "FROM busybox\nCOPY Dockerfile x /y",
            "more than one source file, the destination must be a directory and end with a /", ">>> COPY"
        ),
        ("FROM busybox\nCOPY --chmod=9 Dockerfile /", "invalid chmod parameter: '9'", ">>> COPY"),
        ("FROM busybox\nCOPY --chown=nosuch Dockerfile /", "nosuch", ">>> COPY"),
        ("FROM busybox\nCOPY Dockerfile /etc/passwd/x", "something in it is no directory", ">>> COPY"),
        ("FROM busybox\nENV a=${x?missing}", "failed to solve: x: missing", ">>> ENV"),
        ("FROM busybox\nSTOPSIGNAL NOSUCH", "failed to solve: invalid signal: NOSUCH", ">>> STOPSIGNAL"),
        ("FROM busybox\nADD git@example.com:a.git /", "there is no agent", ">>> ADD"),
        ("FROM busybox\nARG a=${b:?missing}", "failed to solve: b: missing", ">>> ARG"),
        ("FROM busybox:$none", "failed to parse stage name \"busybox:\": invalid reference format", ">>> FROM"),
        ("FROM --platform=linux/s390x busybox", "this host runs", ">>> FROM"),
        ("FROM busybox\nRUN --mount=type=secret,id=x,required true", "secret x: not found", ">>> RUN"),
        ("FROM busybox\nRUN --security=insecure true", "security.insecure is not allowed", ">>> RUN"),
        ("FROM busybox\nCOPY --from=busybox /nosuch /", "\"/nosuch\": not found", ">>> COPY"),
    ])
    func mistakes(dockerfile: String, message: String, shown: String) throws {
        let context = try BuildContext(dockerfile)
        defer { context.remove() }
        Ledger.expectUnchanged {
            let outcome = context.build("-t", "buildmistake")
            #expect(outcome.code == 1 && outcome.text.isEmpty)
            let lines = outcome.error.split(separator: "\n").filter { $0.hasPrefix("mydocker: ") }
            #expect(lines.count == 1 && lines[0].contains(message), "\(outcome.error)")
            #expect(outcome.error.contains(shown), "\(outcome.error)")
        }
        #expect(mydocker("image", "inspect", "buildmistake").code == 1)
        #expect(mydocker("system", "check").code == 0)
        #expect(Host.shell("ls /var/lib/mydocker/images/temporary").text.isEmpty)
    }

    @Test(arguments: [
        (["/nosuch"], "unable to prepare context: path \"/nosuch\" not found", 1),
        (["https://example.com/x.git#-x"], "reference \"-x\" is not valid", 1),
        (["--push", "/etc"], "tag is needed when pushing to registry", 1),
        (["--builder", "nosuch", "."], "no builder \"nosuch\" found", 1),
        (["--provenance=true", "."], "there are no attestations", 125),
        (["--attest", "type=sbom", "."], "there are no attestations", 125),
        (["--allow", "security.insecure", "."], "there is network.host alone", 125),
        (["-t", "UPPER", "."], "repository name (UPPER) must be lowercase", 1),
        (["-f", "nosuch", "/etc"], "failed to read dockerfile: open nosuch: no such file or directory", 1),
        (["-f", "-", "-"], "can't use stdin for both build context and dockerfile", 1),
        (["--platform", "linux/s390x", "."], "this host runs", 1),
        (["--network", "nosuch", "."], "use default, none or host", 125),
        (["--nosuch", "."], "unknown flag: --nosuch", 125),
    ])
    func wrongWords(words: [String], message: String, code: Int32) {
        let outcome = Host.run([Host.mydocker, "build"] + words)
        #expect(outcome.code == code && outcome.text.isEmpty)
        #expect(outcome.error.contains(message), "\(outcome.error)")
    }
}
