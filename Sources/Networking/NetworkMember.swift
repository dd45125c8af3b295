import Core
import Linux

/// A container on a network, with the process that has it there.
package struct NetworkMember: Equatable, Sendable {
    package let id: ContainerID
    package let endpoint: Endpoint
    package let process: ProcessIdentity

    package init(id: ContainerID, endpoint: Endpoint, process: ProcessIdentity) {
        self.id = id
        self.endpoint = endpoint
        self.process = process
    }

    /// Whether its first process has not ended: until then nobody begins to take away what it has on the network.
    package var isRunning: Bool {
        guard let handle = process.open() else { return false }
        return !handle.waitForEnd(milliseconds: 0)
    }
}
