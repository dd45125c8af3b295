import Core
import Linux
import Netlink

/// Members whose link somebody has taken away: nothing but another round of theirs makes one.
enum LinkObstacles {
    /// - Parameter links: of this host.
    static func find(
        to network: NetworkDefinition, _ containers: [TracedContainer], _ links: [LinkInfo]
    ) -> [NetworkObstacle] {
        let veths = Set(links.filter { $0.kind == "veth" }.map(\.name))
        return containers.flatMap { container in
            container.endpoints.filter { $0.networkID == network.id && !veths.contains($0.hostInterface) }.map {
                NetworkObstacle(
                    .link, "container \(container.name)", "has no link any more: \($0.hostInterface) is gone",
                    remedy: "run: \(Program.current.name) restart \(container.name)")
            }
        }
    }
}
