import Core
import Glibc
import Linux

/// Where an archive, or another file that a caller names, goes.
enum ArchiveTarget: ~Copyable {
    case whole(WholeFile)
    /// Standard output, a pipe or a device.
    case stream(Descriptor)

    init(_ path: String?, mode: mode_t = 0o600) throws(OperationError) {
        guard let path else {
            self = .stream(try Descriptor.standard(STDOUT_FILENO))
            return
        }
        // What a descriptor is open for stays as it is: it is written to where its owner has come to.
        if let number = DescriptorPath.number(of: path) {
            self = .stream(try Self.copy(of: number, path))
            return
        }
        // Also by a link of /proc, which names no path.
        if let status = Files.status(path), !status.isRegular, !status.isDirectory {
            self = .stream(try Descriptor.open(path, O_WRONLY))
            return
        }
        guard let directory = Files.workingDirectory else {
            throw OperationError("find working directory", errno: errno)
        }
        let root = try Descriptor.open("/", O_DIRECTORY | Descriptor.pathOnly)
        let place: TreePlace
        do throws(OperationError) {
            place = try TreePlace(CopyPath(path, below: directory).text, below: root, followsLink: true)
        } catch {
            throw OperationError("create", path, errno: error.errno ?? ENOENT)
        }
        if place.isDirectory { throw OperationError("create", path, errno: EISDIR) }
        self = .whole(try WholeFile(place, path: path, mode: mode))
    }

    private static func copy(of number: Int32, _ path: String) throws(OperationError) -> Descriptor {
        do throws(OperationError) {
            return try Descriptor.standard(number)
        } catch {
            throw OperationError("open", path, errno: error.errno ?? EBADF)
        }
    }

    /// - Parameter write: gets the file to write to.
    consuming func fill(_ write: (borrowing Descriptor) throws(OperationError) -> Void) throws(OperationError) {
        switch consume self {
        case .stream(let output): try write(output)
        case .whole(let file):
            try write(file.descriptor)
            try file.finish()
        }
    }
}
