import Core
import Glibc
import Linux

extension ImageStore {
    package static let defaultReference = "busybox:latest"

    /// The image that `run` takes when none is named, made from the host's static busybox on first use.
    /// It is of no scope: whoever needs it next has it.
    package func defaultImage() throws(OperationError) -> Image {
        try ImageStore(root: layout.root).defaultImage(from: Busybox.candidates)
    }

    func defaultImage(from candidates: [String]) throws(OperationError) -> Image {
        if let image = try resolve(ImageStore.defaultReference) { return image }
        let busybox = try Busybox.find(candidates)
        try layout.create()
        // Only one of those who come at the same time makes it.
        let lock = try FileLock.acquire(layout.root + "/default-image.lock")
        if let image = try resolve(ImageStore.defaultReference) { return image }
        return try makeDefaultImage(from: busybox, holding: lock)
    }

    private func makeDefaultImage(
        from busybox: Busybox, holding lock: borrowing FileLock
    ) throws(OperationError) -> Image {
        let workspace = try workspace()
        let root = workspace.file("root")
        try RootSkeleton(root).create(with: busybox)
        var draft = ImageDraft()
        draft.config.command = ["sh"]
        draft.config.environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        draft.layers = [try pack(root, layer: 0, in: workspace)]
        draft.addHistory("", comment: "Made from \(busybox.path)")
        _ = try publish(draft, as: ImageStore.defaultReference, in: workspace)
        guard let image = try resolve(ImageStore.defaultReference) else {
            throw ImageStore.notFound(ImageStore.defaultReference)
        }
        return image
    }
}

/// A small root directory around one program.
private struct RootSkeleton {
    private let root: String

    private static let directories = [
        "bin", "dev", "etc", "home", "lib", "mnt", "opt", "proc", "run", "sbin", "srv", "sys", "usr", "usr/bin",
        "usr/sbin", "usr/local", "usr/local/bin", "usr/local/sbin", "var", "var/cache", "var/lib", "var/log",
        "var/spool",
    ]
    private static let files = [
        ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"),
        ("etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"),
        ("etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"),
        ("etc/hostname", "localhost\n"),
        ("etc/resolv.conf", ""),
        ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
        ("etc/services", "ssh\t22/tcp\ndomain\t53/tcp\ndomain\t53/udp\nhttp\t80/tcp\nhttps\t443/tcp\n"),
    ]

    init(_ root: String) { self.root = root }

    func create(with busybox: Busybox) throws(OperationError) {
        try directory("", 0o755)
        for name in RootSkeleton.directories { try directory("/" + name, 0o755) }
        try directory("/root", 0o700)
        for name in ["/tmp", "/var/tmp"] { try directory(name, 0o1777) }
        for (name, text) in RootSkeleton.files { try file("/" + name, Array(text.utf8), 0o644) }
        try file("/bin/busybox", Files.read(busybox.path), 0o755)
        // Symbolic and not hard links: a container that changes one of them gets a copy of a name, not of the program.
        for applet in busybox.applets where applet != "busybox" { try link("/bin/" + applet, to: "busybox") }
        try link("/usr/bin/env", to: "../../bin/busybox")
        try link("/var/run", to: "../run")
    }

    /// Whatever the umask is.
    private func setMode(_ path: String, _ mode: mode_t) throws(OperationError) {
        try FaultPoint.pass("set mode of", path)
        guard path.withKernelString({ chmod($0, mode) }) == 0 else {
            throw OperationError("set mode of", path, errno: errno)
        }
    }

    private func directory(_ name: String, _ mode: mode_t) throws(OperationError) {
        try Files.makeDirectory(root + name, existing: false)
        try setMode(root + name, mode)
    }

    private func file(_ name: String, _ bytes: [UInt8], _ mode: mode_t) throws(OperationError) {
        try Files.create(root + name, bytes)
        try setMode(root + name, mode)
    }

    private func link(_ name: String, to target: String) throws(OperationError) {
        _ = try Files.makeSymbolicLink(root + name, to: target)
    }
}
