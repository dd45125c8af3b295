import Foundation
import Testing

/// No flag but a named device opens a device of the host's.
extension CLI.Security {
    /// Opening the control device loads the driver, where that is a module.
    private static let hasLoopDevices = Host.shell("exec 3</dev/loop-control && test -b /dev/loop1").code == 0

    private func attempt(_ flags: [String], _ script: String) -> Outcome {
        #expect(Self.hasLoopDevices)
        return Host.run([Host.mydocker, "run", "--rm", "--net", "none"] + flags + ["sh", "-c", script])
    }

    @Test func S2_aBoundDeviceDoesNotOpen() {
        for (flags, path) in [
            (["-v", "/dev:/hd"], "/hd/loop-control"), (["-v", "/dev/loop-control:/x"], "/x"),
            (["-v", "/dev:/hd:ro"], "/hd/kmsg"), (["-v", "/:/host"], "/host/dev/loop-control"),
            (["-v", "/dev/null:/x"], "/x"),
        ] {
            let outcome = attempt(flags, "test -e \(path) && exec 3<\(path); echo open")
            #expect(outcome.text.isEmpty && outcome.error.contains("Permission denied"), "\(flags): \(outcome.error)")
        }
    }

    @Test func S2_aNodeThatIsMadeDoesNotOpen() {
        let places = ["/dev", "/dev/shm", "/", "/tmp", "/t"]
        let script = places.map { "mknod \($0)/x c 10 237 && echo made; (exec 3<\($0)/x; echo open)" }
            .joined(separator: "\n")
        let outcome = attempt(["--cap-add", "MKNOD", "--tmpfs", "/t"], script)
        #expect(outcome.lines == places.map { _ in "made" })
        #expect(outcome.error.components(separatedBy: "Permission denied").count == places.count + 1)
    }

    /// Who may mount takes `nodev` off again: then the cgroup does not let it be opened.
    @Test(arguments: ["SYS_ADMIN", "ALL"]) func S2_norForWhoMayMount(capability: String) {
        let script = """
            mount -t tmpfs t /tmp && mknod /tmp/x c 10 237; (exec 3</tmp/x; echo open)
            mount -t devtmpfs d /mnt; (exec 3</mnt/loop-control; echo open)
            mount -o remount,bind,dev /hd; (exec 3</hd/loop-control; echo open)
            mount -o remount,bind,dev /dev; mknod /dev/x b 7 0; (exec 3</dev/x; echo open)
            echo > /dev/null && head -c 2 /dev/zero | wc -c && (exec 3<>/dev/tty) 2>&1 | grep -c 'No such device'
            """
        let flags = ["--cap-add", capability, "--cap-add", "MKNOD", "-v", "/dev:/hd", "--tmpfs", "/mnt"]
        let outcome = attempt(flags, script)
        #expect(outcome.lines == ["2", "1"], "\(outcome.error)")
        #expect(outcome.error.components(separatedBy: "Operation not permitted").count >= 4, "\(outcome.error)")
        #expect(attempt(["-t"] + flags, "tty && echo hello >/dev/tty").text.contains("hello"))
    }

    /// What limits the devices lies above the root of the cgroup namespace: it is out of reach of who may mount that.
    @Test func S2_norForWhoMayTakeTheLimitOff() throws {
        let detach = AttackProgram.build("detach")
        for version in ["2", "1"] {
            let hide = version == "1" ? "umount /sys/fs/cgroup/unified;" : ""
            let inside =
                "mkdir /c; /detach /c; mount -t cgroup -o devices d /c && echo 'c 10:* rwm' >/c/devices.allow;"
                + " mount -t tmpfs t /tmp && mknod /tmp/x c 10 237 && (exec 3</tmp/x && echo open); echo end"
            let outcome = Host.shell(
                """
                unshare -m sh -c '\(hide) exec "$MYDOCKER" run --rm --net none --cap-add ALL -v \(detach):/detach:ro sh -c "$0"' \
                  "\(inside)"
                """)
            #expect(outcome.lines == ["end"], "version \(version): \(outcome.text) \(outcome.error)")
            #expect(outcome.error.contains("Operation not permitted"), "\(outcome.error)")
        }
    }

    @Test func whoIsLimitedByDevicesIsLimitedInExec() throws {
        try withContainer("s2exec", "--cap-add", "SYS_ADMIN", "--cap-add", "MKNOD", "sleep", "1000") { _ in
            let script =
                "cat /proc/self/cgroup | sed -n 's/^0:://p'; mount -t tmpfs t /tmp; mknod /tmp/x c 10 237; cat /tmp/x"
            let outcome = mydocker("exec", "s2exec", "sh", "-c", script)
            #expect(outcome.lines == ["/"] && outcome.error.contains("Operation not permitted"), "\(outcome)")
        }
    }

