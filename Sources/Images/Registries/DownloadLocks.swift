import Core
import Glibc
import Linux
import Synchronization

/// Blobs that this process alone gets, as long as this value is there: the locks of their files die with it. Threads that get
/// them may use it at the same time.
///
/// All are taken in the order of their digests, so that two pulls of images with common layers do not wait for each other. Each
/// is given back as soon as its layer is in the store: who wants that one waits for it alone.
final class DownloadLocks: Sendable {
    private let layout: StoreLayout
    /// Descriptors by digests.
    private let held = Mutex<[Digest: Int32]>([:])
    /// What is in the store by now.
    private let stored = Mutex<[Digest]>([])
    /// Milliseconds: another pull makes headway, or ends by itself.
    private static let patience: Int64 = 3_600_000

    init(in layout: StoreLayout) { self.layout = layout }

    /// - Parameter waiting: is called for each that another process is getting.
    func take(_ digests: [Digest], waiting: (Digest) -> Void) throws(OperationError) {
        for digest in Set(digests).sorted() {
            let path = layout.download(digest)
            let lock: FileLock
            if let free = try FileLock.tryAcquire(path, creating: true, until: Deadline(milliseconds: 0)) {
                lock = free
            } else {
                waiting(digest)
                lock = try FileLock.acquire(path, as: "wait for the pull of", within: Self.patience)
            }
            let descriptor = lock.intoDescriptor().release()
            held.withLock { $0[digest] = descriptor }
        }
    }

    /// Somebody else had got it while we waited.
    func giveBack(_ digest: Digest) {
        if let descriptor = held.withLock({ $0.removeValue(forKey: digest) }) { end(digest, descriptor) }
    }

    /// The file has become a blob of the store. Until an image has that, another file under its name says that it came by a pull:
    /// should we be killed, what is in the store for nobody is not lost (`ImageStore.returnDownloads`).
    func give(_ digest: Digest) throws(OperationError) {
        stored.withLock { $0.append(digest) }
        let path = layout.download(digest)
        guard let descriptor = held.withLock({ $0.removeValue(forKey: digest) }) else { return }
        defer { close(descriptor) }
        // The store may have had that blob.
        remove(digest, descriptor)
        _ = try Descriptor.open(path, O_RDWR | O_CREAT, as: "create")
    }

    deinit { for (digest, descriptor) in held.withLock({ $0 }) { end(digest, descriptor) } }

    /// What nothing has come of goes; what has begun stays for the next pull.
    private func end(_ digest: Digest, _ descriptor: Int32) {
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_size == 0 { remove(digest, descriptor) }
        close(descriptor)
    }

    /// What is in the store by now, for an image that is there, is not needed any more.
    func discard() {
        for (digest, descriptor) in held.withLock({ $0 }) { remove(digest, descriptor) }
        for digest in stored.withLock({ $0 }) { layout.removeMark(of: digest) }
    }

    /// Unless it has become another one's: by then it is a blob of the store.
    private func remove(_ digest: Digest, _ descriptor: Int32) {
        let path = layout.download(digest)
        var ours = stat()
        guard fstat(descriptor, &ours) == 0, let named = Files.status(path), named.st_ino == ours.st_ino else { return }
        try? Files.remove(path)
    }
}

extension StoreLayout {
    /// - Returns: the lock of an empty file that says of a blob that a pull has brought it; nil where there is none, or somebody
    ///   is at it.
    fileprivate func mark(of digest: Digest) -> FileLock? {
        let path = download(digest)
        guard let status = Files.status(path), status.st_size == 0 else { return nil }
        do throws(OperationError) {
            return try FileLock.tryAcquire(path, creating: false, until: Deadline(milliseconds: 0))
        } catch { return nil }
    }

    fileprivate func removeMark(of digest: Digest) {
        guard let lock = mark(of: digest) else { return }
        try? Files.remove(download(digest))
        lock.release()
    }
}

extension ImageStore {
    /// Blobs of pulls that have ended before their images were here go back to where the next pull looks for them.
    /// - Parameters:
    ///   - kept: the digits of the blobs that something still needs.
    ///   - owned: those of them that images or builds have.
    func returnDownloads(
        except kept: Set<String>, owned: Set<String>, holding lock: borrowing FileLock
    ) throws(OperationError) {
        for digest in try Files.names(in: layout.downloads).compactMap({ Digest(hex: $0) }) {
            if owned.contains(digest.hex) {
                layout.removeMark(of: digest)
            } else if !kept.contains(digest.hex), Files.exists(layout.blob(digest)), let mark = layout.mark(of: digest)
            {
                try Files.move(layout.blob(digest), to: layout.download(digest))
                mark.release()
            }
        }
    }

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
