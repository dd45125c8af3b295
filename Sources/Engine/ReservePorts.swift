import Core
import Networking

extension Engine {
    /// Takes the published ports, and says who has one that is taken.
    func reservePorts(_ requests: [PublishRequest], device: String) throws(OperationError) -> PortReservation {
        try checkDistinct(requests)
        let holder: @Sendable (UInt16, TransportProtocol) -> String? = { [containerStore] port, transport in
            for id in (try? containerStore.runtimeIDs()) ?? [] {
                guard let state = try? containerStore.state(id), let endpoint = state.endpoint,
                    endpoint.ports.contains(where: { $0.hostPort == port && $0.transport == transport })
                else { continue }
                let name = ((try? containerStore.definition(id)) ?? nil)?.name.text ?? id.short
                return "container \"\(name)\""
            }
            return nil
        }
        return try PortReservation(requests, device: device, holder: holder)
    }

    /// One command must not ask for the same port twice.
    private func checkDistinct(_ requests: [PublishRequest]) throws(OperationError) {
        for (index, request) in requests.enumerated() {
            for earlier in requests[..<index] where earlier.collides(with: request) {
                throw OperationError(
                    "port \(request.hostPorts?.lowerBound ?? 0)/\(request.transport.rawValue) is published twice")
            }
        }
    }
}
