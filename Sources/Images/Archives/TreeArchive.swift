import CArchive
import Core
import Glibc
import Linux

/// Files of a container as a tar archive. They are looked up by descriptors, so that no link of theirs leads out.
package enum TreeArchive {
    /// What is in the archive.
    package struct Content: Equatable, Sendable {
        /// Bytes in regular files.
        package let size: Int64
        /// How many devices and sockets were not made.
        package let leftOut: Int
    }

    /// How a file or directory is archived.
    package struct Form {
        /// What it is called in the archive, with what is in it behind a slash; nil: a directory is `.`, and what is in it has no
        /// prefix.
        package var name: String?
        /// What is mounted in it is an empty file or directory.
        package var leavesMounts: Bool

        package init(name: String?, leavesMounts: Bool) {
            self.name = name
            self.leavesMounts = leavesMounts
        }
    }

    /// Whether a file that begins so, with 512 bytes where it has them, may be an archive that can be restored.
    package static func mayBegin(_ bytes: [UInt8]) -> Bool {
        let compressed: [[UInt8]] = [
            [0x1f, 0x8b], Array("BZh".utf8), [0xfd] + Array("7zXZ".utf8) + [0], [0x28, 0xb5, 0x2f, 0xfd],
        ]
        if compressed.contains(where: bytes.starts) { return true }
        return bytes.count == 512 && bytes[257..<262].elementsEqual("ustar".utf8)
    }

    /// Whether it is one, by its first entry.
    package static func isArchive(_ file: borrowing Descriptor, named name: String) throws(OperationError) -> Bool {
        var failure = carchive_failure()
        guard carchive_load(&failure) == 0 else { throw Archive.error(failure, archive: name) }
        return carchive_is_tar(file.number) == 1
    }

    /// - Parameter output: gets the archive.
    package static func write(
        _ place: borrowing TreePlace, _ form: Form, to output: borrowing Descriptor, named name: String
    ) throws(OperationError) -> Content {
        try FaultPoint.pass("archive", name)
        var result = carchive_result()
        var failure = carchive_failure()
        let (directory, base) = (place.directory.number, place.name.bytes)
        let status = base.withUnsafeBufferPointer { base in
            withOptionalKernelString(form.name) { shown in
                var tree = carchive_tree(
                    base: base.baseAddress, name: shown, leaves_mounts: form.leavesMounts ? 1 : 0,
                    is_kernels: { KernelFileSystem.holds($0) ? 1 : 0 })
                return carchive_write_tree(directory, &tree, output.number, &result, &failure)
            }
        }
        guard status == 0 else { throw Archive.error(failure, archive: name) }
        return Content(size: Int64(result.content_size), leftOut: 0)
    }

    /// - Parameters:
    ///   - directory: below `root`, without a slash at the beginning.
    ///   - makesDevices: where `root` is mounted without devices and becomes a layer.
    ///   - budget: nil for what its sender may fill the disk with.
    ///   - name: what an error calls the archive.
    package static func restore(
        _ input: borrowing Descriptor, to directory: String, below root: borrowing Descriptor,
        makesDevices: Bool = false, within budget: UnpackBudget? = nil, named name: String
    ) throws(OperationError) -> Content {
        try FaultPoint.pass("restore", directory)
        var result = carchive_result()
        var failure = carchive_failure()
        var leftOut: UInt64 = 0
        let (input, root) = (input.number, root.number)
        let status = directory.withKernelString { directory in
            carchive_restore_tree(
                input, root, directory, makesDevices ? 1 : 0, { KernelFileSystem.holds($0) ? 1 : 0 }, budget?.left,
                &leftOut, &result, &failure)
        }
        guard status == 0 else { throw budget?.refusal(of: name) ?? Archive.error(failure, archive: name) }
        return Content(size: Int64(result.content_size), leftOut: Int(leftOut))
    }

    private static func withOptionalKernelString<Result>(
        _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
    ) -> Result {
        text.map { $0.withKernelString { body($0) } } ?? body(nil)
    }
}
