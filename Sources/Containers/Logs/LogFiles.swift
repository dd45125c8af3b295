import Core
import Glibc
import Linux

/// The files of a log at `path`: that one, which is written, then `path.1`, the one before it, and so on to the oldest.
///
/// A rotation moves the older ones up by one, gives the full one the name `path.1` as well, and puts an empty one in its
/// place under `path`. A writer that is killed during it leaves at most one number out, or the first two names for the
/// same file: nothing is lost, `path` is always there, and the next rotation goes on from there.
struct LogFiles {
    let path: String

    func old(_ number: Int) -> String { "\(path).\(number)" }
    /// The file that is to be `path` next.
    private var next: String { path + ".next" }

    /// Begins another file.
    /// - Parameter count: how many there may be.
    /// - Throws: when the disk is full; then the file that is written stays the one under `path`.
    func rotate(_ file: borrowing Descriptor, keeping count: Int) throws(OperationError) -> Descriptor {
        let new = try Descriptor.open(next, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, as: "create log")
        if count > 1 { try keep(file, among: count) }
        try move(next, path)
        return new
    }

    private func keep(_ file: borrowing Descriptor, among count: Int) throws(OperationError) {
        if let identity = LogIdentity(of: file), identity == LogIdentity(of: old(1)) { return }
        // A number that is left out takes the one before it: the oldest file is only given up for want of one.
        let free = (1..<count).first { !Files.exists(old($0)) } ?? count - 1
        for number in (1..<free).reversed() { try move(old(number), old(number + 1)) }
        if free == 1 { try Files.remove(old(1)) }
        try FaultPoint.pass("rotate log", old(1))
        // Somebody may have taken the file away.
        guard Files.makeHardLink(old(1), to: path) || errno == ENOENT else {
            throw OperationError("rotate log", path, errno: errno)
        }
    }

    private func move(_ source: String, _ target: String) throws(OperationError) {
        try FaultPoint.pass("rotate log", target)
        guard Files.rename(source, to: target) else { throw OperationError("rotate log", target, errno: errno) }
    }

    /// Opens all there are, the oldest first, as they are at one moment: a file that a rotation removes meanwhile can
    /// still be read.
    func open() throws(OperationError) -> [LogFile] {
        // A rotation takes tens of microseconds longer than this: a second attempt is rare.
        for _ in 0..<1000 {
            let files = try openEach()
            // Still the first: no rotation has been finished since it was opened, so none is left out.
            if files.last?.identity == LogIdentity(of: path) || !Files.exists(path) { return files }
        }
        return try openEach().suffix(1)
    }

    private func openEach() throws(OperationError) -> [LogFile] {
        var files: [LogFile] = []
        var missing = 0
        var number = 0
        while missing < 2 {
            let file = try LogFile(number == 0 ? path : old(number))
            number += 1
            missing = file == nil ? missing + 1 : 0
            // In the midst of a rotation a file is met twice.
            if let file, file.identity != files.last?.identity { files.append(file) }
        }
        return files.reversed()
    }
}

/// Which file it is, as long as it is open.
struct LogIdentity: Equatable {
    private let device: dev_t
    private let inode: ino_t

    private init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }
    init?(of path: String) {
        guard let status = Files.status(path) else { return nil }
        self.init(status)
    }
    init?(of file: borrowing Descriptor) {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { return nil }
        self.init(status)
    }
}

/// One file of a log, open for reading.
final class LogFile {
    let descriptor: Descriptor
    let identity: LogIdentity
    private let path: String

    /// - Returns: nil when there is no such file.
    init?(_ path: String) throws(OperationError) {
        let descriptor: Descriptor
        do throws(OperationError) {
            descriptor = try Descriptor.open(path, O_RDONLY, as: "open log")
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
        guard let identity = LogIdentity(of: descriptor) else { throw OperationError("open log", path, errno: errno) }
        self.descriptor = descriptor
        self.identity = identity
        self.path = path
    }

    var size: Int64 {
        var status = stat()
        return fstat(descriptor.number, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// - Returns: how many bytes; fewer than asked for at the end of the file only.
    func read(_ target: UnsafeMutableRawBufferPointer, at offset: Int64) throws(OperationError) -> Int {
        var done = 0
        while done < target.count {
            let count = pread(
                descriptor.number, target.baseAddress.map { $0 + done }, target.count - done, off_t(offset) + done)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw OperationError("read log", path, errno: errno) }
            if count == 0 { break }
            done += count
        }
        return done
    }
}
