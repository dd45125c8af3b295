import Containers
import Core
import Glibc
import Images
import Lifecycle
import Linux

extension Engine {
    /// Settles what a first word is that names no image of the store: a program of the default image, or an image that is
    /// not here.
    /// - Throws: Docker's words for the latter, where that is certain before anything is made. Else the end of `process`
    ///   says them.
    func settleImplied(
        _ process: inout ProcessPlan, word: String, _ definition: ContainerDefinition
    ) throws(OperationError) {
        // A path, what can be no reference and the argument of an entrypoint are a command's words and nothing else.
        guard word == process.command, !word.contains("/"), let reference = try? Reference(word) else { return }
        let missing = OperationError.imageNotFound(
            reference,
            remedy:
                "\"\(word)\" is no program of the default image (\(ImageStore.defaultReference)) either: bring the image "
                + "by \(Program.current.name) load -i FILE or \(Program.current.name) import FILE \(word)")
        process.notFound = missing
        guard let isThere = isThere(process, in: definition) else { return }
        guard isThere else { throw missing }
        if OfficialImages.programs.contains(word) {
            warn(
                "there is no image \"\(word)\" here, so the program of that name in \(ImageStore.defaultReference) runs; "
                    + "\(Program.current.name) load -i FILE brings the image, --image \(word) insists on it")
        }
    }

    /// Whether the image has the program; nil where that shows only inside: what is mounted or another layer may have it.
    private func isThere(_ process: ProcessPlan, in definition: ContainerDefinition) -> Bool? {
        guard let layer = definition.layers.first, let root = try? Descriptor.open(layer, O_RDONLY | O_DIRECTORY) else {
            return nil
        }
        for path in process.candidates {
            guard path.hasPrefix("/") else { return nil }
            if exists(path, in: root) { return true }
        }
        let isAll = definition.layers.count == 1 && definition.mountTargets.isEmpty
        return isAll ? false : nil
    }
}

private func exists(_ path: String, in root: borrowing Descriptor) -> Bool {
    do throws(OperationError) {
        _ = try root.open(inRoot: path, O_RDONLY | O_NONBLOCK)
        return true
    } catch {
        return error.errno != ENOENT && error.errno != ENOTDIR
    }
}

/// Official images of Docker's registry that busybox has a program of the same name for.
private enum OfficialImages {
    static let programs: Set<String> = ["bash", "httpd"]
}

extension OperationError {
    /// Docker's sentence; `run` ends with 125.
    static func imageNotFound(_ reference: Reference, remedy: String) -> OperationError {
        OperationError("Unable to find image '\(reference)' locally", remedy: remedy, kind: .notFound)
    }
}
