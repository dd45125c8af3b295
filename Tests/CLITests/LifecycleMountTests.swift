import Foundation
import Testing

// MARK: - Volumes and file systems in memory

extension CLI.Flags {
    @Test func B84_directoriesAndFilesReadOnlyAndNot() throws {
        try withScratch { directory in
            for name in ["rw", "ro", "third"] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(name)", withIntermediateDirectories: false)
                try writeFile(name, "\(directory)/\(name)/name")
            }
            try writeFile("single", directory + "/file")
            try writeFile("fixed", directory + "/fixed")
            let script = """
                cat /rw/name /a/b/ro/name /third/name /etc/one.conf /fixed; echo
                echo written >/rw/new; echo changed >/etc/one.conf
                touch /a/b/ro/new || echo refused; echo x >>/fixed || echo refused; mkdir /third/d
                ls /a/b
                """
            let outcome = runOnce(
                "-v", "\(directory)/rw:/rw", "-v", "\(directory)/ro:/a/b/ro:ro",
                "--volume=\(directory)/third:/third:rw",
                "-v", "\(directory)/file:/etc/one.conf", "-v", "\(directory)/fixed:/fixed:ro", "sh", "-c", script)
            #expect(outcome.lines == ["rwrothirdsinglefixed", "refused", "refused", "ro"])
            #expect(Host.read(directory + "/rw/new") == "written")
            #expect(Host.read(directory + "/file") == "changed")
            #expect(Host.read(directory + "/fixed") == "fixed")
            #expect(!FileManager.default.fileExists(atPath: directory + "/ro/new"))
            #expect(FileManager.default.fileExists(atPath: directory + "/third/d"))
        }
    }

    @Test func B84_whatCannotBeMountedIsAnErrorBeforeAnythingIsMade() throws {
        try withScratch { directory in
            try writeFile("x", directory + "/file")
            let wrong = [
                "\(directory):data", "data", "\(directory):/data:what", "/data/../x", "named:/data:rslave",
                "\(directory):/",
                ":/data", "\(directory):", "\(directory):/data/../../x", "\(directory):/proc", "\(directory):/sys/x",
                "n:/data", "na/med:/data",
            ]
            Ledger.expectUnchanged {
                for volume in wrong {
                    let outcome = runOnce("-v", volume, "true")
                    #expect(outcome.code == 125, "\(volume)")
                    #expect(outcome.error != "" && outcome.text == "", "\(volume)")
                }
                // A file where the image has a directory, and the other way round.
                #expect(runOnce("-v", "\(directory)/file:/etc", "true").code == 125)
                #expect(runOnce("-v", "\(directory):/etc/passwd", "true").code == 125)
            }
            #expect(!FileManager.default.fileExists(atPath: directory + "/missing"))
        }
    }

    @Test func B65_removalNeverReachesAVolumesData() throws {
        try withScratch { directory in
            try FileManager.default.createDirectory(atPath: directory + "/data/deep", withIntermediateDirectories: true)
            try writeFile("precious", directory + "/data/deep/file")
            try writeFile("precious", directory + "/single")
            let volumes = ["-v", "\(directory)/data:/data", "-v", "\(directory)/single:/single"]
            func expectAll(_ how: String) {
                #expect(Host.read(directory + "/data/deep/file") == "precious", "\(how)")
                #expect(Host.read(directory + "/single") == "precious", "\(how)")
            }
            try Ledger.expectUnchanged {
                Host.run([Host.mydocker, "run", "--rm", "--net", "none"] + volumes + ["true"])
                expectAll("--rm")
                Host.run(
                    [Host.mydocker, "run", "-d", "--net", "none", "--name", "lfvol"] + volumes + ["sleep", "1000"])
                succeed("rm", "-f", "lfvol")
                expectAll("rm -f")
                Host.run([Host.mydocker, "run", "--net", "none", "--name", "lfvol"] + volumes + ["true"])
                succeed("rm", "lfvol")
                expectAll("rm")
                let box = try Box("lfvol", on: "none", volumes)
                box.killSupervisor()
                succeed("rm", "lfvol")
                expectAll("a dead supervisor's container")
                Host.run([Host.mydocker, "run", "--net", "none"] + volumes + ["nosuch"])
                expectAll("a failed run")
            }
        }
    }

    @Test func aRootDirectoryIsNeitherChangedNorRemoved() throws {
        try withScratch { directory in
            let root = directory + "/root"
            try FileManager.default.createDirectory(atPath: root + "/bin", withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "/usr/bin/busybox", toPath: root + "/bin/sh")
            try writeFile("original", root + "/file")
            let before = Host.run(["find", directory, "-printf", "%P %y %m %s %T@\n"]).text
            for words in [["--rootfs", root, "/bin/sh"], [root, "/bin/sh"]] {
                let script = "echo changed >/file; echo new >/new; cat /file"
                let outcome = Host.run([Host.mydocker, "run", "--rm", "--net", "none"] + words + ["-c", script])
                #expect(outcome.text == "changed\n", "\(outcome.error)")
            }
            let kept = mydocker(
                "run", "--net", "none", "--name", "lfroot", "--rootfs", root, "/bin/sh", "-c", "echo changed >/file")
            #expect(kept.code == 0, "\(kept.error)")
            succeed("rm", "lfroot")
            #expect(Host.run(["find", directory, "-printf", "%P %y %m %s %T@\n"]).text == before)
        }
    }

    @Test func fileSystemsInMemory() {
        let script =
            "stat -f -c %T /t /s; stat -c %a /t /s; dd if=/dev/zero of=/s/x bs=1M count=2 2>/dev/null || echo full; touch /t/x && echo ok"
        let outcome = runOnce("--tmpfs", "/t", "--tmpfs", "/s:size=1m,mode=700", "sh", "-c", script)
        #expect(outcome.lines == ["tmpfs", "tmpfs", "1777", "700", "full", "ok"])
        for wrong in ["relative", "/t:nosuch=1", "/t:size=x", ""] {
            #expect(runOnce("--tmpfs=\(wrong)", "true").code == 125, "\(wrong)")
        }
    }

    @Test func aReadOnlyRootCanOnlyBeWrittenWhereItWasAskedFor() throws {
        try withScratch { directory in
            let script =
                "touch /x || echo root; touch /etc/x || echo etc; touch /tmp/x && echo tmp; touch /v/x && echo volume; echo >/dev/null && echo dev"
            let outcome = runOnce("--read-only", "--tmpfs", "/tmp", "-v", "\(directory):/v", "sh", "-c", script)
            #expect(outcome.lines == ["root", "etc", "tmp", "volume", "dev"])
        }
    }

    @Test func B78_theUsualDevicesAndFileSystemsAreThere() {
        let script = """
            for device in null zero full random urandom tty; do test -c /dev/$device || echo no $device; done
            head -c 4 /dev/zero | od -An -tx1; echo x >/dev/full; head -c 3 /dev/urandom | wc -c
            echo x >/dev/null && echo null; readlink /dev/stdin /dev/fd; readlink /dev/fd
            touch /dev/shm/x && echo shm; test -d /dev/mqueue && test -d /dev/pts && echo dirs; test -r /sys/kernel && echo sys
            test -e /dev/kmsg || test -e /dev/mem || echo none
            """
        let outcome = runOnce("sh", "-c", script)
        #expect(outcome.error.contains("No space left on device"))
        let lines = outcome.lines.map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines == ["00 00 00 00", "3", "null", "/proc/self/fd", "shm", "dirs", "sys", "none"])
    }
}
