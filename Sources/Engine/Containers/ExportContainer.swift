import Core
import Glibc
import Images
import Lifecycle
import Linux

extension Engine {
    /// Writes all files of a container as a tar archive, without what is mounted in it.
    /// - Parameter path: a file that is written whole or not at all; nil is standard output.
    package func export(_ name: String, to path: String?) throws(OperationError) {
        try host.prepare()
        if path == nil, Terminal.isTerminal(STDOUT_FILENO) {
            throw OperationError("cowardly refusing to save to a terminal. Use the -o flag or redirect", kind: .invalid)
        }
        let tree = try openTree(of: name, isWritable: false)
        let place = try TreePlace("/", below: tree.root, followsLink: false)
        let form = TreeArchive.Form(name: nil, leavesMounts: true)
        try ArchiveTarget(path).fill { (output: borrowing Descriptor) throws(OperationError) in
            _ = try TreeArchive.write(place, form, to: output, named: "container \(name)")
        }
        tree.close()
    }
}
