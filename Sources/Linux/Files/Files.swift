import CLinux
import Core
import Glibc

/// Whole small files, directories and links by path. No path here ever comes from inside a container.
package enum Files {
    /// - Throws: also EFBIG when the file is larger than `limit` bytes.
    package static func read(_ path: String, limit: Int = 64 << 20) throws(OperationError) -> [UInt8] {
        try read(Descriptor.open(path, O_RDONLY, as: "read"), named: path, limit: limit)
    }

    /// A record of ours: whatever lies there by now, such as a pipe, nobody waits for it.
    package static func readRecord(_ path: String, limit: Int = 64 << 20) throws(OperationError) -> [UInt8] {
        try read(Descriptor.open(path, O_RDONLY | O_NONBLOCK, as: "read"), named: path, limit: limit)
    }

    /// A file that an administrator or the caller has made, and whose absence means something. So a pipe is an error: read without
    /// waiting, it would seem to be an empty one.
    package static func readConfiguration(_ path: String, limit: Int) throws(OperationError) -> [UInt8] {
        let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK, as: "read")
        guard kind(of: file.number) != S_IFIFO else {
            throw OperationError(
                "read", path, reason: "it is a pipe", remedy: "put a file in its place", kind: .invalid)
        }
        return try read(file, named: path, limit: limit)
    }

    /// The text of a small file of the kernel's, without the newline at its end; nil when there is none.
    package static func line(_ path: String) -> String? {
        guard let bytes = try? read(path) else { return nil }
        return String(kernel: bytes.last == 0x0a ? bytes.dropLast() : bytes[...])
    }

    package static func text(_ path: String) -> String? {
        (try? read(path)).map { String(kernel: $0) }
    }

    /// A small file that somebody else makes, such as one in /etc; nil, too, when it is none that ends: nobody waits for a pipe.
    package static func foreignText(_ path: String, limit: Int = 4 << 20) -> String? {
        guard let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK, as: "read"),
            kind(of: file.number) == S_IFREG
        else { return nil }
        return (try? read(file, named: path, limit: limit)).map { String(kernel: $0) }
    }

    /// Writes to a file that exists, such as one of sysfs or cgroupfs, in one write(2).
    package static func set(_ path: String, to text: String) throws(OperationError) {
        try FaultPoint.pass("write", path)
        let file = try Descriptor.open(path, O_WRONLY, as: "write")
        try writeAll(Array(text.utf8), to: file, named: path)
    }

    /// A new file; EEXIST when there is one.
    package static func create(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws(OperationError) {
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: mode, as: "create")
        try FaultPoint.pass("write", path)
        try writeAll(bytes, to: file, named: path)
    }

    /// Replaces `path` whole or not at all: a reader sees the old bytes or the new ones.
    /// - Parameter durable: on disk when the call returns (fsync of file and directory).
    package static func replace(
        _ path: String, _ bytes: [UInt8], mode: mode_t = 0o600, durable: Bool = false
    ) throws(OperationError) {
        let temporary = "\(path).\(getpid()).tmp"
        do throws(OperationError) {
            let file = try createAnew(temporary, mode: mode)
            try FaultPoint.pass("write", temporary)
            try writeAll(bytes, to: file, named: temporary)
            if durable {
                try FaultPoint.pass("sync", temporary)
                guard fsync(file.number) == 0 else { throw OperationError("sync", path, errno: errno) }
            }
            try FaultPoint.pass("replace", path)
            guard rename(temporary, to: path) else { throw OperationError("replace", path, errno: errno) }
        } catch {
            _ = temporary.withKernelString { unlink($0) }
            // Nobody but this function knows the other name.
            throw error.subject == temporary ? error.about(path) : error
        }
        if durable { try syncDirectory(of: path) }
    }

    /// A file of this process's own. What somebody has put there is neither followed nor written to: the directory may be one that
    /// others can write to.
    private static func createAnew(_ path: String, mode: mode_t) throws(OperationError) -> Descriptor {
        let flags = O_WRONLY | O_CREAT | O_EXCL
        do throws(OperationError) {
            return try Descriptor.open(path, flags, mode: mode, as: "create")
        } catch {
            guard error.errno == EEXIST else { throw error }
            try remove(path)
            return try Descriptor.open(path, flags, mode: mode, as: "create")
        }
    }

    package static func syncDirectory(of path: String) throws(OperationError) {
        try sync(path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".")
    }

    /// What a file says, or which names a directory has, is on disk when this returns (fsync(2)).
    package static func sync(_ path: String) throws(OperationError) {
        try FaultPoint.pass("sync", path)
        let file = try Descriptor.open(path, O_RDONLY, as: "sync")
        guard fsync(file.number) == 0 else { throw OperationError("sync", path, errno: errno) }
    }

    /// - Returns: whether it was made now.
    @discardableResult
    package static func makeDirectory(
        _ path: String, mode: mode_t = 0o700, existing: Bool = true
    ) throws(OperationError) -> Bool {
        try FaultPoint.pass("create directory", path)
        if path.withKernelString({ mkdir($0, mode) }) == 0 { return true }
        guard errno == EEXIST, existing else { throw OperationError("create directory", path, errno: errno) }
        return false
    }

    /// `path` with all directories above it.
    package static func makeDirectories(_ path: String, mode: mode_t = 0o700) throws(OperationError) {
        try FaultPoint.pass("create directory", path)
        if path.withKernelString({ mkdir($0, mode) }) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw OperationError("create directory", path, errno: errno)
        }
        try makeDirectories(String(path[..<slash]), mode: mode)
        try makeDirectory(path, mode: mode)
    }

    /// Removing what is gone is success.
    package static func remove(_ path: String) throws(OperationError) {
        try FaultPoint.pass("remove", path)
        guard path.withKernelString({ unlink($0) }) == 0 || errno == ENOENT else {
            throw OperationError("remove", path, errno: errno)
        }
    }

    package static func removeDirectory(_ path: String) throws(OperationError) {
        try FaultPoint.pass("remove directory", path)
        guard removeEmptyDirectory(path) || errno == ENOENT else {
            throw OperationError("remove directory", path, errno: errno)
        }
    }

    /// The names in a directory, unsorted; empty when there is no such directory.
    package static func names(in path: String) throws(OperationError) -> [String] {
        guard let directory = path.withKernelString({ opendir($0) }) else {
            if errno == ENOENT { return [] }
            throw OperationError("read directory", path, errno: errno)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(kernel: bytes.prefix { $0 != 0 })
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// - Returns: false when there is something at `path`.
    package static func makeSymbolicLink(_ path: String, to target: String) throws(OperationError) -> Bool {
        try FaultPoint.pass("create symbolic link", path)
        let result = target.withKernelString { target in path.withKernelString { symlink(target, $0) } }
        if result == 0 { return true }
        guard errno == EEXIST else { throw OperationError("create symbolic link", path, errno: errno) }
        return false
    }

    /// Within a file system; what is at `target` is replaced.
    package static func move(_ source: String, to target: String) throws(OperationError) {
        try FaultPoint.pass("create", target)
        guard rename(source, to: target) else { throw OperationError("create", target, errno: errno) }
    }

    /// rename(2) with errno, for those who have their own words for it.
    package static func rename(_ source: String, to target: String) -> Bool {
        source.withKernelString { source in target.withKernelString { Glibc.rename(source, $0) } } == 0
    }

    /// link(2) likewise.
    package static func makeHardLink(_ path: String, to existing: String) -> Bool {
        existing.withKernelString { existing in path.withKernelString { Glibc.link(existing, $0) } } == 0
    }

    /// The same for a file that is open, whatever its own name is.
    package static func makeHardLink(_ path: String, to existing: borrowing Descriptor) -> Bool {
        let open = "/proc/self/fd/\(existing.number)"
        return path.withKernelString { linkat(AT_FDCWD, open, AT_FDCWD, $0, AT_SYMLINK_FOLLOW) } == 0
    }

    /// rmdir(2) likewise.
    package static func removeEmptyDirectory(_ path: String) -> Bool { path.withKernelString { rmdir($0) } == 0 }

    package static func exists(_ path: String) -> Bool {
        path.withKernelString { faccessat(AT_FDCWD, $0, F_OK, AT_SYMLINK_NOFOLLOW | AT_EACCESS) } == 0
    }

    package static func status(_ path: String, followLinks: Bool = true) -> stat? {
        var status = Glibc.stat()
        let result = path.withKernelString { fstatat(AT_FDCWD, $0, &status, followLinks ? 0 : AT_SYMLINK_NOFOLLOW) }
        return result == 0 ? status : nil
    }

    package static func isDirectory(_ path: String) -> Bool {
        status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    package static func link(_ path: String) -> String? {
        path.withKernelString { link(AT_FDCWD, $0) }
    }

    /// Where an open symbolic link points to.
    package static func link(at link: borrowing Descriptor) -> String? { self.link(link.number, "") }

    private static func link(_ directory: Int32, _ name: UnsafePointer<CChar>) -> String? {
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            count = buffer.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map { max(0, readlinkat(directory, name, $0, characters.count)) } ?? 0
            }
        }
        return bytes.isEmpty ? nil : String(kernel: bytes)
    }
}

/// Byte containers that can be written without a copy.
package protocol ContiguousBytes8 {
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result
}
extension Array: ContiguousBytes8 where Element == UInt8 {
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { withUnsafeBytes(body) }
}
extension UnsafeRawBufferPointer: ContiguousBytes8 {
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { body(self) }
}

extension Files {
    /// Nil when it is gone, or cannot be reached any more.
    package static var workingDirectory: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(kernel: path)
    }

    /// The absolute path without links, or nil when there is nothing at `path`.
    package static func absolute(_ path: String) -> String? {
        guard let resolved = path.withKernelString({ realpath($0, nil) }) else { return nil }
        defer { free(resolved) }
        return String(kernel: resolved)
    }

    /// S_IFMT of what an open descriptor is; nil when it is none.
    package static func kind(of descriptor: Int32) -> mode_t? {
        var status = Glibc.stat()
        return fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
