import CArchive
import Core
import Glibc
import Linux

/// Tar archives and digests, by way of libraries that are loaded on first use.
enum Archive {
    enum Compression: Int, CaseIterable, Sendable {
        case none, gzip, zstd, xz, bzip2

        /// As media types have it.
        var name: String {
            switch self {
            case .none: ""
            case .gzip: "gzip"
            case .zstd: "zstd"
            case .xz: "xz"
            case .bzip2: "bzip2"
            }
        }
    }

    struct Content {
        /// Of the archive as it was read or written.
        let blob: Digest
        let blobSize: Int64
        /// Of the tar stream in it.
        let diff: Digest
        /// Bytes in regular files.
        let size: Int64
        let compression: Compression
        /// Whether a directory is marked: the archive has files in it and does not name it.
        let hasImpliedDirectories: Bool
    }

    /// Loads what archives need: copies of this process have it then.
    static func load() throws(OperationError) {
        var failure = carchive_failure()
        guard carchive_load(&failure) == 0 else { throw error(failure, archive: "") }
    }

    /// Restores an archive into a directory that nobody else writes to.
    /// - Parameters:
    ///   - copy: a file that gets the archive as it is read.
    ///   - budget: nil for what is our own.
    ///   - name: what an error calls the archive.
    static func extract(
        _ input: borrowing Descriptor, copy: borrowing Descriptor?, to directory: String, within budget: UnpackBudget?,
        named name: String
    ) throws(OperationError) -> Content {
        let root = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY, as: "open directory")
        var result = carchive_result()
        var failure = carchive_failure()
        let left = budget?.left
        guard carchive_extract(input.number, copy.borrowedNumber, root.number, left, &result, &failure) == 0 else {
            throw budget?.refusal(of: name) ?? error(failure, archive: name)
        }
        return content(result)
    }

    /// Writes the upper directory of an overlay, or any tree, as the archive of an image layer.
    /// - Parameters:
    ///   - newest: seconds; later times are written as this one. Nil is none.
    ///   - leftOut: paths from the top, without line ends, that are no part of it.
    static func create(
        _ output: borrowing Descriptor, from directory: String, newest: Int64? = nil, leavingOut leftOut: [String] = []
    ) throws(OperationError) -> Content {
        let root = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY, as: "open directory")
        var result = carchive_result()
        var failure = carchive_failure()
        let (top, target) = (root.number, output.number)
        let status = leftOut.joined(separator: "\n").withKernelString {
            carchive_create(top, target, newest ?? .max, $0, &result, &failure)
        }
        guard status == 0 else { throw error(failure, archive: directory) }
        return content(result)
    }

    /// Writes the tar stream of an archive anew: the same stream and compression give the same bytes.
    /// - Parameters:
    ///   - compression: none, gzip or zstd.
    ///   - names: what an error calls the archive, and the new one.
    ///   - check: is called before each piece; what it throws is the end.
    static func compress(
        _ input: borrowing Descriptor, to output: borrowing Descriptor, by compression: Compression,
        named names: (source: String, target: String),
        checking check: @escaping () throws(OperationError) -> Void
    ) throws(OperationError) -> Content {
        var result = carchive_result()
        var failure = carchive_failure()
        let permission = Permission(check)
        let status = carchive_compress(
            input.number, output.number, Int32(compression.rawValue), { Permission.goesOn($0) },
            Unmanaged.passUnretained(permission).toOpaque(), &result, &failure)
        if let refusal = permission.refusal { throw refusal }
        guard status == 0 else {
            let refusal = error(failure, archive: names.source)
            throw refusal.isOfFullDisk ? refusal.about(names.target) : refusal
        }
        return content(result)
    }

    /// What C asks whether it goes on.
    private final class Permission {
        private let check: () throws(OperationError) -> Void
        private(set) var refusal: OperationError?

        init(_ check: @escaping () throws(OperationError) -> Void) { self.check = check }

        static func goesOn(_ context: UnsafeMutableRawPointer?) -> Int32 {
            guard let context else { return 0 }
            return Unmanaged<Permission>.fromOpaque(context).takeUnretainedValue().isGiven ? 1 : 0
        }

        private var isGiven: Bool {
            do throws(OperationError) {
                try check()
                return true
            } catch {
                refusal = error
                return false
            }
        }
    }

    static func digest(_ bytes: [UInt8]) throws(OperationError) -> Digest {
        try bytes.withUnsafeBytes { bytes in Result { () throws(OperationError) in try digest(bytes) } }.get()
    }

    static func digest(_ bytes: UnsafeRawBufferPointer) throws(OperationError) -> Digest {
        var digest = [UInt8](repeating: 0, count: Int(CARCHIVE_DIGEST_SIZE))
        var failure = carchive_failure()
        guard carchive_sha256(bytes.baseAddress, bytes.count, &digest, &failure) == 0 else {
            throw error(failure, archive: "")
        }
        return Digest(bytes: digest)
    }

    /// Makes `output` share the blocks of `input`, where the file system can.
    static func clone(_ input: borrowing Descriptor, to output: borrowing Descriptor) -> Bool {
        carchive_clone(output.number, input.number) == 0
    }

    /// Everything that was written to the file system of `path` is on disk when this returns.
    static func syncFileSystem(of path: String) throws(OperationError) {
        let directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY, as: "sync")
        try FaultPoint.pass("sync", path)
        let status = carchive_syncfs(directory.number)
        guard status == 0 else { throw OperationError("sync", path, errno: -status) }
    }

    private static func content(_ result: carchive_result) -> Content {
        Content(
            blob: Digest(bytes: withUnsafeBytes(of: result.blob_digest) { Array($0) }),
            blobSize: Int64(result.blob_size),
            diff: Digest(bytes: withUnsafeBytes(of: result.diff_digest) { Array($0) }),
            size: Int64(result.content_size),
            compression: Compression(rawValue: Int(result.compression)) ?? .none,
            hasImpliedDirectories: result.implied > 0)
    }

    static func error(_ failure: carchive_failure, archive name: String) -> OperationError {
        let operation = text(failure.operation)
        let entry = text(failure.subject)
        let reason = text(failure.reason)
        if operation == "load library" {
            let remedy = "apt-get install libarchive13 libnettle8"
            return OperationError(operation, entry, reason: reason, remedy: remedy)
        }
        let whole = entry.isEmpty ? operation : "\(operation) \"\(entry)\" of"
        return failure.number != 0
            ? OperationError(whole, name, errno: failure.number)
            : OperationError(whole, name, reason: reason, kind: failure.conflicts == 0 ? .failed : .conflict)
    }

    private static func text<Characters>(_ characters: Characters) -> String {
        withUnsafeBytes(of: characters) { String(kernel: $0.prefix { $0 != 0 }) }
    }
}

extension Optional where Wrapped == Descriptor {
    fileprivate var borrowedNumber: Int32 { number }
}
