/// One container as `ps` lists it.
package struct ContainerSummary: Sendable {
    package var id: ContainerID
    package var name: String
    /// The name that it was made by; `sha256:…` where that leads to another image now, or to none.
    package var image: String
    package var command: [String]
    package var created: Timestamp
    package var phase: ContainerPhase
    package var ports: [PortMapping]
    /// At its own addresses.
    package var openPorts: [PortMapping] = []
    package var address: IPAddress?
    package var pid: Int32?
    package var networks: [String]
    /// Of those that are there; empty where nobody asked.
    package var networkIDs: [ContainerID] = []
    /// `sha256:…`; nil for one that was made of a directory.
    package var imageID: String?
    /// Of its image, topmost first.
    package var layers: [String] = []
    /// What was asked for as its image, or as one that its image is built on.
    package var ancestors: [String] = []
    package var labels: [String: String]
    package var isBuild = false
    package var binds: [BindMount] = []
    package var volumes: [VolumeMount] = []
    /// `80/tcp`
    package var exposedPorts: [String] = []
    /// Of one that runs and has a check.
    package var health: ContainerHealth.Status?
    /// Bytes in its writable layer, and with those of its image; nil where nobody asked.
    package var size: (own: Int64, whole: Int64)?

    package init(
        id: ContainerID, name: String, image: String, command: [String], created: Timestamp, phase: ContainerPhase,
        ports: [PortMapping], address: IPAddress?, pid: Int32?, networks: [String], labels: [String: String]
    ) {
        self.id = id
        self.name = name
        self.image = image
        self.command = command
        self.created = created
        self.phase = phase
        self.ports = ports
        self.address = address
        self.pid = pid
        self.networks = networks
        self.labels = labels
    }

    package var isRunning: Bool { phase.isRunning }
}
