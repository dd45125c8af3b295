import Containers
import Core
import Networking

/// A run, settled: everything is looked up and checked, and nothing has been done yet.
package struct ContainerPlan {
    package var definition: ContainerDefinition
    package var process: ProcessPlan
    /// One for each wish of the definition's.
    package var networks: [NetworkDefinition]
    package var cgroup: CgroupPlan
    package var origin: Origin
    /// Asked once a new container's definition is on record, from when on its image stays: whether that was there until then.
    package var confirmImage: () throws(OperationError) -> Void = {}
    /// Called once all that a new container has on record is there; what it throws is the end of the container.
    package var onRecord: () throws(OperationError) -> Void = {}

    package enum Origin {
        /// - isNameGenerated: another one will do as well.
        case new(isNameGenerated: Bool)
        /// It begins again, or for the first time.
        case existing(ContainerClaim)
    }

    package init(
        definition: ContainerDefinition, process: ProcessPlan, networks: [NetworkDefinition], cgroup: CgroupPlan,
        origin: Origin
    ) {
        self.definition = definition
        self.process = process
        self.networks = networks
        self.cgroup = cgroup
        self.origin = origin
    }
}

extension ContainerPlan {
    /// Another process has taken over.
    package func letGo() {
        if case .existing(let claim) = origin { claim.letGo() }
    }

    var isExisting: Bool {
        if case .existing = origin { true } else { false }
    }
}
