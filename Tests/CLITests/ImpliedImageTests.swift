import Foundation
import Testing

extension CLI {
    /// A first word that names no image: a program of the default image, that image itself, or one that is not here.
    @Suite(.serialized) struct ImpliedImages {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.ImpliedImages {
    @Test(arguments: [
        (["--entrypoint", "/bin/echo", "busybox", "hi"], "hi\n"), (["busybox:latest", "echo", "hi"], "hi\n"),
        (["--image", "busybox", "echo", "hi"], "hi\n"),
        (["--image", "docker.io/library/busybox", "echo", "hi"], "hi\n"),
        (["busybox", "echo", "hi"], "hi\n"), (["busybox"], ""),
    ]) func F12_theFirstUseIsAsEveryOther(_ words: [String], _ output: String) {
        for use in ["first", "second"] {
            if use == "first" { succeed("rmi", "-f", "busybox") }
            let outcome = Host.run([Host.mydocker, "run", "--rm", "--net", "none"] + words)
            #expect(outcome.code == 0 && outcome.text == output && outcome.error == "", "\(use): \(outcome)")
        }
    }

    @Test(arguments: [
        "save busybox | tar -t | grep -c manifest.json", "tag busybox f12:1 && $MYDOCKER rmi f12:1 | wc -l",
        "history -q busybox | wc -l", "inspect -f '{{len .RootFS.Layers}}' busybox",
        "image inspect -f '{{len .RootFS.Layers}}' docker.io/library/busybox",
        "image files busybox /bin/sh | grep -c /bin/sh",
        "push -q busybox 2>&1 | head -n 1 | grep -c -v 'tag does not exist'",
    ]) func F12_itIsKnownBeforeItsFirstUse(_ words: String) {
        succeed("rmi", "-f", "busybox")
        let outcome = Host.shell("$MYDOCKER \(words)")
        #expect(outcome.word == "1", "\(outcome.text)\(outcome.error)")
        #expect(mydocker("image", "inspect", "busybox:1.36").code == 1)
    }

    @Test func F12_itsCommandIsOnRecordFromTheFirst() throws {
        succeed("rmi", "-f", "busybox")
        try withContainer("implied1", "busybox", "sleep", "50") { _ in
            #expect(inspect("{{.Config.Image}} {{json .Config.Cmd}}", "implied1") == #"busybox ["sleep","50"]"#)
        }
    }

    @Test func F12_anotherTagOfItIsAnImageThatIsNotHere() {
        let outcome = runOnce("busybox:1.36", "true")
        #expect(outcome.code == 125)
        #expect(
            outcome.error.hasPrefix("Unable to find image 'busybox:1.36' locally\n1.36: Pulling from library/busybox\n")
        )
    }

    @Test func W2_aProgramThatIsAnOfficialImageSaysSo() throws {
        let outcome = runOnce("httpd", "--no-such-flag")
        let warnings = outcome.error.split(separator: "\n").filter { $0.hasPrefix("mydocker: warning: ") }
        #expect(warnings.count == 1 && warnings[0].contains("there is no image \"httpd\" here"), "\(outcome.error)")
        #expect(outcome.code == 1, "it runs")
        try withContainer("implied2", "httpd", "-f") { _ in
            #expect(inspect("{{.Config.Image}}", "implied2") == "busybox:latest")
        }
        // Other programs, and the same where there is no doubt.
        for words in [["true"], ["--image", "busybox", "httpd", "-h", "/nosuch"], ["sh", "-c", "httpd -h /nosuch"]] {
            #expect(!Host.run([Host.mydocker, "run", "--rm", "--net", "none"] + words).error.contains("warning"))
        }
        let insisting = runOnce("--image", "httpd")
        #expect(insisting.code == 125)
        #expect(insisting.error.hasPrefix("Unable to find image 'httpd:latest' locally\n"))
    }

    @Test(arguments: [[], ["-d"], ["-e", "PATH=/sbin"], ["--tmpfs", "/usr/local/bin"], ["-t"]])
    func W2_aBareWordThatIsNeither(_ flags: [String]) {
        Ledger.expectUnchanged {
            for word in ["redis", "hello-world"] {
                let outcome = Host.run([Host.mydocker, "run", "--rm", "--net", "none"] + flags + [word, "x"])
                #expect(outcome.code == 125 && outcome.text == "")
                // What is mounted may have it: that shows only inside.
                let isAsked = !flags.contains("--tmpfs")
                let missing = "Unable to find image '\(word):latest' locally\n"
                let asked =
                    missing
                    + "latest: Pulling from library/\(word)\nmydocker: Get \"https://registry-1.docker.io/v2/\": "
                #expect(outcome.error.hasPrefix(isAsked ? asked : "mydocker: " + missing), "\(outcome.error)")
                #expect(
                    outcome.error.hasSuffix(
                        "  \"\(word)\" is no program of the default image (busybox:latest) either: bring the image by "
                            + "mydocker pull \(word), mydocker load -i FILE or mydocker import FILE \(word)\n"),
                    "\(outcome.error)")
            }
        }
    }

    /// Nothing is made for it, not even for a moment.
    @Test func W2_itIsLookedUpBeforeAnythingIsMade() throws {
        try withScratch { scratch in
            let outcome = mydocker("run", "--cidfile", scratch + "/cid", "redis")
            #expect(outcome.code == 125 && !FileManager.default.fileExists(atPath: scratch + "/cid"))
        }
    }

    /// What only shows inside is not decided outside.
    @Test func W2_aMountedProgramRuns() throws {
        try withScratch { scratch in
            try writeFile("#!/bin/sh\necho \"$@\"\n", scratch + "/tool")
            #expect(Host.shell("chmod +x \(scratch)/tool").code == 0)
            #expect(runOnce("-v", "\(scratch):/usr/local/bin", "tool", "x").text == "x\n")
            // Where the program is not in that mount, either, the end says the same.
            #expect(runOnce("-v", "\(scratch):/usr/local/bin", "redis").code == 125)
            #expect(runOnce("/nosuch").code == 127)
            #expect(runOnce("-e", "PATH=/nowhere", "--image", "busybox", "ls").code == 127)
        }
    }
}
