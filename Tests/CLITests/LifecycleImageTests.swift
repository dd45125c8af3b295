import Foundation
import Testing

extension CLI {
    /// Images from a file to a container and back.
    @Suite(.serialized) struct Images {
        private let root: SmallRoot

        init() throws {
            #expect(Host.hasDefaultImage)
            root = try SmallRoot()
        }
    }
}

/// A small root file system with programs of this host that need their libraries, as tar files. Made once.
private struct SmallRoot {
    let directory: String
    var tar: String { directory + "/root.tar" }
    var gzip: String { directory + "/root.tar.gz" }

    init() throws {
        let parent = try #require(ProcessInfo.processInfo.environment["MYDOCKER_SANDBOX_SCRATCH"])
        directory = parent + "/lifecycle-root"
        guard !FileManager.default.fileExists(atPath: gzip) else { return }
        let made = Host.shell(
            """
            set -e; umask 022
            mkdir -p \(directory)
            cd \(directory)
            mkdir -p root/bin root/etc root/tmp root/data
            for program in bash cat ls id rm chmod; do
              file=$(readlink -f $(command -v $program))
              cp $file root/bin/$program
              for library in $(ldd $file | grep -o '/[^ ]*'); do cp --parents -n -L $library root; done
            done
            printf 'root:x:0:0::/root:/bin/bash\\napp:x:1000:1000::/home/app:/bin/bash\\n' >root/etc/passwd
            printf 'app:x:1000:\\nextra:x:2000:app\\n' >root/etc/group
            echo secret >root/data/file
            chown 1000:2000 root/data/file
            chmod 640 root/data/file
            ln root/data/file root/data/hard
            ln -s file root/data/link
            tar -C root -cf root.tar .
            gzip -1 -k root.tar
            """)
        try #require(made.code == 0, "\(made.error)")
    }
}

extension CLI.Images {
    @Test func aTarFileBecomesAnImageAndAContainer() throws {
        try Ledger.expectUnchanged {
            let imports: [(String, Outcome)] = [
                ("lfplain", mydocker("import", root.tar, "lfplain")),
                ("lfzipped:v1", mydocker("import", root.gzip, "lfzipped:v1")),
                (
                    "lfpiped",
                    mydocker("import", "-", "lfpiped", input: try Data(contentsOf: URL(fileURLWithPath: root.gzip)))
                ),
            ]
            for (name, outcome) in imports {
                #expect(outcome.code == 0, "\(outcome.error)")
                #expect(outcome.text.wholeMatch(of: /sha256:[0-9a-f]{64}\n/) != nil, "\(outcome.text)")
                #expect(inspect("{{.Id}}", name) == outcome.word)
                let script =
                    "cat /data/file; ls -ln /data; echo new >/data/new; test /data/file -ef /data/hard && echo same"
                let run = runOnce(name, "bash", "-c", script)
                #expect(run.code == 0, "\(run.error)")
                #expect(run.lines.first == "secret" && run.lines.last == "same")
                #expect(
                    run.lines.contains { $0.hasPrefix("-rw-r----- 2 1000 2000 7 ") && $0.hasSuffix(" file") },
                    "\(run.text)")
                #expect(run.lines.contains { $0.hasSuffix("link -> file") })
                // B81, B83: what one container writes is its own.
                #expect(runOnce(name, "ls", "/data").lines == ["file", "hard", "link"])
            }
            let list = succeed("images", "--format", "{{.Repository}}:{{.Tag}}").lines
            for name in ["lfplain:latest", "lfzipped:v1", "lfpiped:latest"] { #expect(list.contains(name)) }
            #expect(succeed("rmi", "lfplain", "lfzipped:v1", "lfpiped").text.contains("Untagged: lfplain:latest\n"))
            #expect(mydocker("run", "--rm", "--image", "lfplain", "true").code == 125)
        }
    }