    /// Devices are found by their numbers in the file system of a node that does open (open_by_handle_at(2)).
    @Test func S2_norBesideOneThatOpens() throws {
        let program = """
            #include <fcntl.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <sys/stat.h>
            #include <sys/sysmacros.h>
            #include <unistd.h>
            int main(int count, char **words) {
                struct { struct file_handle head; char more[128]; } handle = {{.handle_bytes = 128}};
                int mount_id;
                mknod("/dev/x", S_IFCHR | 0666, makedev(10, 237));
                if (name_to_handle_at(AT_FDCWD, words[1], &handle.head, &mount_id, 0) < 0) return perror("name"), 1;
                int fd = open_by_handle_at(open(words[2], O_RDONLY), &handle.head, O_RDONLY);
                if (fd < 0) perror("open");
                puts(fd < 0 ? "refused" : "open");
            }
            """
        try withScratch { scratch in
            try writeFile(program, scratch + "/handle.c")
            let made = Host.shell("cc -static -O1 -D_GNU_SOURCE -o \(scratch)/handle \(scratch)/handle.c")
            try #require(made.code == 0, "\(made.error)")
            let flags = ["-v", "\(scratch)/handle:/handle", "--cap-add", "DAC_READ_SEARCH"]
            let own = attempt(flags + ["--cap-add", "MKNOD"], "/handle /dev/x /dev/null")
            #expect(own.text == "refused\n" && own.error.contains("Operation not permitted"), "\(own.error)")
            let hosts = attempt(
                flags + ["--device", "/dev/loop0:/dev/given", "-v", "/dev:/hd"], "/handle /hd/loop1 /dev/given")
            #expect(hosts.text == "refused\n" && hosts.error.contains("Operation not permitted"), "\(hosts.error)")
        }
    }

    @Test func S2_norByExec() throws {
        try withContainer("sec-dev", "--cap-add", "MKNOD", "-v", "/dev:/hd", "sleep", "1000") { _ in
            let outcome = mydocker(
                "exec", "sec-dev", "sh", "-c",
                "mknod /dev/x c 10 237; (exec 3</dev/x; echo open); exec 3</hd/loop-control; echo open")
            #expect(outcome.text.isEmpty, "\(outcome.error)")
            #expect(outcome.error.components(separatedBy: "Permission denied").count == 3, "\(outcome.error)")
        }
    }

    @Test func S2_everyMountButTheNodesIsNodev() throws {
        try withScratch { scratch in
            let made = Host.shell("mkdir -p \(scratch)/v/sub && mount -t tmpfs t \(scratch)/v/sub")
            try #require(made.code == 0, "\(made.error)")
            defer { Host.shell("umount \(scratch)/v/sub") }
            let outcome = runOnce("-t", "-v", "\(scratch)/v:/v", "--tmpfs", "/t", "cat", "/proc/self/mountinfo")
            let nodes = ["null", "zero", "full", "random", "urandom", "tty", "console"].map { "/dev/\($0)" }
            var seen: Set<String> = []
            for line in outcome.text.replacingOccurrences(of: "\r", with: "").split(separator: "\n") {
                let fields = line.split(separator: " ").map(String.init)
                let target = try #require(fields.count > 6 ? fields[4] : nil)
                seen.insert(target)
                // The multiplexer and terminals are devpts' own; nobody makes a node there. What is masked reads as null.
                let isNull = fields[3] == "/null"
                if nodes.contains(target) || target == "/dev/pts" || isNull { continue }
                #expect(fields[5].split(separator: ",").contains("nodev"), "\(line)")
            }
            #expect(seen.isSuperset(of: nodes + ["/dev", "/dev/shm", "/v", "/v/sub", "/t", "/etc/hosts"]))
        }
    }

    /// They are the container's own, not the host's.
    @Test func S2_theNodesBelongToTheContainer() throws {
        let hosts = ["stat", "-c", "%a %u %Y", "/dev/null", "/dev/zero", "/dev/loop0"]
        let before = Host.run(hosts).text
        let script = "chmod 600 /dev/null && chown 1000 /dev/zero && touch /dev/null && stat -c %a /dev/null"
        #expect(attempt([], script).text == "600\n")
        // Nor can those be changed that were given to it.
        let given = attempt(["--device", "/dev/loop0"], "chmod 777 /dev/loop0; chown 1000 /dev/loop0; rm /dev/loop0")
        #expect(given.error.components(separatedBy: "Read-only file system").count == 3, "\(given.error)")
        #expect(given.error.contains("busy"), "\(given.error)")
        #expect(Host.run(hosts).text == before)
    }

