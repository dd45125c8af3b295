import Foundation
import Testing

/// The container's file system: what an image, a volume or a neighbour can make of it.
extension CLI.Security {
    /// The fields of /proc/self/mountinfo (proc(5)).
    private struct Mount {
        let root: String
        let target: String
        let options: [String]
        let type: String

        init?(_ line: String) {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count > 8, let separator = fields.firstIndex(of: "-") else { return nil }
            root = fields[3]
            target = fields[4]
            options = fields[5].split(separator: ",").map(String.init)
            type = fields[separator + 1]
        }

        static func all(_ text: String) -> [Mount] { text.split(separator: "\n").compactMap { Mount(String($0)) } }
    }

    @Test func nothingOfTheHostIsMounted() {
        let mounts = Mount.all(runOnce("cat", "/proc/self/mountinfo").text)
        #expect(mounts.count > 10)
        let own = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"]
        for mount in mounts {
            let isKernels = ["overlay", "proc", "sysfs", "devpts", "mqueue", "cgroup2", "tmpfs"].contains(mount.type)
            // The nodes of /dev are bound to themselves.
            let isInside = mount.root == "/" || mount.target.hasPrefix("/proc/") || mount.target == "/dev" + mount.root
            #expect(own.contains(mount.target) || (isKernels && isInside), "\(mount)")
            #expect(mount.target != "/" || mount.options.contains("nodev"))
            if mount.target == "/sys" || mount.target == "/sys/fs/cgroup" { #expect(mount.options.contains("ro")) }
        }
        #expect(Set(mounts.filter { own.contains($0.target) }.map(\.target)) == Set(own))
    }

    /// An image whose standard directories are links or files: nothing is mounted elsewhere, nothing is run.
    @Test(arguments: ["dev", "proc", "sys"])
    func CVE_2025_52881_standardDirectoriesAreNoLinks(name: String) throws {
        try withScratch { scratch in
            try Ledger.expectUnchanged {
                for (number, kind) in ["ln -s /", "ln -s bin", "ln -s /nowhere", "touch", "mkfifo"].enumerated() {
                    let root = try makeRoot("\(scratch)/\(number)")
                    #expect(Host.shell("cd \(root) && \(kind) \(name)").code == 0)
                    let outcome = mydocker("run", "--rm", "--net", "none", "--rootfs", root, "ls", "/")
                    #expect(outcome.code == 125 && outcome.text.isEmpty, "\(kind)")
                    #expect(outcome.error.contains("\"/\(name)\""), "\(kind): \(outcome.error)")
                    #expect(outcome.error.split(separator: "\n").count == 1)
                }
            }
        }
    }

    @Test func CVE_2025_31133_theDevicesAreNotTheImages() throws {
        try withScratch { scratch in
            let root = try makeRoot(scratch + "/root")
            let pattern = try String(contentsOfFile: "/proc/sys/kernel/core_pattern", encoding: .utf8)
            #expect(
                Host.shell(
                    """
                    cd \(root) && mkdir dev && ln -s /proc/sys/kernel/core_pattern dev/null && ln -s /etc/evil dev/console
                    ln -s /etc/evil dev/pts; touch dev/shm; ln -s /proc/self/fd dev/mqueue; mkdir dev/tty
                    """
                ).code == 0)
            let script = "stat -c '%n %F %t %T' /dev/null /dev/tty; echo x > /proc/keys; cat /proc/keys; ls -1 /etc"
            let outcome = mydocker("run", "--rm", "-t", "--net", "none", "--rootfs", root, "sh", "-c", script)
            let lines = outcome.text.replacingOccurrences(of: "\r", with: "").split(separator: "\n").map(String.init)
            #expect(
                lines == [
                    "/dev/null character special file 1 3", "/dev/tty character special file 5 0", "hostname", "hosts",
                    "resolv.conf",
                ], "\(outcome.error)")
            #expect(try String(contentsOfFile: "/proc/sys/kernel/core_pattern", encoding: .utf8) == pattern)
        }
    }

    /// A link of the image takes a volume to /dev: what is masked was masked before, with the real null.
    @Test func CVE_2025_31133_aVolumeBringsNoNullOfItsOwn() throws {
        try withScratch { scratch in
            let root = try makeRoot(scratch + "/root")
            try FileManager.default.createDirectory(atPath: scratch + "/volume", withIntermediateDirectories: false)
            symlink("/dev", root + "/data")
            symlink("/proc/sys/kernel/core_pattern", scratch + "/volume/null")
            symlink("/etc/evil", scratch + "/volume/console")
            let outcome = mydocker(
                "run", "--rm", "-t", "--net", "none", "--rootfs", root, "-v", "\(scratch)/volume:/data", "sh", "-c",
                "cat /proc/self/mountinfo; ls /data/ /etc")
            #expect(outcome.code == 0, "\(outcome.text)")
            let text = outcome.text.replacingOccurrences(of: "\r", with: "")
            let mounts = Mount.all(text)
            #expect(mounts.filter { $0.target == "/dev" }.map(\.type).count == 2)
            for name in ["/proc/keys", "/proc/interrupts", "/proc/timer_list"]
            where FileManager.default.fileExists(atPath: name) {
                #expect(mounts.first { $0.target == name }.map { "\($0.root) \($0.type)" } == "/null tmpfs")
            }
            #expect(!text.contains("evil\n") || text.contains("/volume"))
            #expect(!FileManager.default.fileExists(atPath: root + "/etc/evil"))
        }
    }

    /// What a distribution's image has: links for /etc/resolv.conf and /var/run, to what is there and what is not.
    @Test func linksInTheImageEndInTheImage() throws {
        try withScratch { scratch in
            let root = try makeRoot(scratch + "/root")
            #expect(
                Host.shell(
                    """
                    cd \(root) && mkdir -p run var etc && ln -s ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf &&
                    ln -s /run var/run && ln -s /nowhere/hosts etc/hosts && ln -s \(scratch)/outside out &&
                    ln -s ../../../../../.. up && mkdir \(scratch)/volume && echo here > \(scratch)/volume/file
                    """
                ).code == 0)
            let script =
                "cat /etc/hosts; cat /run/systemd/resolve/stub-resolv.conf > /dev/null && cat /run/file /up/v/file /out/v/file"
            let outcome = mydocker(
                "run", "--rm", "--net", "none", "--rootfs", root, "-v", "\(scratch)/volume:/var/run", "-v",
                "\(scratch)/volume:/up/v", "-v", "\(scratch)/volume:/out/v", "--tmpfs", "/out/t", "sh", "-c", script)
            #expect(outcome.lines.first == "127.0.0.1\tlocalhost", "\(outcome.error)")
            #expect(outcome.lines.suffix(3) == ["here", "here", "here"], "\(outcome.error)")
            // The volume is at /run, where the image's link for resolv.conf leads.
            #expect(Host.names(in: scratch + "/volume") == ["file", "systemd"])
            #expect(Host.shell("rm -r \(scratch)/volume/systemd").code == 0)
            let other = mydocker(
                "run", "--rm", "--net", "none", "--rootfs", root, "-v", "\(scratch)/volume:/var/run/v", "-v",
                "\(scratch)/volume:/up/v", "-v", "\(scratch)/volume:/out/v", "--tmpfs", "/out/t", "sh", "-c",
                "cat /run/systemd/resolve/stub-resolv.conf > /dev/null && cat /run/v/file /v/file /out/v/file")
            #expect(other.lines == ["here", "here", "here"], "\(other.error)")
            #expect(Host.names(in: scratch) == ["root", "volume"])
            #expect(Host.names(in: scratch + "/volume") == ["file"])
            #expect(!FileManager.default.fileExists(atPath: "/v"))
        }
    }

    @Test func CVE_2021_30465_aRacingLinkLeadsNowhere() throws {
        try withScratch { scratch in
            let host = scratch + "/host"
            #expect(Host.shell("mkdir -p \(host) \(scratch)/shared/sub \(scratch)/other").code == 0)
            let links = [host, "/proc/self/fd/5", "../../../../../../../..\(host)", "/proc/1/root"]
            for link in links {
                unlink(scratch + "/shared/link")
                symlink(link, scratch + "/shared/link")
                let swapper = ["-v", "\(scratch)/shared:/shared", "-v", "\(Probe.path):/probe:ro"]
                let started = Host.run(
                    [Host.mydocker, "run", "-d", "--net", "none", "--name", "sec-race"] + swapper
                        + ["/probe", "swap", "/shared/sub", "/shared/link"])
                try #require(started.code == 0, "\(started.error)")
                waitForLog("sec-race", "ready=OK")
                for _ in 0..<40 {
                    let flags = [
                        "-v", "\(scratch)/shared:/v", "-v", "\(scratch)/other:/v/sub/deep", "--tmpfs", "/v/sub/t",
                    ]
                    let outcome = Host.leaking(
                        host, ["run", "--rm", "--net", "none"] + flags + ["cat", "/proc/self/mountinfo"])
                    for mount in Mount.all(outcome.text) where mount.target.hasSuffix("/deep") {
                        #expect(mount.root.hasSuffix("/other"))
                    }
                }
                succeed("rm", "-f", "sec-race")
                #expect(Host.names(in: host).isEmpty, "\(link)")
            }
        }
    }

    @Test func aReadOnlyVolumeIsReadOnlyToItsLastMount() throws {
        try withScratch { scratch in
            let volume = scratch + "/volume"
            let made = Host.shell(
                "mkdir -p \(volume)/sub && mount -t tmpfs t \(volume)/sub && mkdir \(volume)/sub/deep && mount -t tmpfs t \(volume)/sub/deep"
            )
            #expect(made.code == 0, "\(made.error)")
            defer { Host.shell("umount \(volume)/sub/deep \(volume)/sub") }
            let script =
                "for d in /v /v/sub /v/sub/deep; do touch $d/x; mount -o remount,rw $d; touch $d/x; done; mkdir /v/y; ln /bin/sh /v/z"
            for flags in [[], ["--cap-add", "DAC_OVERRIDE"]] {
                let outcome = Host.run(
                    [Host.mydocker, "run", "--rm", "--net", "none", "-v", "\(volume):/v:ro"] + flags + [
                        "sh", "-c", script,
                    ])
                #expect(outcome.error.components(separatedBy: "Read-only file system").count >= 7, "\(outcome.error)")
            }
            #expect(Host.names(in: volume) == ["sub"] && Host.names(in: volume + "/sub") == ["deep"])
            #expect(Host.names(in: volume + "/sub/deep").isEmpty)
            // The same without ro can be written.
            #expect(runOnce("-v", "\(volume):/v", "touch", "/v/sub/deep/x").code == 0)
            #expect(Host.names(in: volume + "/sub/deep") == ["x"])
        }
    }

    /// Neither way: not even where the host shares its mounts, as systemd makes it do.
    @Test func mountsDoNotSpreadBetweenHostAndContainer() throws {
        try withScratch { scratch in
            let volume = scratch + "/volume"
            let made = Host.shell(
                "mkdir \(volume) && mount -t tmpfs t \(volume) && mount --make-rshared \(volume) && mkdir \(volume)/in \(volume)/out"
            )
            #expect(made.code == 0, "\(made.error)")
            defer { Host.shell("umount -R \(volume)") }
            let script = "mount -t tmpfs evil /v/out && touch /v/out/made && sleep 1000"
            try withContainer("sec-share", "--privileged", "-v", "\(volume):/v", "sh", "-c", script) { _ in
                Host.eventually("the mount in the container") {
                    mydocker("exec", "sec-share", "test", "-e", "/v/out/made").code == 0
                }
                #expect(Host.names(in: volume + "/out").isEmpty)
                #expect(Host.shell("mount -t tmpfs late \(volume)/in && touch \(volume)/in/late").code == 0)
                #expect(succeed("exec", "sec-share", "ls", "/v/in").text.isEmpty)
            }
        }
    }

    @Test func devicesOfAnImageAreNoDevices() throws {
        try withScratch { scratch in
            let root = try makeRoot(scratch + "/root")
            #expect(Host.shell("mknod -m 666 \(root)/memory c 1 1 && mknod -m 666 \(root)/null c 1 3").code == 0)
            let outcome = mydocker(
                "run", "--rm", "--net", "none", "--rootfs", root, "sh", "-c", "cat /memory; echo > /null")
            #expect(outcome.error.components(separatedBy: "Permission denied").count == 3, "\(outcome.error)")
        }
    }
}
