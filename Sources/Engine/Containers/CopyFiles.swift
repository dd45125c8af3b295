import Core
import Glibc
import Images
import Lifecycle
import Linux

extension Engine {
    /// Copies files between this host and a container, whatever that is doing.
    package func copy(_ request: CopyRequest) throws(OperationError) -> CopyReport {
        try host.prepare()
        Descriptor.raiseLimit()
        switch (request.source, request.destination) {
        case (.container, .container):
            throw OperationError("copying between containers is not supported", kind: .invalid)
        case (.local(let source), .container(let name, let path)):
            return try copyIn(source, to: name, path, request)
        case (.container(let name, let path), .local(let destination)):
            return try copyOut(name, path, to: destination, request)
        case (.stream, .container(let name, let path)): return try extract(into: name, path)
        case (.container(let name, let path), .stream): return try archive(name, path, request)
        default: throw OperationError("must specify at least one container source", kind: .invalid)
        }
    }

    private func copyIn(
        _ source: String, to name: String, _ path: String, _ request: CopyRequest
    ) throws(OperationError) -> CopyReport {
        let here = try localSide(source)
        let found = try here.find(followsLink: request.followsLink)
        let tree = try openTree(of: name, isWritable: true)
        let there = try CopySide(path, in: tree, of: name)
        let ownership = request.keepsOwners ? CopyOwnership.kept : .given(user: 0, group: 0)
        let report = try copy(found, of: here, to: there, ownership)
        tree.close()
        return report
    }

    private func copyOut(
        _ name: String, _ path: String, to destination: String, _ request: CopyRequest
    ) throws(OperationError) -> CopyReport {
        let here = try localSide(destination)
        let tree = try openTree(of: name, isWritable: false)
        let there = try CopySide(path, in: tree, of: name)
        let found = try there.find(followsLink: request.followsLink)
        let ownership = request.keepsOwners ? CopyOwnership.kept : .given(user: geteuid(), group: getegid())
        let report = try copy(found, of: there, to: here, ownership)
        tree.close()
        return report
    }

    func openTree(of name: String, isWritable: Bool) throws(OperationError) -> ContainerTree {
        let id = try containerStore.find(name)
        guard let definition = try containerStore.definition(id) else { throw OperationError.noContainer(name) }
        if isWritable { try makeBindSources(definition.binds) }
        return try host.openTree(of: id, named: name, isWritable: isWritable)
    }

    private func localSide(_ path: String) throws(OperationError) -> CopySide {
        guard let directory = Files.workingDirectory else {
            throw OperationError("find working directory", errno: errno)
        }
        let root = try Descriptor.open("/", O_DIRECTORY | Descriptor.pathOnly)
        return CopySide(CopyPath(path, below: directory), root, container: nil)
    }

    private func copy(
        _ source: borrowing TreePlace, of from: borrowing CopySide, to: borrowing CopySide, _ ownership: CopyOwnership
    ) throws(OperationError) -> CopyReport {
        let destination = try to.findDestination()
        let kind = source.isDirectory ? from.path.meansContents ? CopyPlacement.Source.contents : .directory : .file
        let placement = try CopyPlacement(
            kind, to: destination.placementKind, isCalledDirectory: to.path.isCalledDirectory, to.shown)
        var copy = TreeCopy(ownership)
        switch placement {
        case .itself:
            try copy.copy(
                source, from: from.shown, to: destination.directory, as: destination.name, path: to.path.text)
        case .below:
            let directory = try destination.openDirectory()
            try copy.copy(
                source, from: from.shown, to: directory, as: FileName(from.path.name),
                path: "\(to.path.text)/\(from.path.name)")
        case .contents:
            try copy.copyContents(
                of: source.openDirectory(), from: from.shown, to: destination.openDirectory(), path: to.path.text)
        }
        if copy.devices.count > 0 { warnOfDevices(copy.devices.count, copy.devices.first) }
        return CopyReport(size: copy.copied, destination: to.reported)
    }

    func warnOfDevices(_ count: Int, _ first: String) {
        let more = count > 1 ? " and \(count - 1) more" : ""
        warn("\"\(first)\"\(more) is a device node, which is not copied: it would open a device of this host")
    }
}