    @Test func aNamedDeviceOpens() throws {
        let all = "exec 3</dev/loop-control && echo control; exec 4<>/x/zero && head -c 1 /x/zero | wc -c"
        let outcome = attempt(["--device", "/dev/loop-control", "--device=/dev/zero:/x/zero:rw"], all)
        #expect(outcome.lines == ["control", "1"], "\(outcome.error)")
        // Its neighbour does not.
        #expect(attempt(["--device", "/dev/loop-control", "-v", "/dev:/hd"], "exec 3</hd/kmsg; echo open").text == "")
        // A directory gives all that are in it.
        #expect(
            attempt(["--device", "/dev/net"], "test -c /dev/net/tun && exec 3<>/dev/net/tun && echo tun").text
                == "tun\n")
        #expect(
            attempt(["--device", "/dev"], "exec 3</dev/loop-control && echo open && echo >/dev/null").text == "open\n")
        #expect(attempt(["--device", "/dev/net:/n"], "test -c /n/tun && exec 3<>/n/tun && echo tun").text == "tun\n")
    }

    /// The host's mode and owner hold.
    @Test func aNamedDeviceIsNoMoreOpenThanTheHosts() throws {
        try withScratch { scratch in
            let node = scratch + "/node"
            try #require(Host.shell("mknod -m 600 \(node) c 1 5").code == 0)
            #expect(attempt(["-u", "1000", "--device", "\(node):/z"], "exec 3</z; echo open").text.isEmpty)
            Host.shell("chown 1000 \(node)")
            #expect(attempt(["-u", "1000", "--device", "\(node):/z"], "exec 3</z; echo open").text == "open\n")
        }
    }

    @Test func readingIsNotWriting() throws {
        let script = "(exec 3</x && echo reads); (exec 3>/x && echo writes); (exec 3<>/x && echo both)"
        for (permissions, expected) in [
            ("r", ["reads"]), ("rm", ["reads"]), ("w", ["writes"]), ("rw", ["reads", "writes", "both"]), ("m", []),
        ] {
            let outcome = attempt(["--device", "/dev/loop0:/x:\(permissions)"], script)
            #expect(outcome.lines == expected, "\(permissions): \(outcome.error)")
        }
        try withContainer("sec-dev", "--device", "/dev/loop0:/x:r", "sleep", "1000") { _ in
            #expect(mydocker("exec", "sec-dev", "sh", "-c", script).lines == ["reads"])
            #expect(mydocker("exec", "--privileged", "sec-dev", "sh", "-c", script).lines == ["reads"])
        }
    }

    /// Where there is only the devices controller of cgroup version 1.
    @Test func readingIsNotWritingInVersion1() throws {
        try #require(FileManager.default.fileExists(atPath: "/sys/fs/cgroup"))
        guard FileManager.default.fileExists(atPath: "/sys/fs/cgroup/devices/cgroup.procs") else { return }
        Ledger.expectUnchanged {
            let script = "(exec 3</x && echo reads); (exec 3>/x && echo writes); echo >/dev/null && echo null"
            let outcome = Host.shell(
                """
                unshare -m sh -c 'umount /sys/fs/cgroup/unified && "$MYDOCKER" run --rm --net none \
                --device /dev/loop0:/x:r sh -c "$0"' '\(script)'
                """)
            #expect(outcome.lines == ["reads", "null"], "\(outcome.error)")
            let refused = Host.shell(
                """
                unshare -m sh -c 'umount /sys/fs/cgroup/unified /sys/fs/cgroup/devices && "$MYDOCKER" run --rm --net none \
                --device /dev/loop0:/x:r true'
                """)
            #expect(refused.code == 125 && refused.error.hasPrefix("mydocker: limit devices: this host has neither"))
        }
    }

    @Test func whatIsNoDevice() throws {
        try withScratch { scratch in
            try writeFile("x", scratch + "/file")
            let gathering = "mydocker: error gathering device information while adding custom device"
            Ledger.expectUnchanged {
                for (device, message) in [
                    ("/dev/nosuch", "\(gathering) \"/dev/nosuch\": no such file or directory\n"),
                    ("\(scratch)/file", "\(gathering) \"\(scratch)/file\": not a device node\n"),
                    (scratch, "\(gathering) \"\(scratch)\": not a device node\n"),
                ] {
                    let outcome = attempt(["--device", device], "true")
                    #expect(outcome.code == 125 && outcome.error == message, "\(outcome.error)")
                }
                for (device, reason) in [
                    ("/dev/null:/x:r", "every container has it"), ("/dev/loop0:/proc/x", "the kernel's"),
                    ("/dev/loop0:/dev", "the kernel's"), ("x", "x is not an absolute path"),
                    ("/dev/loop0:/x:y", "bad mode specified: y"),
                ] {
                    let outcome = attempt(["--device", device], "true")
                    #expect(outcome.code == 125 && outcome.error.contains(reason), "\(device): \(outcome.error)")
                }
                let privileged = attempt(["--privileged", "--device", "/dev/loop0:/x:r"], "true")
                #expect(privileged.code == 125 && privileged.error.contains("conflicting options"))
            }
        }
    }

    @Test func namedDevicesAreOnRecordAndComeBack() throws {
        let flags = ["--device", "/dev/loop0:/x:r", "--device", "/dev/loop-control", "--restart", "on-failure:2"]
        let started = Host.run(
            [Host.mydocker, "run", "-d", "--net", "none", "--name", "sec-dev"] + flags
                + [
                    "sh", "-c",
                    "(exec 3</x && echo reads); (exec 3>/x && echo writes); exec 3</dev/loop-control && exit 1",
                ])
        defer { succeed("rm", "-f", "sec-dev") }
        try #require(started.code == 0, "\(started.error)")
        #expect(
            inspect("{{json .HostConfig.Devices}}", "sec-dev")
                == #"[{"PathOnHost":"/dev/loop0","PathInContainer":"/x","CgroupPermissions":"r"},{"PathOnHost":"/dev/loop-control","PathInContainer":"/dev/loop-control","CgroupPermissions":"rwm"}]"#
        )
        Host.eventually("it has given up") { inspect("{{.State.Status}}", "sec-dev") == "exited" }
        #expect(succeed("logs", "sec-dev").lines == ["reads", "reads", "reads"])
    }

    @Test func aPrivilegedContainerHasTheHostsDevices() throws {
        let list = "cd /dev && find . \\( -type c -o -type b \\) ! -path './pts/*' | sort"
        let outcome = attempt(["--privileged"], "\(list); exec 3</dev/loop-control && echo open")
        let hosts = Host.shell("\(list) | grep -v '^./\\(console\\|ptmx\\)$'").lines
        #expect(hosts.count > 6 && outcome.lines == hosts + ["open"], "\(outcome.error)")
        #expect(
            attempt(["--privileged"], "ls /dev/pts /dev/shm /dev/mqueue").lines.filter {
                !$0.hasPrefix("/dev") && !$0.isEmpty
            } == ["ptmx"])
        #expect(attempt(["--privileged", "-v", "/dev:/hd"], "exec 3</hd/loop-control && echo open").text == "open\n")
        #expect(attempt(["--privileged"], "mknod /x c 10 237 && exec 3</x && echo open").text == "open\n")
        let terminal = attempt(["--privileged", "-t"], "tty; echo there >/dev/console")
        #expect(terminal.text.contains("/dev/pts/0") && terminal.text.contains("there"), "\(terminal.text)")
    }

    /// By int 0x80, which the filter for 64-bit calls does not see.
    @Test func S16_thirtyTwoBitSocketsAreNoWayOut() throws {
        #if arch(x86_64)
            let program = """
                #include <stdio.h>
                #include <sys/mman.h>
                static int call(int number, int first, unsigned second, int third) {
                    int result;
                    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third)
                                     : "r8", "r9", "r10", "r11", "memory");
                    return result;
                }
                int main(void) {
                    /* Below 4 GiB, where a 32-bit call can point to. */
                    int *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
                    int families[] = {40, 38, 2};
                    for (int i = 0; i < 3; i++) {
                        words[0] = families[i], words[1] = families[i] == 38 ? 5 : 1, words[2] = 0;
                        printf("%d\\n", call(102, 1, (unsigned)(unsigned long)words, 0));
                    }
                    printf("%d %d %d\\n", call(359, 40, 1, 0), call(359, 38, 5, 0), call(359, 2, 1, 0) >= 0);
                }
                """
            try withScratch { scratch in
                try writeFile(program, scratch + "/calls.c")
                let made = Host.shell("cc -static -O1 -D_GNU_SOURCE -o \(scratch)/calls \(scratch)/calls.c")
                try #require(made.code == 0, "\(made.error)")
                let flags = ["-v", "\(scratch)/calls:/calls"]
                let open = attempt(flags + ["--security-opt", "seccomp=unconfined"], "/calls")
                // A kernel without 32-bit programs has no such calls at all.
                guard open.code == 0, open.lines.last?.hasSuffix(" 1") == true else { return }
                #expect(open.lines[2] != "-38")
                #expect(attempt(flags, "/calls").lines == ["-38", "-38", "-38", "-1 -1 1"])
            }
        #endif
    }
}
