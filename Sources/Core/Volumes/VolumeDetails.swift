/// One volume as `volume inspect` and `volume ls` tell it.
package struct VolumeDetails: Equatable, Sendable {
    package let definition: VolumeDefinition
    /// What containers see of it, on the host.
    package let directory: String
    /// Whether no container has it; nil where some record cannot be read.
    package let isDangling: Bool?

    package init(_ definition: VolumeDefinition, directory: String, isDangling: Bool?) {
        self.definition = definition
        self.directory = directory
        self.isDangling = isDangling
    }
}
