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
    /// The name was made up: another one will do as well.
    package var isNameGenerated: Bool

    package init(
        definition: ContainerDefinition, process: ProcessPlan, networks: [NetworkDefinition], cgroup: CgroupPlan,
        isNameGenerated: Bool
    ) {
        self.definition = definition
        self.process = process
        self.networks = networks
        self.cgroup = cgroup
        self.isNameGenerated = isNameGenerated
    }
}
