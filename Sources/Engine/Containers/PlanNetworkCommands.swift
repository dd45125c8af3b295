import Core
import Images
import Lifecycle
import Networking

extension Engine {
    /// What a person would type to have the networks that `run` or `create` gives a container, as far as they are not there.
    /// Nothing is made: no network, no lease, no image.
    package func networkCommands(running request: RunRequest) throws(OperationError) -> [ShellCommand] {
        guard request.recording == nil else {
            throw OperationError("conflicting options: --dry-run and --replay", kind: .invalid)
        }
        let name = try containerName(request.name)
        try host.checkFree(name, unless: request.replaces)
        var mode = try networkMode(request.networks)
        mode.publish(try publishRequests(request, exposingImage(request), mode))
        guard mode.hasOwnNamespace else { return [] }
        var networks: [NetworkDefinition] = []
        for wish in mode.wishes {
            let network = try plannedNetwork(called: wish.network)
            guard !networks.contains(where: { $0.name == network.name }) else {
                throw OperationError("network \"\(network.name)\" is specified multiple times", kind: .invalid)
            }
            networks.append(network)
        }
        try warnOfPorts(mode, networks)
        let endpoints = try host.plannedEndpoints(of: .random(), mode.wishes, on: networks)
        let joined = JoinedContainer(name: name, endpoints: zip(endpoints, networks).map { ($0, $1) })
        return try commands(making: networks, [joined], upon: .found)
    }

    /// `-P` publishes what the image says, where that is here.
    private func exposingImage(_ request: RunRequest) throws(OperationError) -> Image? {
        guard request.publishExposed, let name = request.image ?? request.words.first else { return nil }
        return try imageStore.resolve(name, shortestID: request.image == nil ? 4 : 1)
    }
}
