import Core
import Glibc
import Linux

/// Blobs that this process alone gets, as long as this value is there: the locks of their files die with it.
///
/// All are taken in the order of their digests, so that two pulls of images with common layers do not wait for each other.
struct DownloadLocks: ~Copyable {
    private var files: [(path: String, descriptor: Int32)] = []
    /// Milliseconds: another pull makes headway, or ends by itself.
    private static let patience: Int64 = 3_600_000

    /// - Parameter waiting: is called for each that another process is getting.
    init(
        _ digests: [Digest], in layout: StoreLayout, waiting: (Digest) -> Void
    ) throws(OperationError) {
        for digest in Set(digests).sorted() {
            let path = layout.download(digest)
            let now = Deadline(milliseconds: 0)
            if let lock = try FileLock.tryAcquire(path, creating: true, until: now) {
                files.append((path, lock.intoDescriptor().release()))
                continue
            }
            waiting(digest)
            let lock = try FileLock.acquire(path, as: "wait for the pull of", within: Self.patience)
            files.append((path, lock.intoDescriptor().release()))
        }
    }

    /// What nothing has come of goes; what has begun stays for the next pull.
    deinit {
        for (path, descriptor) in files {
            var status = stat()
            if fstat(descriptor, &status) == 0, status.st_size == 0 { Self.remove(path, descriptor) }
            close(descriptor)
        }
    }

    /// What is in the store by now is not needed any more.
    func discard() { for (path, descriptor) in files { Self.remove(path, descriptor) } }

    /// Unless it has become another one's: by then it is a blob of the store.
    private static func remove(_ path: String, _ descriptor: Int32) {
        var ours = stat()
        guard fstat(descriptor, &ours) == 0, let named = Files.status(path), named.st_ino == ours.st_ino else { return }
        try? Files.remove(path)
    }
}

extension ImageStore {
    /// Blobs whose pull has ended before it was done, and that nobody is at.
    func abandonedDownloads() throws(OperationError) -> [String] {
        try Files.names(in: layout.downloads).map { "\(layout.downloads)/\($0)" }.filter { !FileLock.isHeld($0) }
    }

    /// - Returns: the bytes that are free again.
    package func clearDownloads() throws(OperationError) -> Int64 {
        var bytes: Int64 = 0
        for path in try abandonedDownloads() {
            guard let lock = try FileLock.tryAcquire(path, creating: false, until: Deadline(milliseconds: 0)) else {
                continue
            }
            bytes += Int64(Files.status(path)?.st_size ?? 0)
            try Files.remove(path)
            lock.release()
        }
        return bytes
    }
}
