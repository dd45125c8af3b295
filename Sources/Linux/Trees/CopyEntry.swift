import CLinux
import Core
import Glibc

/// What is made of one file of a tree that is copied.
struct EntryCopy {
    let name: FileName
    /// The directory that it is made in.
    let target: Int32
    /// What errors call the original, and the copy.
    let origin: String
    let path: String
    let ownership: CopyOwnership
    /// Whether a directory replaces what has its name and is none.
    let replacesFiles: Bool

    private static let attempts = 64

    // MARK: Directories

    /// The new one, or the one that is there.
    func makeDirectory() throws(OperationError) -> Descriptor {
        var number = try openDirectory()
        if replacesFiles, number == -ENOTDIR || number == -ELOOP {
            guard unlinkat(target, name.bytes, 0) == 0 || errno == ENOENT else { throw failure(errno) }
            number = try openDirectory()
        }
        if number == -ENOTDIR || number == -ELOOP {
            throw OperationError(
                "copy to", path, reason: "cannot overwrite non-directory with directory", kind: .conflict)
        }
        guard number >= 0 else { throw failure(-number) }
        return Descriptor(owning: number)
    }

    /// - Returns: -errno when what is there cannot be opened as one.
    private func openDirectory() throws(OperationError) -> Int32 {
        if mkdirat(target, name.bytes, 0o700) != 0, errno != EEXIST { throw failure(errno) }
        return clinux_openat(target, name.bytes, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
    }

    // MARK: Regular files

    /// - Returns: how many bytes it holds.
    func makeFile(from source: borrowing Descriptor, _ status: stat) throws(OperationError) -> Int64 {
        try refuseDirectory()
        let number = clinux_openat(target, ".", Int32(CLINUX_O_TMPFILE) | O_DIRECTORY | O_WRONLY, 0o600)
        guard number >= 0 else { return try makeNamedFile(from: source, status) }
        let file = Descriptor(owning: number)
        let count = try fill(file, from: source, status)
        try settle { clinux_link_unnamed(file.number, target, name.bytes) }
        return count
    }

    /// For file systems without files that have no name. A part of one goes with the error, but not with a kill.
    private func makeNamedFile(from source: borrowing Descriptor, _ status: stat) throws(OperationError) -> Int64 {
        var number: Int32 = -1
        try settle {
            number = clinux_openat(target, name.bytes, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
            return min(number, 0)
        }
        let file = Descriptor(owning: number)
        do throws(OperationError) {
            return try fill(file, from: source, status)
        } catch {
            unlinkat(target, name.bytes, 0)
            throw error
        }
    }

    private func fill(
        _ file: borrowing Descriptor, from source: borrowing Descriptor, _ status: stat
    ) throws(OperationError) -> Int64 {
        let size = Int64(status.st_size)
        var position: Int64 = 0
        while position < size {
            try Interruption.check("copy to", path)
            let result = source.copyNext(to: file, from: &position, limit: Descriptor.portion, size: size)
            guard result == 0 else { throw failure(result) }
        }
        try Self.equip(file, like: status, from: source, ownership, path)
        return size
    }

    /// Owner first, since a new one clears set-user-ID and capabilities.
    static func equip(
        _ file: borrowing Descriptor, like status: stat, from source: borrowing Descriptor, _ ownership: CopyOwnership,
        _ path: String
    ) throws(OperationError) {
        let owner = ownership.owner(of: status)
        guard fchown(file.number, owner.user, owner.group) == 0, fchmod(file.number, ownership.mode(of: status)) == 0
        else { throw OperationError("copy to", path, errno: errno) }
        let result = clinux_copy_attributes(
            source.number, file.number, ownership.changes(status) ? 0 : Int32(CLINUX_COPY_CAPABILITIES))
        guard result == 0 else { throw OperationError("copy attributes to", path, errno: -result) }
        guard futimens(file.number, [status.st_atim, status.st_mtim]) == 0 else {
            throw OperationError("copy to", path, errno: errno)
        }
    }

    /// - Returns: false when there is nothing to link to.
    func makeHardLink(to first: FileName, in directory: borrowing Descriptor) throws(OperationError) -> Bool {
        try refuseDirectory()
        let number = directory.number
        var isThere = true
        try settle {
            if linkat(number, first.bytes, target, name.bytes, 0) == 0 { return 0 }
            isThere = errno != ENOENT
            return isThere ? -errno : 0
        }
        return isThere
    }

    // MARK: Others

    func makeLink(to text: String, like status: stat) throws(OperationError) {
        try refuseDirectory()
        try settle { text.withKernelString { symlinkat($0, target, name.bytes) } == 0 ? 0 : -errno }
        try own(like: status)
    }

    func makePipe(like status: stat) throws(OperationError) {
        try refuseDirectory()
        try settle { mknodat(target, name.bytes, S_IFIFO | 0o600, 0) == 0 ? 0 : -errno }
        // By a descriptor: by its name chmod would follow a link that somebody has put there.
        let pipe = Descriptor(owning: clinux_openat(target, name.bytes, Descriptor.pathOnly | O_NOFOLLOW, 0))
        var made = stat()
        guard fstat(pipe.number, &made) == 0, made.kind == S_IFIFO else { return }
        let result = clinux_set_mode(pipe.number, ownership.mode(of: status))
        guard result == 0 else { throw failure(-result) }
        try own(like: status)
    }

    private func own(like status: stat) throws(OperationError) {
        let owner = ownership.owner(of: status)
        guard fchownat(target, name.bytes, owner.user, owner.group, AT_SYMLINK_NOFOLLOW) == 0,
            utimensat(target, name.bytes, [status.st_atim, status.st_mtim], AT_SYMLINK_NOFOLLOW) == 0
        else { throw failure(errno) }
    }

    // MARK: What is there already

    private func refuseDirectory() throws(OperationError) {
        var status = stat()
        guard fstatat(target, name.bytes, &status, AT_SYMLINK_NOFOLLOW) == 0, status.isDirectory else { return }
        throw overwriting
    }

    /// Makes it, in place of a file that has its name.
    /// - Parameter make: 0 or -errno; -EEXIST when there is something by that name.
    private func settle(_ make: () -> Int32) throws(OperationError) {
        for _ in 0..<Self.attempts {
            let result = make()
            if result == 0 { return }
            guard result == -EEXIST else { throw failure(-result) }
            if unlinkat(target, name.bytes, 0) == 0 || errno == ENOENT { continue }
            throw errno == EISDIR ? overwriting : failure(errno)
        }
        throw failure(EEXIST)
    }

    private var overwriting: OperationError {
        OperationError("copy to", path, reason: "cannot overwrite directory with non-directory", kind: .conflict)
    }

    private func failure(_ number: Int32) -> OperationError { OperationError("copy to", path, errno: number) }
}
