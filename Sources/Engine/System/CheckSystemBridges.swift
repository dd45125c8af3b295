import Core
import Lifecycle
import Linux
import Networking

/// What networks on bridges lack, and what there is of such without an owner.
extension SystemAudit {
    var bridges: [SystemFinding] {
        let missing = kernel.withoutBridge.map { network in
            SystemFinding(
                .bridge, network.device,
                "it is somebody else's, and is not there; network \"\(network.name)\" is on it (make it again, and then: "
                    + "\(Program.current.name) network reload \(network.name))", .none)
        }
        let differences = records.wantedBridges.differences(from: kernel.bridges) + kernel.unmanagedLacks
        return missing
            + differences.map { difference in
                let leakClass: LeakClass =
                    switch difference.subject {
                    case .bridge: .bridge
                    case .veth: .veth
                    case .rule: .rule
                    }
                return SystemFinding(
                    leakClass, difference.what, difference.why,
                    difference.isRepairable ? .bridge(difference) : .none)
            }
    }

    /// Those of which there should be something now.
    var establishedNetworks: [NetworkDefinition] {
        let lacking = kernel.unmanagedLacks.compactMap(\.network)
        let established = records.wantedBridges.established(in: kernel.bridges)
        // Of a move that has not come to its end there may be nothing on the host since a reboot, and it is ended all the same.
        return established
            + records.networks.filter {
                ($0.formerFirewall != nil || lacking.contains($0.id)) && !established.contains($0)
            }
    }
}

extension RecordSnapshot {
    /// The places of running containers on networks.
    var running: [(id: ContainerID, endpoint: Endpoint)] {
        containers.flatMap { id, container in
            container.isRunning ? (container.state?.endpoints ?? []).map { (id, $0) } : []
        }
    }

    var members: [NetworkMember] {
        running.compactMap { id, endpoint in
            guard let process = containers[id]?.state?.process else { return nil }
            return NetworkMember(id: id, endpoint: endpoint, process: process)
        }
    }

    var wantedBridges: WantedBridges {
        let bridged = networks.filter { $0.driver == BridgeDriver.name && !$0.options.isUnmanaged }
        return WantedBridges(
            bridged, isComplete: knowsAllNetworks, living: living.union(livingEndpoints), members: members)
    }
}
