/// One container as `inspect` tells it: what was asked for, what there is now, and how it ended.
package struct ContainerDetails: Equatable, Sendable {
    package let definition: ContainerDefinition
    package let phase: ContainerPhase
    /// Nil while it has no run.
    package var state: ContainerState?
    /// How its program ended the last time; nil where nobody knows, and before that.
    package var exit: ContainerExit?
    /// Nil of one that has no check, or has not begun.
    package var health: ContainerHealth?
    /// Why nobody knows how a lost one ended.
    package var lossReason = ""
    /// Paths on the host.
    package let log: String
    package let upperDirectory: String
    package let workDirectory: String
    /// What each of its volumes is, likewise.
    package var volumeDirectories: [Name: String] = [:]
    /// What the containers that it is linked to are called now.
    package var linkNames: [ContainerID: Name] = [:]

    package init(
        _ definition: ContainerDefinition, _ phase: ContainerPhase, log: String, upperDirectory: String,
        workDirectory: String
    ) {
        self.definition = definition
        self.phase = phase
        self.log = log
        self.upperDirectory = upperDirectory
        self.workDirectory = workDirectory
    }
}