    @Test func theImagesOwnSettings() throws {
        Ledger.expectUnchanged {
            succeed(
                "import", "-c", "ENTRYPOINT [\"/bin/bash\", \"-c\"]", "-c", "CMD [\"echo $A; pwd; id -u\"]", "-c",
                "ENV A=image",
                "--change", "WORKDIR /data", "-c", "USER app", "-c", "STOPSIGNAL USR1", root.tar, "lfset")
            #expect(runOnce("lfset").text == "image\n/data\n1000\n")
            #expect(runOnce("lfset", "echo other").text == "other\n")
            #expect(runOnce("--entrypoint", "id", "lfset", "-g").text == "1000\n")
            #expect(
                runOnce(
                    "--entrypoint", "/bin/bash", "-e", "A=flag", "-w", "/", "-u", "0", "lfset", "-c",
                    "echo $A $PWD $(id -u)"
                ).text == "flag / 0\n")
            #expect(runOnce("-u", "app:extra", "lfset", "id -g; id -G").text == "2000\n2000\n")
            let run = mydocker(
                "run", "-d", "--net", "none", "--name", "lfsetd", "lfset",
                "trap 'exit 21' USR1; echo ready; while :; do read -t 0.05 <>/dev/zero; done")
            #expect(run.code == 0, "\(run.error)")
            waitForLog("lfsetd", "ready")
            succeed("stop", "lfsetd", seconds: 8)
            #expect(inspect("{{.State.ExitCode}}", "lfsetd") == "21")
            succeed("rm", "lfsetd")
            for change in ["NOSUCH x", "ENV", "USER"] {
                #expect(mydocker("import", "-c", change, root.tar, "lfbad").code != 0, "\(change)")
            }
            succeed("rmi", "lfset")
        }
    }

    @Test func commitMakesAnImageOfWhatAContainerChanged() throws {
        Ledger.expectUnchanged {
            succeed("import", root.tar, "lfbase")
            let script = "echo new >/data/new; rm /data/link; chmod 600 /data/file; rm -r /etc; echo $$ >/tmp/pid"
            succeed(
                "run", "--net", "none", "--name", "lfcommit", "-e", "A=b", "-w", "/data", "lfbase", "bash", "-c",
                script)
            let outcome = succeed("commit", "lfcommit", "lfmade:v2")
            #expect(outcome.text.wholeMatch(of: /sha256:[0-9a-f]{64}\n/) != nil)
            let run = runOnce(
                "lfmade:v2", "bash", "-c", "ls /data; cat new; ls -l file; ls -d /etc/passwd; echo $A $PWD")
            #expect(run.lines.prefix(4) == ["file", "hard", "new", "new"])
            #expect(run.lines.dropFirst(4).first?.hasPrefix("-rw-------") == true, "\(run.text)")
            #expect(run.error.contains("/etc/passwd"), "it was removed")
            #expect(run.lines.last == "b /data")
            // The base is what it was, and of use without the container.
            #expect(runOnce("lfbase", "ls", "/data").lines == ["file", "hard", "link"])
            succeed("rm", "lfcommit")
            succeed("rmi", "lfbase")
            #expect(runOnce("lfmade:v2", "cat", "/data/new").text == "new\n")
            succeed("rmi", "lfmade:v2")
            #expect(mydocker("commit", "lfnosuch", "lfx").code == 1)
        }
    }

    @Test func B86_aRunningContainerIsCommittedAsAWhole() throws {
        try Ledger.expectUnchanged {
            // Two files that are always written together, with much to be copied between them.
            let script = "head -c 10000000 /dev/zero >/m; i=0; while :; do i=$((i+1)); echo $i >/a; echo $i >/z; done"
            try withContainer("lflive", "sh", "-c", script) { _ in
                Host.eventually("both are there") { mydocker("exec", "lflive", "test", "-s", "/z").code == 0 }
                for _ in 0..<3 {
                    succeed("commit", "lflive", "lflive:now")
                    let values = runOnce("lflive:now", "cat", "/a", "/z").lines.compactMap { Int($0) }
                    // It may have been stopped while it wrote one of them.
                    #expect(values.count >= 1)
                    if let first = values.first, let last = values.last { #expect(abs(first - last) <= 1, "\(values)") }
                    #expect(inspect("{{.State.Running}}", "lflive") == "true")
                    succeed("rmi", "lflive:now")
                }
                // And it goes on afterwards.
                let before = succeed("exec", "lflive", "cat", "/m").output.count
                #expect(before == 10_000_000)
                let first = succeed("exec", "lflive", "cat", "/a").word
                Host.eventually("it goes on") { mydocker("exec", "lflive", "cat", "/a").word != first }
            }
        }
    }

    @Test func aCommittedContainerRunsAsItDid() throws {
        succeed("import", "-c", "ENTRYPOINT [\"/bin/bash\"]", "-c", "ENV B=image", root.tar, "lfsame")
        defer { succeed("rmi", "lfsame") }
        for (flags, words) in [
            ([], ["lfsame", "-c"]), (["--rootfs", root.directory + "/root"], ["/bin/bash", "-c"]),
        ] {
            let own = [
                "-e", "A=x y", "-e", "HOME=/h", "-w", "/data", "-u", "app", "-l", "k=v", "--stop-signal", "USR1",
            ]
            let script = "echo $A $B $HOME $PWD $(id -u) $HOSTNAME"
            let run = Host.run(
                [Host.mydocker, "run", "-t", "--net", "none", "--name", "lfasis"] + own + flags + words + [script])
            #expect(run.code == 0, "\(run.error)")
            let id = inspect("{{.Id}}", "lfasis")
            succeed("commit", "lfasis", "lfasis:v1")
            let again = runOnce("lfasis:v1")
            let expected = run.text.replacingOccurrences(of: "\r\n", with: "\n")
            #expect(
                again.text.replacing(/[0-9a-f]{12}\n/, with: "") == expected.replacing(/[0-9a-f]{12}\n/, with: ""))
            #expect(!again.text.contains(id.prefix(12)), "the host name is the new container's")
            #expect(inspect("{{index .Config.Labels \"k\"}} {{.Config.StopSignal}}", "lfasis:v1") == "v SIGUSR1")
            #expect(!inspect("{{json .Config.Env}}", "lfasis:v1").contains("TERM="))
            succeed("rm", "lfasis")
            succeed("rmi", "lfasis:v1")
        }
    }

    @Test func anImageThatIsUsedStays() throws {
        Ledger.expectUnchanged {
            succeed("import", root.tar, "lfused")
            succeed("run", "--net", "none", "--name", "lfuser", "lfused", "bash", "-c", "exit 0")
            let refused = mydocker("rmi", "lfused")
            #expect(refused.code == 1 && refused.text == "")
            #expect(
                refused.error.contains("conflict: unable to remove repository reference \"lfused"),
                "\(refused.error)")
            #expect(runOnce("lfused", "bash", "-c", "echo there").text == "there\n")
            // Another name for it may go.
            succeed("tag", "lfused", "lfalias:v1")
            #expect(inspect("{{.Id}}", "lfalias:v1") == inspect("{{.Id}}", "lfused"))
            #expect(succeed("rmi", "lfalias:v1").text == "Untagged: lfalias:v1\n")
            succeed("rm", "lfuser")
            let removed = succeed("rmi", "lfused").lines
            #expect(
                removed.first == "Untagged: lfused:latest" && removed.contains { $0.hasPrefix("Deleted: sha256:") })
        }
    }

    @Test func whatCannotBeImported() throws {
        try writeFile("no archive", root.directory + "/junk")
        Host.shell("head -c 100000 \(root.gzip) >\(root.directory)/short.gz")
        Ledger.expectUnchanged {
            for file in ["/junk", "/short.gz", "/nosuch", ""] {
                let outcome = mydocker("import", root.directory + file, "lfbad")
                #expect(outcome.code == 1, "\(file)")
                #expect(outcome.text == "" && outcome.error.hasPrefix("mydocker: "), "\(outcome.error)")
            }
            for name in ["UPPER", "a b", "", "a:b:c", "../x", "a:"] {
                #expect(mydocker("import", root.tar, name).code != 0, "\(name)")
            }
            for command in [["rmi", "lfnosuch"], ["tag", "lfnosuch", "lfx"], ["inspect", "lfnosuch"]] {
                #expect(Host.run([Host.mydocker] + command).code == 1, "\(command)")
            }
            #expect(mydocker("rmi", "-f", "lfnosuch").code == 0)
        }
    }

    /// Our store is an OCI layout itself.
    @Test func anArchiveIsLoaded() throws {
        try Ledger.expectUnchanged {
            succeed("import", "-c", "CMD [\"cat\", \"/data/file\"]", root.tar, "lfloaded:v1")
            let id = inspect("{{.Id}}", "lfloaded:v1")
            let archive = root.directory + "/archive.tar"
            let packed = Host.run([
                "tar", "-C", "/var/lib/mydocker/images", "-cf", archive, "oci-layout", "index.json", "blobs",
            ])
            #expect(packed.code == 0, "\(packed.error)")
            succeed("rmi", "lfloaded:v1")
            #expect(mydocker("inspect", "lfloaded:v1").code == 1)
            for input in [nil, try Data(contentsOf: URL(fileURLWithPath: archive))] {
                let outcome =
                    input.map { mydocker("load", input: $0) } ?? mydocker("load", "-i", archive)
                #expect(outcome.code == 0 && outcome.lines.contains("Loaded image: lfloaded:v1"), "\(outcome)")
                #expect(
                    outcome.lines.allSatisfy {
                        $0.hasPrefix("Loaded image: ") || $0.hasPrefix("Loaded image ID: sha256:")
                    })
                #expect(inspect("{{.Id}}", "lfloaded:v1") == id)
                #expect(runOnce("lfloaded:v1").text == "secret\n")
                succeed("rmi", "lfloaded:v1")
            }
        }
    }

    @Test func theFirstWordIsAnImageOrACommand() throws {
        // In the default image, by its name or without one.
        #expect(runOnce("echo", "x").text == "x\n")
        #expect(runOnce("busybox", "echo", "x").text == "x\n")
        #expect(runOnce("busybox:latest", "echo", "x").text == "x\n")
        #expect(runOnce("--image", "busybox", "echo", "x").text == "x\n")
        #expect(runOnce("sh", "-c", "busybox | head -n 1").text.hasPrefix("BusyBox"))
        // What looks like an image is asked for, and no program of the default image.
        let digest = "@sha256:" + String(repeating: "0", count: 64)
        for (word, name) in [
            ("lfnosuch:v1", "lfnosuch:v1"), ("library/lfnosuch", "library/lfnosuch:latest"),
            ("host.example/x", "host.example/x:latest"), ("busybox\(digest)", "busybox\(digest)"),
        ] {
            let outcome = runOnce(word, "true", seconds: 10)
            #expect(outcome.code == 125 && outcome.text == "", "\(word)")
            #expect(
                outcome.error.hasPrefix("Unable to find image '\(name)' locally\n"), "\(outcome.error)")
        }
        let missing = runOnce("--image", "busybox", "lfnosuch")
        #expect(missing.error == "mydocker: exec \"lfnosuch\": executable file not found in $PATH\n")
        #expect(missing.code == 127)
        // A path; and what was meant for a reference, but is none.
        #expect(runOnce("/bin/echo", "x").text == "x\n")
        for word in ["lfnosuch@sha256:0", "ghcr.io/MyOrg/app:1", "lfnosuch:", "DB:1", ""] {
            let outcome = runOnce(word, "true")
            #expect(outcome.code == 125 && outcome.error.contains("invalid reference format"), "\(outcome.error)")
        }
        #expect(runOnce("--rootfs", root.directory + "/nosuch", "true").code == 125)
        #expect(runOnce(root.directory + "/root", "cat", "/data/file").text == "secret\n")
        // An image wins over a command of the same name; --image leaves no doubt.
        succeed("import", "-c", "CMD [\"bash\", \"-c\", \"echo image\"]", root.tar, "ls")
        #expect(runOnce("ls").text == "image\n")
        #expect(runOnce("--image", "busybox", "ls", "/etc/passwd").text == "/etc/passwd\n")
        succeed("rmi", "ls")
    }
}
