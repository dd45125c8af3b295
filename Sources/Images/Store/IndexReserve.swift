import Core
import Glibc
import Linux

/// Room that is kept back beside the index. Even to forget a name the index is written anew: on a full disk this file becomes the
/// index, so that nobody else gets the room first. Whoever has it holds the store's lock.
struct IndexReserve: Sendable {
    let path: String

    /// Bytes: by so many it grows, and so many it is larger than the index at least.
    private static let step = 32 << 10
    /// What is asked for at a time: of a disk that is nearly full as much as there is.
    private static let piece = 8 << 10

    /// Has room for an index of `size` bytes, if there is some.
    func keep(for size: Int) {
        let wanted = (size / Self.step + 2) * Self.step
        var there = Int(Files.status(path)?.st_size ?? 0)
        guard there < wanted, (try? FaultPoint.pass("keep room", path)) != nil,
            let file = try? Descriptor.open(path, O_WRONLY | O_CREAT, mode: 0o644, as: "create")
        else { return }
        while there < wanted, posix_fallocate(file.number, there, Self.piece) == 0 { there += Self.piece }
    }

    /// Puts `bytes` in the place of `target`, whole and on disk, without a byte more than what was kept back.
    func replace(_ target: String, by bytes: [UInt8]) throws(OperationError) {
        let file = try Descriptor.open(path, O_WRONLY, as: "write")
        try Files.overwrite(file, bytes, named: path)
        try Files.sync(path)
        try Files.move(path, to: target)
        try Files.syncDirectory(of: target)
    }
}
