import Core
import Glibc
import Images
import Linux
import Supervisor

extension Engine {
    /// An image that a container is to be made of, and that is not here, or may have changed at its registry.
    /// - Parameter isMissing: Docker's line says so.
    func pulledImage(
        _ name: String, _ platform: String?, isMissing: Bool
    ) throws(OperationError) -> Image {
        if isMissing { progress.say("Unable to find image '\(try Reference(name))' locally") }
        let held = HeldInterruptions()
        let id = try pullAside(name, platform)
        _ = consume held
        guard let image = try imageStore.resolve(id) else {
            throw OperationError("run", name, reason: "the image was removed as soon as it had come", kind: .notFound)
        }
        return image
    }

    /// In a process of its own: what transfers need of memory and libraries does not stay with a supervisor.
    /// - Returns: the image's id.
    private func pullAside(_ name: String, _ platform: String?) throws(OperationError) -> String {
        let parent = getpid()
        var ends = try Descriptor.pipe()
        switch try Fork.fork() {
        case .child:
            Fork.die(with: parent)
            ends.closeRead()
            let report = pullReport(name, platform)
            if let end = ends.takeWrite() { try? Files.writeAll(Array(report.compact.utf8), to: end, named: "report") }
            _exit(0)
        case .parent(let child):
            ends.closeWrite()
            guard let end = ends.takeRead() else { throw OperationError("pull", name, errno: EBADF) }
            return try awaitReport(of: child, end, name)
        }
    }

    private func pullReport(_ name: String, _ platform: String?) -> JSON {
        do throws(OperationError) {
            let pulled = try pullImage(name, platform: platform)
            progress.say("Digest: \(pulled.digest)")
            progress.say(pulled.status)
            return ["id": .string(pulled.id)]
        } catch {
            return error.report
        }
    }

    /// Milliseconds: that long a pull may take to leave nothing.
    private static var patience: Int32 { 10_000 }

    private func endPull(_ child: pid_t, _ end: borrowing Descriptor) {
        Glibc.kill(child, SIGTERM)
        if !Polling.wait(for: end, Int32(POLLIN), milliseconds: Self.patience) { Glibc.kill(child, SIGKILL) }
        _ = reap(child)
        imageStore.clearWorkspaces(of: child)
    }

    private func awaitReport(
        of child: pid_t, _ end: borrowing Descriptor, _ name: String
    ) throws(OperationError) -> String {
        while !Polling.wait(for: end, Int32(POLLIN), milliseconds: 100) {
            do throws(OperationError) {
                try Interruption.check("pull", name)
            } catch {
                endPull(child, end)
                throw error
            }
        }
        let bytes = try Files.read(end, named: "report")
        _ = reap(child)
        guard let message = try? JSON(parsing: bytes) else {
            throw OperationError("pull", name, reason: "it was killed")
        }
        if let id = message["id"]?.string { return id }
        throw OperationError(report: message, of: "pull")
    }
}

extension PullOutcome {
    /// Docker's line.
    package var status: String {
        let name = reference.digest == nil ? reference.text : "\(reference.name)@\(digest)"
        return isNew ? "Status: Downloaded newer image for \(name)" : "Status: Image is up to date for \(name)"
    }
}
