import Foundation
import Testing

extension CLI {
    /// When `run` and `create` ask a registry.
    @Suite(.serialized) struct PullPolicies {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.PullPolicies {
    /// A registry with `box`, which is not here.
    private func withBox(_ body: (_ name: String, _ scratch: String) throws -> Void) throws {
        try withRegistry { registry, scratch in
            let name = registry.host + "/box"
            succeed("tag", "busybox", name)
            succeed("push", "-q", name)
            succeed("rmi", name)
            try body(name, scratch)
            mydocker("rmi", name)
        }
    }

    @Test func missingIsPulled() throws {
        try withBox { name, _ in
            let first = runOnce(name, "echo", "hi")
            #expect(first.code == 0 && first.text == "hi\n", "\(first.error)")
            #expect(
                first.error.hasPrefix("Unable to find image '\(name):latest' locally\nlatest: Pulling from box\n"),
                "\(first.error)")
            #expect(first.error.contains("Status: Downloaded newer image for \(name):latest\n"))
            let second = runOnce(name, "echo", "hi")
            #expect(second.text == "hi\n" && second.error == "")
            succeed("rmi", name)
            #expect(runOnce("-q", name, "echo", "hi").error == "")
            succeed("rmi", name)
            #expect(succeed("create", "--name", "regbox", "--net", "none", name).word.count == 64)
            succeed("rm", "regbox")
        }
    }

    @Test func policies() throws {
        try withBox { name, _ in
            let never = runOnce("--pull", "never", name, "true")
            #expect(
                never.code == 125 && never.error.hasPrefix("mydocker: Unable to find image '\(name):latest' locally\n"))
            let always = runOnce("--pull", "always", name, "echo", "hi")
            #expect(always.text == "hi\n" && always.error.contains("Status: Downloaded newer image"), "\(always.error)")
            #expect(runOnce("--pull", "always", name, "true").error.contains("Status: Image is up to date"))
            #expect(runOnce("--pull=missing", name, "true").error == "")
            #expect(runOnce("--pull=sometimes", name, "true").code == 125)
            // With a policy the first word is an image, whatever else it may be.
            let word = runOnce("--pull", "never", "httpd", "true")
            #expect(word.code == 125 && word.error.contains("Unable to find image 'httpd:latest' locally"))
        }
    }

    /// It runs here all the same, as what is in it is this host's: only what is said of it is another platform's.
    private func far(_ name: String) -> String {
        """
        $m save busybox -o ours.tar; skopeo copy -q --insecure-policy docker-archive:ours.tar oci:copy:x
        umoci config --image copy:x --architecture s390x 2>/dev/null; rm -f far.tar
        skopeo copy -q --insecure-policy oci:copy:x docker-archive:far.tar:\(name):latest
        $m load -q -i far.tar >/dev/null

        """
    }

    private static let preamble = """
        exec 2>&1; m=$MYDOCKER; own() { sed s/$(dpkg --print-architecture)/own/; }
        kind() { $m image inspect -f '{{.Architecture}}' "$1" | own; }

        """

    @Test func anotherPlatformGivesWay() throws {
        try withBox { name, scratch in
            let outcome = Host.shell(
                Self.preamble + "cd \(scratch)\n" + far(name) + """
                    kind \(name); $m run -q --rm --net none --platform linux \(name) echo hi; kind \(name)
                    $m load -q -i far.tar >/dev/null; kind \(name)
                    printf 'FROM \(name)\\nCOPY far.tar /\\n' | $m build -q -t ppbuilt -f - . >/dev/null
                    kind ppbuilt; kind \(name); $m rmi ppbuilt >/dev/null
                    $m image prune -f >/dev/null; $m builder prune -af >/dev/null
                    """)
            #expect(outcome.lines == ["s390x", "hi", "own", "s390x", "own", "own"], "\(outcome.text)")
        }
    }

    /// Nobody has another one: what asks for a platform is refused, and a build tells what it is made on.
    @Test func anotherPlatformThatStays() throws {
        try withScratch { scratch in
            let outcome = Host.shell(
                Self.preamble + "cd \(scratch)\n" + far("localhost:1/far") + """
                    $m create --platform linux localhost:1/far 2>&1 | own
                    $m run --rm --net none --pull never --platform linux localhost:1/far; echo $?
                    printf 'FROM localhost:1/far\\nCOPY far.tar /\\n' >Dockerfile
                    $m build -q -t ppbuilt . 2>&1 | grep -c 'InvalidBaseImagePlatform: .*"linux/s390x", expected "'
                    kind ppbuilt; $m rmi ppbuilt localhost:1/far >/dev/null; $m builder prune -af >/dev/null
                    """)
            let lines = outcome.lines
            let words = "its platform (linux/s390x) does not match the specified platform (linux/own)"
            #expect(lines.first?.contains("Unable to find image") == true, "\(outcome.text)")
            #expect(lines.contains { $0.contains(words) }, "\(outcome.text)")
            #expect(lines.suffix(3) == ["125", "1", "s390x"], "\(outcome.text)")
        }
    }

