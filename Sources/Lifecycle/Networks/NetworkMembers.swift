import Core
import Linux
import Networking
import Records

extension Host {
    /// The containers that have a place on a network. One whose state cannot be read is an error only when it has an
    /// address there.
    package func members(of network: NetworkDefinition) throws(OperationError) -> [(
        id: ContainerID, endpoint: Endpoint
    )] {
        var members: [(id: ContainerID, endpoint: Endpoint)] = []
        for id in try containerStore.runtimeIDs() {
            do throws(OperationError) {
                for endpoint in try containerStore.state(id)?.endpoints ?? [] where endpoint.networkID == network.id {
                    members.append((id, endpoint))
                }
            } catch {
                guard try !hasLease(id, on: network) else { throw error }
                warn(error.description)
            }
        }
        return members
    }

    /// The running containers that are on networks, oldest first. One whose record cannot be read is left out.
    func networkMembers() -> [NetworkMember] {
        let running = ((try? containerStore.runtimeIDs()) ?? []).compactMap {
            id -> (id: ContainerID, state: ContainerState)? in
            guard case .supervised(let state) = liveness(of: id), state.status == .running else { return nil }
            return (id, state)
        }
        // One without a time, which is of nobody's making, counts as the oldest: an order needs fixed values.
        func start(_ state: ContainerState) -> Timestamp { state.started ?? Timestamp(nanoseconds: 0) }
        return running.sorted { (start($0.state), $0.id) < (start($1.state), $1.id) }
            .flatMap { id, state -> [NetworkMember] in
                guard let process = state.process else { return [] }
                return state.endpoints.map { NetworkMember(id: id, endpoint: $0, process: process) }
            }
    }
}
