import Containers
import Core
import Glibc
import Images
import Lifecycle
import Linux

extension Engine {
    /// Settles what a first word is that names no image of the store, where only the inside shows whether it is a program of the
    /// default image: what is mounted may have it. Else the end of `process` says that there is no such image.
    func settleImplied(
        _ process: inout ProcessPlan, word: String, _ definition: ContainerDefinition
    ) throws(OperationError) {
        // A path, what can be no reference and the argument of an entrypoint are a command's words and nothing else.
        guard word == process.command, !word.contains("/"), let reference = try? Reference(word) else { return }
        let name = Program.current.name
        process.notFound = .imageNotFound(
            reference,
            remedy:
                "\"\(word)\" is no program of the default image (\(ImageStore.defaultReference)) either: bring the image "
                + "by \(name) pull \(word), \(name) load -i FILE or \(name) import FILE \(word)")
        guard isThere(process.candidates, in: definition.layers, hasMounts: !definition.mountTargets.isEmpty) ?? false
        else { return }
        if OfficialImages.programs.contains(word) {
            warn(
                "there is no image \"\(word)\" here, so the program of that name in \(ImageStore.defaultReference) runs; "
                    + "\(name) pull \(word) brings the image, --image \(word) insists on it")
        }
    }

    /// Whether the default image has a program; nil where that shows only inside.
    func hasProgram(_ word: String, _ image: Image, _ request: RunRequest) -> Bool? {
        guard request.entrypoint == nil, !word.contains("/"), (try? Reference(word)) != nil else { return nil }
        let path =
            Environment.value("PATH", in: request.environment)
            ?? Environment.value("PATH", in: image.config.environment) ?? Environment.defaultPath
        let process = ProcessPlan(
            command: word, arguments: [word], environment: [], directory: "/", path: path, capabilities: 0)
        let hasMounts =
            !request.binds.isEmpty || !request.temporaryMounts.isEmpty || !request.volumes.isEmpty
            || !request.volumesFrom.isEmpty || !image.config.volumes.isEmpty
        return isThere(process.candidates, in: image.layerDirectories, hasMounts: hasMounts)
    }

    /// Whether one of the paths is there; nil where that shows only inside: what is mounted or another layer may have it.
    private func isThere(_ candidates: [String], in layers: [String], hasMounts: Bool) -> Bool? {
        guard let layer = layers.first, let root = try? Descriptor.open(layer, O_RDONLY | O_DIRECTORY) else {
            return nil
        }
        for path in candidates {
            guard path.hasPrefix("/") else { return nil }
            if exists(path, in: root) { return true }
        }
        return layers.count == 1 && !hasMounts ? false : nil
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
