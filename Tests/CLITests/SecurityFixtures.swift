import Foundation
import Testing

extension CLI {
    /// What a hostile program, image or archive must not reach.
    @Suite(.serialized) struct Security {
        init() {
            Host.switchRoutingOn()
            #expect(Host.hasDefaultImage)
        }
    }
}

/// A static program of C that tries from inside what a container must not be able to do.
enum Probe {
    static let path: String = {
        let parent = ProcessInfo.processInfo.environment["MYDOCKER_SANDBOX_SCRATCH"] ?? "/nowhere"
        let path = "\(parent)/probe"
        try? source.write(toFile: path + ".c", atomically: false, encoding: .utf8)
        let flags = "-static -O1 -D_GNU_SOURCE -o \(path) \(path).c"
        let outcome = Host.shell("umask 022; cc \(flags) || clang \(flags)")
        #expect(outcome.code == 0, "\(outcome.error)")
        return path
    }()

    /// Flags that put it into a container.
    static var flags: [String] { ["-v", "\(path):/probe:ro"] }

    /// Runs it in a new container, with `flags` of `run`.
    static func run(
        _ arguments: [String], _ flags: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) -> Outcome {
        Host.run(
            [Host.mydocker, "run", "--rm", "--net", "none"] + Self.flags + flags + ["/probe"] + arguments,
            sourceLocation: sourceLocation)
    }

    /// `name=value` lines.
    static func values(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        return values
    }