    /// Its registry has it for that platform alone: there is nothing to choose, unless one is asked for.
    @Test func anotherPlatformComesWhereThereIsNoOther() throws {
        try withRegistry { registry, scratch in
            let name = registry.host + "/far"
            let outcome = Host.shell(
                Self.preamble + "cd \(scratch)\n" + far(name) + """
                    $m push -q \(name) >/dev/null 2>&1; $m rmi \(name) >/dev/null
                    $m pull -q --platform linux \(name) 2>&1 | grep -c 'no matching manifest for linux/'
                    $m pull -q \(name); kind \(name); $m pull \(name) | grep -c 'Image is up to date'
                    $m rmi \(name) >/dev/null
                    $m run --rm --net none \(name) echo hi 2>said
                    grep -c 'platform (linux/s390x) does not match the detected host platform' said
                    $m rmi \(name) >/dev/null; printf 'FROM \(name)\\nCOPY far.tar /\\n' >Dockerfile
                    $m build -q -t ppbuilt . 2>&1 | grep -c 'InvalidBaseImagePlatform: .*"linux/s390x", expected "'
                    kind ppbuilt; $m rmi ppbuilt \(name) >/dev/null; $m builder prune -af >/dev/null
                    """)
            #expect(
                outcome.lines == ["1", "\(name):latest", "s390x", "1", "hi", "1", "1", "s390x"], "\(outcome.text)")
        }
    }

    /// `run` and `create` say so once, and go on; who asks for a platform is answered otherwise, and a native image needs no word.
    @Test func anotherPlatformIsSaid() throws {
        try withScratch { scratch in
            let outcome = Host.shell(
                Self.preamble + "cd \(scratch)\n" + far("localhost:1/far") + """
                    $m run --rm --net none localhost:1/far echo hi 2>said; own <said
                    $m create --net none --name ppfar localhost:1/far true 2>said >/dev/null; own <said
                    $m start ppfar; $m rm -f ppfar
                    $m run --rm --net none busybox echo native; $m rmi localhost:1/far >/dev/null
                    """)
            let warning =
                "mydocker: warning: The requested image's platform (linux/s390x) does not match the detected host "
                + "platform (linux/own) and no specific platform was requested"
            #expect(
                outcome.lines == ["hi", warning, warning, "ppfar", "ppfar", "native"], "\(outcome.text)")
        }
    }

    /// A bare word that is no program of the default image.
    @Test func aBareWord() throws {
        try withBox { name, scratch in
            let file = scratch + "/registries.conf"
            try writeFile("[aliases]\n\"box\" = \"\(name)\"\n", file)
            let environment = ["CONTAINERS_REGISTRIES_CONF": file]
            let first = runOnce("box", "echo", "hi", environment: environment)
            #expect(
                first.text == "hi\n" && first.error.contains("Unable to find image 'box:latest' locally"),
                "\(first.error)")
            let second = runOnce("box", "echo", "hi", environment: environment)
            #expect(second.text == "hi\n" && second.error == "", "it is here under its own name: \(second.error)")
        }
    }

    @Test func whatCannotBePulledIsAnError() throws {
        Ledger.expectUnchanged {
            for arguments in [
                ["localhost:1/x"], ["-d", "localhost:1/x"], ["--pull", "always", "localhost:1/x", "true"],
            ] {
                let outcome = Host.run([Host.mydocker, "run", "--net", "none"] + arguments)
                #expect(outcome.code == 125 && outcome.text == "", "\(arguments)")
                #expect(outcome.error.contains("connect: connection refused"), "\(arguments): \(outcome.error)")
            }
            #expect(mydocker("create", "localhost:1/x").code == 1)
        }
    }

    /// An image that is here costs no look at a manifest, nor at a library or a configuration of registries.
    @Test func whatIsHereIsRun() throws {
        try withScratch { scratch in
            let trace = scratch + "/trace"
            let outcome = Host.run(
                [
                    "strace", "-f", "-o", trace, "-e", "trace=open,openat,connect", Host.mydocker, "run", "--rm",
                    "--net", "none", "busybox", "true",
                ])
            #expect(outcome.code == 0, "\(outcome.error)")
            let text = Host.read(trace)
            #expect(text.contains("busybox") || text.contains("index.json"), "nothing was traced")
            for word in ["libcurl", "libssl", "registries.conf", ".docker", "blobs/sha256", "resolv.conf\""]
            where word != "resolv.conf\"" {
                #expect(!text.contains(word), "\(word)")
            }
        }
    }
}
