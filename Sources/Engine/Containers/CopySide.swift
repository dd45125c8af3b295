import Core
import Glibc
import Lifecycle
import Linux

/// A path of one side of a copy, and the root that it is looked up below.
struct CopySide: ~Copyable {
    let path: CopyPath
    let root: Descriptor
    /// What it was called by; nil on this host.
    let container: String?

    init(_ path: CopyPath, _ root: consuming Descriptor, container: String?) {
        self.path = path
        self.root = root
        self.container = container
    }

    init(_ path: String, in tree: borrowing ContainerTree, of container: String) throws(OperationError) {
        guard !path.isEmpty else {
            throw OperationError("invalid path in container \"\(container)\": value is empty", kind: .invalid)
        }
        self.init(CopyPath(path), try tree.root.duplicate(), container: container)
    }

    var shown: String { container.map { "\($0):\(path.text)" } ?? path.text }

    /// As Docker says where a copy has gone.
    var reported: String { container.map { "\($0):\(path.written)" } ?? path.wholeText }

    /// What is to be copied.
    func find(followsLink: Bool) throws(OperationError) -> TreePlace {
        guard let place = try lookUp(followsLink: followsLink || path.isCalledDirectory), let status = place.status
        else { throw missing(path.text) }
        guard status.isDirectory || !path.isCalledDirectory else {
            throw OperationError("copy", shown, errno: ENOTDIR)
        }
        return place
    }

    /// Where it is to go to, which need not exist.
    func findDestination() throws(OperationError) -> TreePlace {
        guard let place = try lookUp(followsLink: true) else { throw missingParent }
        let directory = try place.isDirectory ? place.openDirectory() : place.directory.duplicate()
        if KernelFileSystem.holds(directory.number) { throw OperationError.kernelFiles(shown) }
        if container != nil { try refuseReadOnly(directory) }
        guard let status = place.status, !status.isDirectory, !status.isRegular else { return place }
        throw OperationError("destination \"\(shown)\" must be a directory or a regular file", kind: .invalid)
    }

    /// With Docker's sentences.
    private func refuseReadOnly(_ directory: borrowing Descriptor) throws(OperationError) {
        var (status, own, whole) = (statvfs(), stat(), stat())
        guard fstatvfs(directory.number, &status) == 0, status.f_flag & UInt(ST_RDONLY) != 0,
            fstat(directory.number, &own) == 0, fstat(root.number, &whole) == 0
        else { return }
        let what = own.st_dev == whole.st_dev ? "container rootfs" : "mounted volume"
        throw OperationError("\(what) is marked read-only", kind: .denied)
    }

    /// Nil when there is not even a directory for it.
    private func lookUp(followsLink: Bool) throws(OperationError) -> TreePlace? {
        do throws(OperationError) {
            return try TreePlace(path.text, below: root, followsLink: followsLink)
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            return nil
        }
    }

    private func missing(_ path: String) -> OperationError {
        guard let container else { return OperationError("copy", path, errno: ENOENT, kind: .notFound) }
        return OperationError("Could not find the file \(path) in container \(container)", kind: .notFound)
    }

    private var missingParent: OperationError {
        guard container == nil else { return missing(path.parent) }
        return OperationError("invalid output path: directory \"\(path.parent)\" does not exist", kind: .notFound)
    }
}

extension TreePlace {
    var placementKind: CopyPlacement.Destination {
        status.map { $0.isDirectory ? .directory : .file } ?? .missing
    }
}