    private static let source = """
        #include <errno.h>
        #include <fcntl.h>
        #include <net/ethernet.h>
        #include <net/if.h>
        #include <netpacket/packet.h>
        #include <arpa/inet.h>
        #include <sched.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mount.h>
        #include <sys/ptrace.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/sysmacros.h>
        #include <sys/xattr.h>
        #include <unistd.h>

        static void say(const char *name, long result) {
            printf("%s=%s\\n", name, result < 0 ? strerrorname_np(errno) : "OK");
            fflush(stdout);
        }

        static void calls(void) {
            char zero[256] = {0};
            say("keyctl", syscall(SYS_keyctl, 0, -3, 1));
            say("add_key", syscall(SYS_add_key, "user", "a", "b", 1, -3));
            say("bpf", syscall(SYS_bpf, 0, zero, 48));
            say("perf_event_open", syscall(SYS_perf_event_open, zero, 0, -1, -1, 0));
            say("userfaultfd", syscall(SYS_userfaultfd, 0));
            say("io_uring_setup", syscall(425, 8, zero));
            say("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, zero, 0));
            say("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
            say("remount", mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
            say("umount2", umount2("/proc/keys", MNT_DETACH));
            say("fsopen", syscall(430, "tmpfs", 0));
            say("open_tree", syscall(428, AT_FDCWD, "/", 1));
            say("pivot_root", syscall(SYS_pivot_root, ".", "."));
            say("setns", syscall(SYS_setns, open("/proc/self/ns/mnt", O_RDONLY), 0));
            say("init_module", syscall(SYS_init_module, zero, 0, ""));
            say("kexec_load", syscall(SYS_kexec_load, 0, 0, 0, 0));
            say("swapon", syscall(SYS_swapon, "/x", 0));
            say("mknod", mknod("/node", S_IFCHR | 0666, makedev(1, 3)));
            say("mknod_dev", mknod("/dev/node", S_IFBLK | 0666, makedev(254, 0)));
            say("vsock", socket(40, SOCK_STREAM, 0));
            say("alg", socket(38, 5, 0));
            say("sethostname", sethostname("x", 1));
            say("clock_settime", syscall(SYS_clock_settime, 0, zero));
            say("iopl", syscall(172, 3));
            say("syslog", syscall(SYS_syslog, 3, zero, 10));
            say("personality", syscall(SYS_personality, 0x0040000));
            say("clone3", syscall(SYS_clone3, zero, 64));
            say("unshare_user", unshare(CLONE_NEWUSER));
            say("unshare_net", unshare(CLONE_NEWNET));
            say("unshare_cgroup", unshare(CLONE_NEWCGROUP));
            say("unshare_mount", unshare(CLONE_NEWNS));
            long pid = syscall(SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0);
            if (pid == 0) _exit(0);
            say("clone_user", pid);
        }

        static void descriptors(void) {
            printf("descriptors=");
            for (int fd = 0; fd < 4096; fd++)
                if (fcntl(fd, F_GETFD) >= 0) printf(fd ? " %d" : "%d", fd);
            printf("\\n");
        }

        static void open_ways(const char *path) {
            say("read", open(path, O_RDONLY));
            say("write", open(path, O_WRONLY));
            say("path", open(path, O_PATH));
        }

        /* Looks for a process that runs the file with this number, whose name in /proc would be a way out. */
        static void hunt(unsigned long inode) {
            char path[64];
            struct stat status;
            say("ready", 0);
            for (;;)
                for (int pid = 2; pid < 400; pid++) {
                    snprintf(path, sizeof path, "/proc/%d/exe", pid);
                    int fd = open(path, O_RDONLY);
                    if (fd < 0) continue;
                    if (fstat(fd, &status) == 0 && status.st_ino == inode) {
                        say("found", 0);
                        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
                        if (open(path, O_WRONLY) >= 0) say("writable", 0);
                    }
                    close(fd);
                }
        }

        /* Lets two names change places, as fast as it can. */
        static void swap(const char *one, const char *other) {
            say("ready", 0);
            for (;;) syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, 2);
        }

        /* A frame to everybody that says that `address` is at `mac`. */
        static void arp(const char *source, const char *mac, const char *address) {
            unsigned char frame[42] = {255, 255, 255, 255, 255, 255};
            unsigned part[6];
            sscanf(source, "%x:%x:%x:%x:%x:%x", part, part + 1, part + 2, part + 3, part + 4, part + 5);
            for (int i = 0; i < 6; i++) frame[6 + i] = part[i];
            memcpy(frame + 12, "\\x08\\x06\\0\\x01\\x08\\0\\x06\\x04\\0\\x02", 10);
            sscanf(mac, "%x:%x:%x:%x:%x:%x", part, part + 1, part + 2, part + 3, part + 4, part + 5);
            for (int i = 0; i < 6; i++) frame[22 + i] = frame[32 + i] = part[i];
            inet_pton(AF_INET, address, frame + 28);
            inet_pton(AF_INET, address, frame + 38);
            int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
            struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex("eth0"), .sll_halen = 6};
            for (int i = 0; i < 5; i++) say("sent", sendto(fd, frame, sizeof frame, 0, (void *)&to, sizeof to));
        }

        static void deep(int count) {
            while (count-- && mkdir("directory", 0700) == 0 && chdir("directory") == 0) {}
            printf("left=%d\\n", count);
        }

        static void list_attributes(const char *path) {
            char names[4096];
            ssize_t length = listxattr(path, names, sizeof names);
            for (char *name = names; name < names + length; name += strlen(name) + 1) puts(name);
        }

        int main(int count, char **words) {
            const char *what = count > 1 ? words[1] : "";
            if (!strcmp(what, "calls")) calls();
            else if (!strcmp(what, "descriptors")) descriptors();
            else if (!strcmp(what, "open")) open_ways(words[2]);
            else if (!strcmp(what, "hunt")) hunt(strtoul(words[2], NULL, 10));
            else if (!strcmp(what, "swap")) swap(words[2], words[3]);
            else if (!strcmp(what, "arp")) arp(words[2], words[3], words[4]);
            else if (!strcmp(what, "deep")) deep(atoi(words[2]));
            else if (!strcmp(what, "attributes")) list_attributes(words[2]);
            else if (!strcmp(what, "attribute")) return setxattr(words[2], words[3], words[4], strlen(words[4]), 0) < 0;
            else if (!strcmp(what, "keyring")) printf("keyring=%ld\\n", syscall(SYS_keyctl, 0, -3, 0));
            else if (!strcmp(what, "ptrace")) say("ptrace", ptrace(PTRACE_ATTACH, atoi(words[2]), 0, 0));
            return 0;
        }

        """
}

/// A root file system of the test's own with a busybox in it.
@discardableResult
func makeRoot(_ path: String) throws -> String {
    let outcome = Host.shell(
        """
        umask 022; mkdir -p \(path)/bin \(path)/etc && cp /bin/busybox \(path)/bin/ &&
        for name in sh ls cat mkdir sleep id true touch ln rm stat grep; do ln -s busybox \(path)/bin/$name; done
        """)
    try #require(outcome.code == 0, "\(outcome.error)")
    return path
}

extension Host {
    /// Runs mydocker as a shell does that has left its descriptors 5 to 9 open on `directory`.
    static func leaking(
        _ directory: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) -> Outcome {
        let redirections = (5...9).map { "\($0)<\(directory)" }.joined(separator: " ")
        return run(
            ["bash", "-c", "exec \(redirections); exec \"$0\" \"$@\"", mydocker] + arguments,
            sourceLocation: sourceLocation)
    }

    static func names(in directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory).sorted()) ?? ["?"]
    }

    /// The number of the file that the program under test is in.
    static var binaryNumber: String { run(["stat", "-Lc", "%i", mydocker]).word }
    static var binaryHash: String { run(["sha256sum", mydocker]).word }
}
