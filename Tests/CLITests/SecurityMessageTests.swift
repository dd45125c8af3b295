import Foundation
import Testing

/// S13: whoever names a program, a file or an image does not steer the terminal of whoever reads an error about it.
extension CLI.Security {
    private func expectHarmless(
        _ outcome: Outcome, _ code: Int32, shows text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.code == code, "\(outcome.error)", sourceLocation: sourceLocation)
        #expect(outcome.error.contains(text), "\(outcome.error.debugDescription)", sourceLocation: sourceLocation)
        let controls = outcome.error.unicodeScalars.filter {
            $0 != "\n" && ($0.value < 0x20 || (0x7f...0x9f).contains($0.value) || (0x2028...0x202e).contains($0.value))
        }
        #expect(controls.isEmpty, "\(outcome.error.debugDescription)", sourceLocation: sourceLocation)
        for line in outcome.error.split(separator: "\n") {
            #expect(!line.hasPrefix("mydocker: ok"), "\(outcome.error)", sourceLocation: sourceLocation)
        }
    }

    @Test func S13_aProgramsNameInAConflictOfPorts() throws {
        let program = """
            import ctypes, socket, time
            ctypes.CDLL(None).prctl(15, b"\\x1b]0;PWN\\x07", 0, 0, 0)
            s = socket.socket(); s.bind(("", 20290)); s.listen(); print("listening", flush=True); time.sleep(60)
            """
        let holder = try Background(["/usr/bin/python3", "-c", program])
        defer {
            kill(holder.pid, SIGKILL)
            _ = holder.end()
        }
        holder.expect("listening")
        // The predefined network is there from here on.
        succeed("run", "--rm", "true")
        Ledger.expectUnchanged {
            for mode in ["--rm", "-d"] {
                let outcome = mydocker("run", mode, "-p", "20290:80", "true")
                expectHarmless(outcome, 125, shows: #"(by \x1b]0;PWN\x07, pid \#(holder.pid))"#)
            }
        }
    }

    @Test func S13_namesInAnArchive() throws {
        try withScratch { scratch in
            let archive = """
                import io, tarfile
                with tarfile.open("\(scratch)/a.tar", "w") as t:
                    t.addfile(tarfile.TarInfo("../\\x1b[2J\\nmydocker: ok"), io.BytesIO())
                """
            #expect(Host.run(["python3", "-c", archive]).code == 0)
            Ledger.expectUnchanged {
                expectHarmless(mydocker("import", scratch + "/a.tar", "sec-esc"), 1, shows: #"\x1b[2J\nmydocker: ok"#)
            }
        }
    }

    @Test func S13_wordsOfAnImage() throws {
        try withScratch { scratch in
            #expect(
                Host.shell("cd \(scratch); mkdir -p r/bin; cp /bin/busybox r/bin/sh; tar -C r -cf a.tar bin").code == 0)
            for (change, code, shown) in [
                (#"ENTRYPOINT ["/no\u001b]0;x\nmydocker: ok"]"#, Int32(127), #"/no\x1b]0;x\nmydocker: ok"#),
                (#"ENTRYPOINT ["/no\u009b2J\u202e"]"#, 127, #"/no\u009b2J\u202e"#),
            ] {
                succeed("import", "-c", change, scratch + "/a.tar", "sec-words")
                defer { succeed("rmi", "sec-words") }
                for mode in ["--rm", "-d"] {
                    let outcome = mydocker("run", mode, "--net", "none", "--name", "sec-words", "sec-words")
                    if mode == "-d" { mydocker("rm", "-f", "sec-words") }
                    expectHarmless(outcome, code, shows: shown)
                }
            }
        }
    }

    @Test func S13_wordsOfTheCaller() throws {
        let escape = "\u{1b}[2J\nmydocker: ok"
        // Some show less of the word, or show it as JSON does.
        let shown = [
            #"\x1b[2J\nmydocker: ok"#, #"\u001b[2J\nmydocker: ok"#, #"\u001b"#, "?[2J?mydocker: ok",
            "invalid reference",
        ]
        for (words, code) in [
            (["inspect", escape], Int32(1)), (["rm", escape], 1), (["network", "inspect", escape], 1), ([escape], 1),
            (["network", escape], 1), (["run", "--\(escape)"], 125), (["run", "--name", escape, "true"], 125),
            (["run", "-m", escape, "true"], 125), (["run", "--rm", "--net", "none", escape], 125),
            (["run", "--rm", "--net", "none", "/" + escape], 127),
            (["logs", escape], 1), (["ps", "-f", "status=\(escape)"], 1), (["ps", "--format", "{{.\(escape)"], 1),
            (["import", escape, "x"], 1), (["rmi", escape], 1), (["run", "-u", escape, "true"], 125),
            (["kill", "-s", escape, "x"], 125), (["port", escape], 1), (["exec", escape, "true"], 1),
        ] {
            let outcome = Host.run([Host.mydocker] + words)
            let text = shown.first { outcome.error.contains($0) }
            expectHarmless(outcome, code, shows: text ?? "the word of \(words)")
        }
    }

    /// Labels, names of files and arguments are the image's and the program's.
    @Test func S13_whatAContainerSaysOfItself() throws {
        let escape = "\u{1b}]0;x\u{7}"
        try withContainer(
            "saysof", "--label", "l=\(escape)", "sh", "-c", "touch \"/a\(escape)\n\"; echo ready; exec sleep 1000"
        ) { _ in
            waitForLog("saysof", "ready")
            for words in [
                ["ps", "--format", "{{.Labels}}"], ["inspect", "-f", "{{.Config.Labels}} {{.Args}}", "saysof"],
                ["diff", "saysof"],
            ] {
                let session = try TerminalSession([Host.mydocker] + words)
                #expect(session.end() == 0)
                #expect(session.text.contains(#"\x1b]0;x\x07"#) && !session.text.contains("\u{1b}"), "\(session.text)")
            }
            let archive = try TerminalSession([Host.mydocker, "cp", "saysof:/a", "-"])
            #expect(archive.end() == 1 && archive.text.contains("refusing to copy to a terminal"))
        }
        let script = "printf '\\033]0;x\\007'; head -c 100000 /dev/zero | tr '\\0' a; printf '\\033[2J'; sleep 1000"
        let late = mydocker(
            "run", "-d", "--name", "saysof", "--net", "none", "--ready", "log:never", "--ready-timeout", "500ms", "sh",
            "-c", script)
        #expect(late.code == 124 && late.error.utf8.count < 6000 && !late.error.contains("\u{1b}"))
        succeed("rm", "-f", "saysof")
    }

    @Test func S13_warningsAndLeftFiles() throws {
        // A file of a record that cannot be read is named in a warning.
        let name = "\u{1b}[2J"
        let path = "/var/lib/mydocker/\(name)"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let check = mydocker("system", "check")
        #expect(!check.text.contains("\u{1b}") && !check.error.contains("\u{1b}"))
    }

    /// Output is data, and goes through as it is.
    @Test func S13_outputStaysAsItIs() throws {
        try withContainer("sec-raw", "-l", "k=\u{1b}[1m", "sh", "-c", "printf '\\033[1mx\\n'; exec sleep 1000") { _ in
            waitForLog("sec-raw", "x")
            #expect(succeed("logs", "sec-raw").text == "\u{1b}[1mx\n")
            #expect(succeed("ps", "--format", "{{.Label \"k\"}}", "-f", "name=sec-raw").text == "\u{1b}[1m\n")
        }
    }
}
