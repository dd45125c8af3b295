import Core
import Testing

@testable import Commands

/// Runs a command line that ends before the engine is asked.
private func outcome(_ words: [String]) -> (status: Int32, output: String, errors: String) {
    var context = CommandContext.recording()
    let status = CommandLineTool.run(words[...], &context)
    return (
        status, String(decoding: context.output.bytes, as: UTF8.self),
        String(decoding: context.errors.bytes, as: UTF8.self)
    )
}

@Suite struct ErrorTextTests {
    /// Words, exit code, first line of standard error.
    static let cases: [([String], Int32, String)] = [
        (["run", "--nmae", "x"], 125, "unknown flag: --nmae (did you mean --name?)"),
        (["run", "--zzzzzzzz"], 125, "unknown flag: --zzzzzzzz"),
        (["run", "-x", "sh"], 125, "unknown shorthand flag: 'x' in -x"),
        (["run", "-dx", "sh"], 125, "unknown shorthand flag: 'x' in -dx"),
        (["network", "create", "--subset", "x"], 125, "unknown flag: --subset (did you mean --subnet?)"),
        (["network", "create", "-subset=x"], 125, "unknown shorthand flag: 's' in -subset=x (did you mean --subnet?)"),
        (
            ["network", "create", "--subnet", "fd00:1::/129", "x"], 125,
            "invalid argument \"fd00:1::/129\" for \"--subnet\" flag: use a subnet such as fd00:10::/64"
        ),
        (["ps", "--al"], 125, "unknown flag: --al (did you mean --all?)"),
        (["run", "--name"], 125, "flag needs an argument: --name"),
        (["run", "-net"], 125, "flag needs an argument: -net"),
        (["run", "-dp"], 125, "flag needs an argument: 'p' in -dp"),
        (["run"], 1, "mydocker: 'mydocker run' requires at least 1 argument"),
        (["run", "-d"], 1, "mydocker: 'mydocker run' requires at least 1 argument"),
        (["rm"], 1, "mydocker: 'mydocker rm' requires at least 1 argument"),
        (["exec", "web"], 1, "mydocker: 'mydocker exec' requires at least 2 arguments"),
        (["logs", "a", "b"], 1, "mydocker: 'mydocker logs' requires 1 argument"),
        (["port", "a", "b", "c"], 1, "mydocker: 'mydocker port' requires at most 2 arguments"),
        (["ps", "x"], 1, "mydocker: 'mydocker ps' accepts no arguments"),
        (["network", "create"], 1, "mydocker: 'mydocker network create' requires 1 argument"),
        (["x"], 1, "mydocker: unknown command: mydocker x"),
        (["imagse"], 1, "mydocker: unknown command: mydocker imagse (did you mean images?)"),
        (["network", "x"], 1, "mydocker: unknown command: mydocker network x"),
        (["network", "lsit"], 1, "mydocker: unknown command: mydocker network lsit (did you mean list?)"),
        (["--zz"], 125, "unknown flag: --zz"),
        (
            ["run", "-m", "1m", "sh"], 125,
            #"invalid argument "1m" for "-m, --memory" flag: Minimum memory limit allowed is 6MB"#
        ),
        (
            ["run", "-p", "80:x", "sh"], 125,
            #"invalid argument "80:x" for "-p, --publish" flag: invalid container port "x" (1 to 65535)"#
        ),
        (
            ["run", "-v", "d/ta:/x", "sh"], 125,
            #"invalid argument "d/ta:/x" for "-v, --volume" flag: "d/ta" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed"#
        ),
        (
            ["run", "-e", "=x", "sh"], 125,
            #"invalid argument "=x" for "-e, --env" flag: invalid environment variable: =x"#
        ),
        (
            ["run", "--name", "x y", "sh"], 125,
            "mydocker: Invalid container name (x y), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        ),
        (
            ["run", "--memory-swap", "1g", "sh"], 125,
            "mydocker: You should always set the Memory limit when using Memoryswap limit, see usage"
        ),
        (
            ["run", "-m", "1g", "--memory-swap", "512m", "sh"], 125,
            "mydocker: Minimum memoryswap limit should be larger than memory limit, see usage"
        ),
        (
            ["run", "--network", "name=a,ip=1.2.3.4", "--ip", "1.2.3.5", "sh"], 125,
            "mydocker: conflicting options: cannot specify both --ip, --ip6 or --mac-address and per-network ip, ip6 or mac-address"
        ),
        (["run", "--env-file", "/nope", "sh"], 125, "mydocker: read \"/nope\": No such file or directory"),
        (["exec", "--env-file", "/nope", "web", "sh"], 1, "mydocker: read \"/nope\": No such file or directory"),
        (["ps", "-f", "status=odd"], 1, "mydocker: invalid filter 'status=odd'"),
        (["ps", "-f", "color=red"], 1, "mydocker: invalid filter 'color'"),
        (
            ["ps", "-f", "name"], 125,
            #"invalid argument "name" for "-f, --filter" flag: bad format of filter (expected name=value)"#
        ),
        (["inspect", "-f", "{{.Id", "web"], 64, "mydocker: template parsing error: template: :1: unclosed action"),
    ]

    @Test(arguments: cases) func errors(words: [String], status: Int32, firstLine: String) {
        let outcome = outcome(words)
        #expect(outcome.status == status)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.split(separator: "\n").first.map(String.init) == firstLine)
    }

    @Test func wholeTexts() {
        #expect(
            outcome(["rm"]).errors == """
                mydocker: 'mydocker rm' requires at least 1 argument

                Usage:  mydocker rm [OPTIONS] CONTAINER [CONTAINER...]

                Run 'mydocker rm --help' for more information

                """)
        #expect(
            outcome(["run", "--bad"]).errors == """
                unknown flag: --bad

                Usage:  mydocker run [OPTIONS] [IMAGE] [COMMAND] [ARG...]

                Run 'mydocker run --help' for more information

                """)
        #expect(
            outcome(["x"]).errors
                == "mydocker: unknown command: mydocker x\n\nRun 'mydocker --help' for more information\n")
        #expect(
            outcome(["network", "x"]).errors.hasSuffix("\n\nRun 'mydocker network --help' for more information\n"))
    }

    @Test func groupsAreListedAndCorrected() {
        let images = outcome(["image", "--help"]).output
        #expect(images.hasPrefix("Usage:  mydocker image COMMAND\n\nCommands:\n"))
        #expect(images.contains("\n  ls        List images\n"))
        #expect(!images.contains("Run a program"))
        #expect(outcome(["--help"]).output.contains("\nManagement Commands:\n  builder     "))
        #expect(
            outcome(["image", "sl"]).errors.hasPrefix("mydocker: unknown command: mydocker image sl (did you mean ls?)")
        )
        #expect(outcome(["container", "rmm"]).errors.contains("(did you mean rm?)"))
    }

    @Test func helpIsAskedFor() {
        for words in [["--help"], ["-h"], ["help"], []] {
            let overview = outcome(words)
            #expect(overview.status == 0)
            #expect(overview.output.hasPrefix("Usage:  mydocker COMMAND\n"))
            #expect(overview.errors.isEmpty)
        }
        for words in [["rm", "--help"], ["help", "rm"], ["rm", "-h"], ["rm", "x", "-help"]] {
            #expect(
                outcome(words).output == """
                    Usage:  mydocker rm [OPTIONS] CONTAINER [CONTAINER...]

                    Remove containers

                    Aliases:
                      mydocker rm, mydocker container rm, mydocker container remove

                    Options:
                      -f, --force       Kill a running container first; a missing one is no failure
                      -i, --if-exists   A missing one is no failure, and nothing is said of it
                          --json        Print the result as one JSON value
                      -v, --volumes     Remove volumes without a name, too

                    """)
        }
        #expect(outcome(["help", "network", "create"]).output.hasPrefix("Usage:  mydocker network create "))
        #expect(outcome(["network", "--help"]).status == 0)
        #expect(outcome(["network"]).status == 1)
        #expect(outcome(["network"]).output.isEmpty)
        #expect(outcome(["run", "--help"]).output.contains("\n  -h, --hostname NAME  "))
        #expect(outcome(["help", "nope"]).status == 1)
    }

    @Test func version() {
        for words in [["version"], ["--version"], ["-v"]] {
            #expect(outcome(words).output == "mydocker version 0.1.0\n")
        }
        #expect(outcome(["version", "--format", "{{.Server.Version}}"]).output == "0.1.0\n")
    }

    @Test func namesGoOnAfterFailures() {
        var context = CommandContext.recording()
        let status = context.forEach(["a", "no", "b"]) { name throws(OperationError) in
            if name == "no" { throw OperationError("No such container: no", remedy: "Look again") }
        }
        #expect(status == 1)
        #expect(context.output.bytes == Array("a\nb\n".utf8))
        #expect(context.errors.bytes == Array("mydocker: No such container: no\n  Look again\n".utf8))
    }

    @Test func D13_W10_forceForgivesOnlyWhatIsMissing() {
        func status(_ error: OperationError, of name: String = "x") -> Int32 {
            var context = CommandContext.recording()
            let status = context.forEach([name], ignoresMissing: true) { _ throws(OperationError) in throw error }
            // Nothing is said of what is forgiven.
            #expect(context.errors.bytes.isEmpty == (status == 0))
            return status
        }
        // D13: by its kind, not by its words.
        #expect(status(OperationError("whatever it says", kind: .notFound)) == 0)
        #expect(status(OperationError("No such container: x", kind: .conflict)) == 1)
        #expect(status(OperationError("container x is busy")) == 1)
        // W10: the name was in a variable that is not set.
        #expect(status(OperationError("No such container: ", kind: .notFound), of: "") == 1)
        #expect(status(OperationError("remove", "x", errno: 16)) == 1)
    }

    @Test func brokenOutputIsNoTrap() {
        var output = Output(descriptor: -1)
        output.line("x")
        output.flush()
        output.line("y")
        output.flush()
        #expect(output.failure == 9)
    }
}
