import Containers
import Core
import Glibc
import Linux

extension ContainerDefinition {
    /// Everything that was asked to be mounted, each with the host's file or directory, if it has one.
    package var mountTargets: [(target: String, source: String?)] {
        binds.map { ($0.target, $0.source) } + volumes.map { ($0.target, nil) }
            + temporaryMounts.map { ($0.target, nil) }
            + devices.map { ($0.target, $0.source) }
    }
}

extension DeviceMapping {
    /// Every device that it names, with its place in the container.
    package func nodes() throws(OperationError) -> [(path: String, target: String)] {
        guard let status = Files.status(source) else { throw unusable("no such file or directory") }
        if DeviceNumber(status) != nil { return [(source, target)] }
        let found = HostDevices(below: source, leavingOut: HostDevices.ownOfEachHost).nodes
        guard !found.isEmpty else { throw unusable("not a device node") }
        return found.map { ("\(source)/\($0.path)", "\(target)/\($0.path)") }
    }

    package func unusable(_ reason: String) -> OperationError {
        OperationError("error gathering device information while adding custom device", source, reason: reason)
    }
}
