import Core
import Glibc
import Images
import Lifecycle
import Linux

extension BuildJob {
    /// Writes an image to where it is wanted.
    /// - Parameter references: its names, where an archive has any.
    /// - Returns: nil where these are its files alone.
    func write(
        _ image: BuiltImage, to output: BuildRequest.Output, as references: [Reference]
    ) throws(OperationError) -> WrittenImage? {
        guard case .image(let form, let path, let compression) = output else {
            try writeFiles(of: image, to: output)
            return nil
        }
        let number = nextPlace()
        var written: WrittenImage?
        try ArchiveTarget(path, mode: 0o644).fill { (file: borrowing Descriptor) throws(OperationError) in
            written = try workspace.save(
                image, number, as: references, form, compression, to: file, named: path ?? "standard output")
        }
        return written
    }

    private func writeFiles(of image: BuiltImage, to output: BuildRequest.Output) throws(OperationError) {
        let directory = try workspace.makeUpper("output-\(nextPlace())")
        try Self.date("\(directory)/upper", image.created)
        let tree = try LayeredTree(workspace.nearDirectories(of: image.layers), in: directory, isWritable: false)
        switch output {
        case .image, .nothing: break
        case .directory(let path): try Self.copy(tree.root, to: path)
        case .archive(let path):
            let place = try TreePlace("/", below: tree.root, followsLink: false)
            let form = TreeArchive.Form(name: nil, leavesMounts: true)
            try ArchiveTarget(path, mode: 0o644).fill { (file: borrowing Descriptor) throws(OperationError) in
                _ = try TreeArchive.write(place, form, to: file, named: "image")
            }
        }
        tree.close()
    }

    /// The files' own root is ours: with the time of the image an archive is the same each time.
    private static func date(_ root: String, _ moment: Timestamp) throws(OperationError) {
        let time = timespec(tv_sec: Int(max(0, moment.nanoseconds / 1_000_000_000)), tv_nsec: 0)
        let directory = try Descriptor.open(root, O_RDONLY | O_DIRECTORY)
        try FaultPoint.pass("set time of", root)
        guard futimens(directory.number, [time, time]) == 0 else {
            throw OperationError("set time of", root, errno: errno)
        }
    }

    private static func copy(_ root: borrowing Descriptor, to path: String) throws(OperationError) {
        try Files.makeDirectories(path, mode: 0o755)
        let target = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        let source = try root.open(inRoot: "/", O_RDONLY | O_DIRECTORY)
        var copy = TreeCopy(.kept)
        try copy.copyContents(of: source, from: "/", to: target, path: path)
    }
}
