import Core
import Glibc
import Linux
import Registry
import Synchronization

/// One layer on its way from a registry: a thread gets its bytes and keeps them under their digest, while another one unpacks
/// what has come.
struct LayerPull: Sendable {
    let store: ImageStore
    let session: RegistrySession
    let reference: Reference
    let blob: Manifest.Blob
    let diff: Digest
    let budget: UnpackBudget
    let progress: any TransferProgress

    private var path: String { store.layout.download(blob.digest) }
    private var name: String { "\(reference.name)@\(blob.digest)" }

    /// - Parameter trees: empty directories, of which one is filled.
    func run(into trees: (first: String, second: String)) throws(OperationError) -> LayerDraft {
        let before = Int64(Files.status(path)?.st_size ?? 0)
        guard before > 0 else { return try receive(into: trees.first, within: budget) }
        let apart = budget.apart()
        let draft: LayerDraft
        do throws(OperationError) {
            draft = try receive(into: trees.first, within: apart)
        } catch {
            // What was kept of another time may be damaged, as by a crash of the host: once more from the start.
            guard error.kind == .damaged else { throw error }
            return try receive(into: trees.second, within: budget)
        }
        try budget.spend(apart, of: name)
        return draft
    }

    private func receive(into tree: String, within budget: UnpackBudget) throws(OperationError) -> LayerDraft {
        var ends = try Descriptor.pipe()
        guard let input = ends.takeRead(), let output = ends.takeWrite() else {
            throw OperationError("create pipe", errno: EBADF)
        }
        let number = output.release()
        let kept = FeedFailure()
        let feeder = try WorkerThread {
            let output = Descriptor(owning: number)
            do throws(OperationError) { try feed(output) } catch { kept.set(error) }
        }
        let content: Archive.Content
        do throws(OperationError) {
            content = try unpack(input, to: tree, within: budget)
        } catch {
            feeder.join()
            throw kept.reason.map(abandonDamaged) ?? abandon(judged(error))
        }
        feeder.join()
        if let reason = kept.reason { throw abandonDamaged(reason) }
        return try check(content, tree)
    }

    /// What cannot be unpacked is damaged, unless the disk or the host refuses. Where it is not what was asked for, that is why.
    private func judged(_ error: OperationError) -> OperationError {
        guard error.errno == nil, error.exitCode == nil, error.kind == .failed else { return error }
        if let found = received, found != blob.digest { return mismatch(found) }
        return OperationError(error.description, remedy: error.remedy, kind: .damaged)
    }

    /// The digest of what has come; nil where that is not all.
    private var received: Digest? {
        guard let file = try? Descriptor.open(path, O_RDONLY), let status = Files.status(path),
            Int64(status.st_size) == blob.size
        else { return nil }
        return try? Digest(ofFile: file, named: path)
    }

    private func mismatch(_ found: Digest) -> OperationError {
        OperationError(
            "filesystem layer verification failed for digest \(blob.digest): what came is \(found)",
            remedy: "try again; where that does not help, the image is damaged at the registry", kind: .damaged)
    }

    /// The feeder finds out when nobody reads any more.
    private func unpack(
        _ input: consuming Descriptor, to tree: String, within budget: UnpackBudget
    ) throws(OperationError) -> Archive.Content {
        try FaultPoint.pass("unpack archive", name)
        return try Archive.extract(input, copy: nil, to: tree, within: budget, named: name)
    }

    private func check(_ content: Archive.Content, _ tree: String) throws(OperationError) -> LayerDraft {
        guard content.blob == blob.digest, content.diff == diff else {
            let found = content.blob == blob.digest ? content.diff : content.blob
            throw abandon(mismatch(found))
        }
        progress.note(blob.digest.hex, .complete)
        return LayerDraft(
            blob: blob, diff: diff, size: content.size, source: (path, tree),
            hasImpliedDirectories: content.hasImpliedDirectories)
    }

    /// What is no layer is not gone on with.
    private func abandon(_ error: OperationError) -> OperationError {
        if let file = try? Descriptor.open(path, O_RDWR) { try? empty(file) }
        return error
    }

    private func abandonDamaged(_ error: OperationError) -> OperationError {
        error.kind == .damaged ? abandon(error) : error
    }

    private func empty(_ file: borrowing Descriptor) throws(OperationError) {
        try FaultPoint.pass("truncate", path)
        guard ftruncate(file.number, 0) == 0 else { throw OperationError("truncate", path, errno: errno) }
    }

    // MARK: bytes

    private func feed(_ output: borrowing Descriptor) throws(OperationError) {
        let file = try Descriptor.open(path, O_RDWR)
        let start = try feedKept(file, to: output)
        let connection = try session.connection()
        var download = BlobDownload(
            blob.digest.description, size: blob.size, from: start, otherPlaces: blob.places, of: reference, session,
            connection)
        try FaultPoint.pass("write", path)
        var count = start
        try download.run(
            { bytes throws(OperationError) in
                try Files.writeAll(bytes, to: file, named: path)
                try Files.writeAll(bytes, to: output, named: "pipe")
                count += Int64(bytes.count)
                progress.note(blob.digest.hex, .downloading(count, of: blob.size))
            }, note: { progress.note(blob.digest.hex, .retrying($0)) })
        progress.note(blob.digest.hex, .unpacking)
    }

    /// What another pull has left.
    /// - Returns: how many bytes that were.
    private func feedKept(
        _ file: borrowing Descriptor, to output: borrowing Descriptor
    ) throws(OperationError) -> Int64 {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw OperationError("read", path, errno: errno) }
        if status.st_size > blob.size {
            try empty(file)
            return 0
        }
        var count: Int64 = 0
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let n = read(file.number, &buffer, buffer.count)
            if n < 0, errno == EINTR { continue }
            guard n >= 0 else { throw OperationError("read", path, errno: errno) }
            if n == 0 { return count }
            try Interruption.check("pull", name)
            try FaultPoint.pass("unpack archive", name)
            try Files.writeAll(Array(buffer[..<n]), to: output, named: "pipe")
            count += Int64(n)
        }
    }
}

/// Why a feeder has ended before it was done.
private final class FeedFailure: Sendable {
    private let error = Mutex<OperationError?>(nil)

    func set(_ failure: OperationError) { error.withLock { $0 = failure } }

    /// Nil where the other side has ended first.
    var reason: OperationError? { error.withLock { $0?.errno == EPIPE ? nil : $0 } }
}
