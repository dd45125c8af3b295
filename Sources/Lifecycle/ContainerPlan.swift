import Containers
import Core
import Networking

/// A run, settled: everything is looked up and checked, and nothing has been done yet.
package struct ContainerPlan {
    package var definition: ContainerDefinition
    package var process: ProcessPlan
    package var network: NetworkDefinition?
    package var publish: [PublishRequest]
    package var address: IPv4Address?
    package var mac: MACAddress?
    package var cgroup: CgroupPlan
    /// The name was made up: another one will do as well.
    package var isNameGenerated: Bool

    package init(
        definition: ContainerDefinition, process: ProcessPlan, network: NetworkDefinition?, publish: [PublishRequest],
        address: IPv4Address?, mac: MACAddress?, cgroup: CgroupPlan, isNameGenerated: Bool
    ) {
        self.definition = definition
        self.process = process
        self.network = network
        self.publish = publish
        self.address = address
        self.mac = mac
        self.cgroup = cgroup
        self.isNameGenerated = isNameGenerated
    }
}
