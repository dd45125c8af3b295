import Foundation
import Testing

/// The way to the host over the program's own file and descriptors.
extension CLI.Security {
    private static let refusal = "mydocker itself cannot run inside a container"

    /// A root file system in which the host's mydocker would run: with the libraries that it needs.
    private func withRunnableRoot(_ body: (_ root: String, _ flags: [String]) throws -> Void) throws {
        try withScratch { scratch in
            let root = try makeRoot(scratch + "/root")
            var flags = ["--rootfs", root]
            for directory in ["/lib", "/lib64", "/usr/lib", "/usr/lib64"]
            where FileManager.default.fileExists(atPath: directory) {
                flags += ["-v", "\(directory):\(directory):ro"]
            }
            let control = Host.run(
                [Host.mydocker, "run", "--rm", "--net", "none", "-v", "\(Host.mydocker):/copy:ro"] + flags
                    + ["/bin/sh", "-c", "cat /copy > /other; /bin/busybox chmod +x /other; /other version"])
            #expect(control.code == 0, "mydocker cannot run there at all: \(control.error)")
            try body(root, flags)
        }
    }

    private func script(_ path: String, _ interpreter: String) throws {
        try writeFile("#!\(interpreter)\n", path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    @Test func CVE_2019_5736_theHostsBinaryIsNeverRunInside() throws {
        let hash = Host.binaryHash
        try withRunnableRoot { root, flags in
            try script(root + "/direct", "/proc/self/exe")
            try script(root + "/spaced", " \t/proc/self/exe version")
            try script(root + "/twice", "/direct")
            try script(root + "/thrice", "/twice x")
            try script(root + "/four", "/thrice")
            let attacks = [
                "/proc/self/exe", "/direct", "/spaced", "/twice", "/thrice", "/four", "/proc/thread-self/exe",
            ]
            for attack in attacks {
                let outcome = Host.run(
                    [Host.mydocker, "run", "--rm", "--net", "none"] + flags + [attack, "version"])
                #expect(outcome.code == 126, "\(attack): \(outcome.text)")
                #expect(outcome.error.contains(Self.refusal), "\(attack): \(outcome.error)")
            }
            let started = Host.run(
                [Host.mydocker, "run", "-d", "--net", "none", "--name", "sec-exe"] + flags + ["/bin/sleep", "1000"])
            #expect(started.code == 0, "\(started.error)")
            for attack in attacks {
                let outcome = mydocker("exec", "sec-exe", attack, "version")
                #expect(outcome.code == 126 && outcome.error.contains(Self.refusal), "\(attack): \(outcome.error)")
            }
            succeed("rm", "-f", "sec-exe")
        }
        #expect(Host.binaryHash == hash)
    }

    /// Who may run a script need not be able to read it, nor to open anything.
    @Test(arguments: [
        ["--cap-drop", "ALL"], ["-u", "1000"], ["-u", "1000", "--init"], ["--ulimit", "nofile=3"],
    ]) func CVE_2019_5736_noScriptHidesWhatItIsRunBy(options: [String]) throws {
        try withRunnableRoot { root, flags in
            let mode = options.contains("--ulimit") ? 0o755 : 0o111
            try script(root + "/secret", "/proc/self/exe")
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: root + "/secret")
            let outcome = Host.run(
                [Host.mydocker, "run", "--rm", "--net", "none"] + options + flags + ["/secret", "version"])
            #expect(outcome.code == 126, "\(outcome.text)")
            #expect(outcome.error.contains(mode == 0o111 ? Self.refusal : "Too many open files"), "\(outcome.text)")
        }
    }

    /// A process that is about to run its program is ours for a moment, and so is process 1 with --init.
    @Test(arguments: [[], ["--init"], ["--init", "-u", "1000"], ["--cap-add", "SYS_PTRACE"]])
    func CVE_2019_5736_theHostsBinaryCannotBeOpenedInside(flags: [String]) throws {
        let command = [Host.mydocker, "run", "-d", "--net", "none", "--name", "sec-hunt"] + Probe.flags + flags
        let started = Host.run(command + ["/probe", "hunt", Host.binaryNumber])
        try #require(started.code == 0, "\(started.error)")
        defer { succeed("rm", "-f", "sec-hunt") }
        waitForLog("sec-hunt", "ready=OK")
        for _ in 0..<40 { succeed("exec", "sec-hunt", "true") }
        let seen = Set(mydocker("logs", "sec-hunt").lines)
        // With that capability a process may look at others: the hunter does find what it hunts for.
        #expect(seen == (flags.contains("SYS_PTRACE") ? ["ready=OK", "found=OK"] : ["ready=OK"]))
        if flags.contains("--init") {
            let values = Probe.values(mydocker("exec", "sec-hunt", "/probe", "open", "/proc/1/exe").text)
            #expect(values["read"] == "EACCES" && values["write"] == "EACCES", "\(values)")
        }
    }

    /// With CAP_SYS_PTRACE the file can be read; it still cannot be written, and process 1 has no rights to take.
    @Test func CVE_2019_5736_anInitHasNoMoreRightsThanItsProgram() throws {
        try withContainer(
            "sec-init", "--init", "--cap-add", "SYS_PTRACE", "-v", "\(Probe.path):/probe:ro", "sleep", "1000"
        ) { _ in
            let script =
                "grep -E '^(Cap|Seccomp:|NoNew)' /proc/1/status; echo; grep -E '^(Cap|Seccomp:|NoNew)' /proc/2/status"
            let parts = mydocker("exec", "sec-init", "sh", "-c", script).text.components(separatedBy: "\n\n")
            try #require(parts.count == 2)
            #expect(parts[0].trimmingCharacters(in: .newlines) == parts[1].trimmingCharacters(in: .newlines))
            #expect(Host.status("Seccomp", in: parts[0]) == "2")
            #expect(Host.status("CapEff", in: parts[0]) != nil)
            let values = Probe.values(mydocker("exec", "sec-init", "/probe", "open", "/proc/1/exe").text)
            #expect(values["write"] == "ETXTBSY", "\(values)")
        }
    }

    @Test func CVE_2024_21626_aProgramHasThreeDescriptors() throws {
        try withScratch { scratch in
            let run = ["run", "--rm", "--net", "none"] + Probe.flags
            #expect(Host.leaking(scratch, run + ["/probe", "descriptors"]).word == "descriptors=0 1 2")
            #expect(Host.leaking(scratch, run + ["-t", "/probe", "descriptors"]).word == "descriptors=0 1 2")
            #expect(Host.leaking(scratch, run + ["-i", "/probe", "descriptors"]).word == "descriptors=0 1 2")
            #expect(Host.leaking(scratch, run + ["--init", "/probe", "descriptors"]).word == "descriptors=0 1 2")
            let detached = ["run", "-d", "--init", "--net", "none", "--name", "sec-fd"] + Probe.flags
            let started = Host.leaking(scratch, detached + ["sh", "-c", "/probe descriptors; sleep 1000"])
            #expect(started.code == 0, "\(started.error)")
            waitForLog("sec-fd", "descriptors=0 1 2\n")
            for flags in [[], ["-t"], ["-i"]] {
                let outcome = Host.leaking(scratch, ["exec"] + flags + ["sec-fd", "/probe", "descriptors"])
                #expect(outcome.word == "descriptors=0 1 2", "\(flags): \(outcome.error)")
            }
            let pid = inspect("{{.State.Pid}}", "sec-fd")
            #expect(Host.names(in: "/proc/\(pid)/fd") == ["0", "1", "2"])
            succeed("rm", "-f", "sec-fd")
        }
    }

    @Test func CVE_2024_21626_noDescriptorIsAWorkingDirectory() throws {
        try withScratch { scratch in
            let host = scratch + "/host"
            try FileManager.default.createDirectory(atPath: host, withIntermediateDirectories: false)
            for number in 3...12 {
                for suffix in ["", "/new", "/.."] {
                    let path = "/proc/self/fd/\(number)\(suffix)"
                    let outcome = Host.leaking(
                        host, ["run", "--rm", "--net", "none", "-w", path, "cat", "/etc/hostname"])
                    #expect((125...127).contains(outcome.code), "\(path)")
                    #expect(outcome.text.isEmpty, "\(path)")
                }
            }
            try withContainer("sec-cwd", "sleep", "1000") { _ in
                for number in 3...12 {
                    let outcome = Host.leaking(host, ["exec", "-w", "/proc/self/fd/\(number)", "sec-cwd", "ls"])
                    #expect((126...127).contains(outcome.code) && outcome.text.isEmpty, "\(number): \(outcome.text)")
                }
            }
            #expect(Host.names(in: host).isEmpty)
        }
    }

    /// Links in an image that lead through a descriptor: what is made for a mount is made in the container.
    @Test func CVE_2024_21626_noDescriptorIsAMountTarget() throws {
        try withScratch { scratch in
            let host = scratch + "/host"
            try FileManager.default.createDirectory(atPath: host, withIntermediateDirectories: false)
            try writeFile("content\n", scratch + "/file")
            for number in 3...12 {
                let root = try makeRoot("\(scratch)/root\(number)")
                symlink("/proc/self/fd/\(number)", root + "/x")
                for flags in [
                    ["-v", "\(scratch)/file:/x/new"], ["-v", "\(host):/x/directory"], ["--tmpfs", "/x/tmp"],
                    ["-w", "/x/work"],
                ] {
                    _ = Host.leaking(host, ["run", "--rm", "--net", "none", "--rootfs", root] + flags + ["true"])
                    #expect(Host.names(in: host).isEmpty, "\(number) \(flags)")
                }
            }
        }
    }
}
