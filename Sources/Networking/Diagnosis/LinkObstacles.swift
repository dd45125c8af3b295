import Core
import Linux
import Netlink

/// Members whose link somebody has taken away: nothing but another round of theirs makes one.
enum LinkObstacles {
    static func find(
        to network: NetworkDefinition, _ containers: [TracedContainer], _ links: HostLinks
    ) -> [NetworkObstacle] {
        containers.flatMap { container in
            container.endpoints.filter {
                $0.networkID == network.id && links.link(named: $0.hostInterface)?.kind != "veth"
            }.map {
                NetworkObstacle(
                    .link, "container \(container.name)", "has no link any more: \($0.hostInterface) is gone",
                    remedy: "run: \(Program.current.name) restart \(container.name)")
            }
        }
    }
}
