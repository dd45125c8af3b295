import Core
import Glibc
import Images
import Lifecycle
import Linux

extension Engine {
    /// Restores the archive of standard input in a directory of a container. Its files belong to whom the archive says.
    func extract(into name: String, _ path: String) throws(OperationError) -> CopyReport {
        let tree = try openTree(of: name, isWritable: true)
        let side = try CopySide(path, in: tree, of: name)
        let place = try side.findDestination()
        guard place.isDirectory else {
            throw OperationError("destination \"\(name):\(path)\" must be a directory", kind: .invalid)
        }
        let input = try Descriptor.standard(STDIN_FILENO)
        let content = try TreeArchive.restore(
            input, to: String(side.path.text.dropFirst()), below: side.root, named: "standard input")
        tree.close()
        if content.leftOut > 0 {
            warn("\(content.leftOut) devices and sockets of the archive were left out: they would be this host's")
        }
        return CopyReport(size: content.size, destination: side.reported)
    }

    /// Writes files of a container as an archive to standard output.
    func archive(_ name: String, _ path: String, _ request: CopyRequest) throws(OperationError) -> CopyReport {
        guard !Terminal.isTerminal(STDOUT_FILENO) else {
            throw OperationError("cowardly refusing to copy to a terminal. Use a path or redirect", kind: .invalid)
        }
        let tree = try openTree(of: name, isWritable: false)
        let side = try CopySide(path, in: tree, of: name)
        let place = try side.find(followsLink: request.followsLink)
        if place.isDirectory, KernelFileSystem.holds(try place.openDirectory().number) {
            throw OperationError.kernelFiles(side.shown)
        }
        let output = try Descriptor.standard(STDOUT_FILENO)
        let form = TreeArchive.Form(name: side.path.memberName, leavesMounts: false)
        let content = try TreeArchive.write(place, form, to: output, named: side.shown)
        tree.close()
        return CopyReport(size: content.size, destination: "-")
    }
}

extension CopyPath {
    /// What Docker calls the file or directory in an archive: `.` for what is in a directory, nothing for the root.
    fileprivate var memberName: String { text == "/" ? "" : meansContents ? "." : name }
}
