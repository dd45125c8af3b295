import Core
import Glibc
import Linux

/// Every path that mydocker uses on the host.
package struct Layout: Sendable {
    /// What outlives a reboot.
    package let state: String
    /// What lives as long as the kernel that runs.
    package let runtime: String
    /// What the administrator has settled (`HostConfiguration`); it may be missing.
    package let configuration: String

    package static let standard = Layout(
        state: "/var/lib/mydocker", runtime: "/run/mydocker", configuration: "/etc/mydocker/config.json")

    /// - Parameter configuration: nil: in `state`.
    package init(state: String, runtime: String, configuration: String? = nil) {
        self.state = state
        self.runtime = runtime
        self.configuration = configuration ?? state + "/config.json"
    }

    package var images: String { state + "/images" }
    package var seccompCache: String { state + "/seccomp" }

    /// Those that outlive a reboot.
    package var records: FileRecords { FileRecords(state) }
    package var runtimeRecords: FileRecords { FileRecords(runtime) }

    package var networks: String { state + "/networks" }
    /// As `names`.
    package var networkNames: String { state + "/network-names" }
    package func networkName(_ name: Name) -> String { "\(networkNames)/\(name)" }
    package var runtimeNetworks: String { runtime + "/networks" }
    /// - Parameter key: `NetworkDefinition.key`.
    package func networkRuntime(_ key: String) -> String { "\(runtimeNetworks)/\(key)" }
    package func addressPool(_ network: NetworkDefinition) -> String { networkRuntime(network.key) + "/pool" }
    /// For each further name of containers a directory, with a file for each container that has it. Whether that one has it still
    /// is said by its state alone.
    package func aliases(_ network: NetworkDefinition) -> String { networkRuntime(network.key) + "/aliases" }
    package func alias(_ alias: NetworkAlias, _ network: NetworkDefinition) -> String {
        "\(aliases(network))/\(alias.key)"
    }
    package func networkLock(_ network: NetworkDefinition) -> String { networkRuntime(network.key) + "/lock" }

    /// Its lock is held by whoever makes or removes a volume.
    package var volumes: String { state + "/volumes" }
    /// Its lock is held by whoever copies an image's content into the volume.
    package func volume(_ name: Name) -> String { "\(volumes)/\(name)" }
    /// What containers see.
    package func volumeData(_ name: Name) -> String { volume(name) + "/_data" }
    /// What is being copied for it; of no worth when that has come to an end.
    package func volumeCopy(_ name: Name) -> String { volume(name) + "/copy" }
    /// The same once it is whole, until all of it is in the volume.
    package func volumeCopied(_ name: Name) -> String { volume(name) + "/copied" }
    package func volumeRecord(_ name: Name) -> String { records.subject(of: .volumeDefinition(name)) }
    /// What is left of one that has been removed; no name begins so.
    package func removedVolume(_ name: Name) -> String { "\(volumes)/.\(name)" }

    package var containers: String { state + "/containers" }
    package var runtimeContainers: String { runtime + "/containers" }
    /// One symbolic link per container name, to its id: made and found in one step.
    package var names: String { state + "/names" }
    package func name(_ name: Name) -> String { "\(names)/\(name)" }
    /// Holds `upper` and `work` too.
    package func container(_ id: ContainerID) -> String { "\(containers)/\(id)" }
    package func definition(_ id: ContainerID) -> String { records.subject(of: .definition(id)) }
    /// Held by whoever changes the definition.
    package func definitionLock(_ id: ContainerID) -> String { container(id) + "/record.lock" }
    package func exit(_ id: ContainerID) -> String { records.subject(of: .exit(id)) }
    /// Is there until it begins for the first time.
    package func created(_ id: ContainerID) -> String { container(id) + "/created" }
    /// Is there when a user has ended it, until it begins again.
    package func stopped(_ id: ContainerID) -> String { container(id) + "/stopped" }
    package func log(_ id: ContainerID) -> String { container(id) + "/log.json" }
    package func upper(_ id: ContainerID) -> String { container(id) + "/upper" }
    /// Where overlay keeps what it is just copying, in a directory of its own.
    package func work(_ id: ContainerID) -> String { container(id) + "/work" }

    package func containerRuntime(_ id: ContainerID) -> String { "\(runtimeContainers)/\(id)" }
    package func containerState(_ id: ContainerID) -> String { runtimeRecords.subject(of: .state(id)) }
    /// There when `update` has given the container cgroups that its state does not name.
    package func containerCgroups(_ id: ContainerID) -> String { containerRuntime(id) + "/cgroups" }
    /// There when another container has, or is about to have, this one's network namespace, which then outlives its program.
    package func containerJoined(_ id: ContainerID) -> String { containerRuntime(id) + "/joined" }
    /// Held by the container's supervisor as long as the container is alive.
    package func containerLock(_ id: ContainerID) -> String { containerRuntime(id) + "/lock" }

    /// Where its supervisor can be talked to.
    package func containerControl(_ id: ContainerID) -> String { containerRuntime(id) + "/control" }

    /// What `scope run` has begun: a directory each, as long as something may be left of it.
    package var scopes: String { state + "/scopes" }
    package func scope(_ name: Name) -> String { "\(scopes)/\(name)" }
    /// Held as long as the scope is alive.
    package func scopeLock(_ name: Name) -> String { scope(name) + "/lock" }
    /// Shared by commands that make something in it.
    package func scopeMembers(_ name: Name) -> String { scope(name) + "/members" }
    /// Is there once no command joins it any more.
    package func scopeEnding(_ name: Name) -> String { scope(name) + "/ending" }
    /// Held while a scope begins or goes.
    package var scopesLock: String { runtime + "/scopes.lock" }

    /// What has happened; the file before it has `.1` behind its name.
    package var events: String { runtime + "/events" }

    package var registryLock: String { runtime + "/lock" }
    private var bootID: String { runtime + "/boot-id" }
    /// Else what is in the runtime directory says nothing any more.
    package var isOfThisBoot: Bool { Files.line(bootID) == Files.line("/proc/sys/kernel/random/boot_id") }

    /// Makes the directories that are to be there always, and empties the runtime directory when it was written
    /// before the last boot (`/run` is not a tmpfs everywhere).
    /// - Returns: whether this is the first time since then.
    @discardableResult
    package func prepare() throws(OperationError) -> Bool {
        let current = Files.line("/proc/sys/kernel/random/boot_id") ?? ""
        if Files.line(bootID) == current {
            // Whoever begins anew has emptied the other one alone.
            try makeStateDirectories()
            return false
        }
        try Files.makeDirectories(runtime)
        return try FileLock.holding(registryLock) { () throws(OperationError) in
            if Files.line(bootID) == current { return false }
            for directory in [runtimeContainers, runtimeNetworks] {
                try Files.removeTree(directory)
                try Files.makeDirectories(directory)
            }
            try makeStateDirectories()
            // Of one that was killed while it wrote what follows.
            for file in try Files.names(in: runtime) where file.hasSuffix(".tmp") {
                try Files.remove("\(runtime)/\(file)")
            }
            try Files.replace(bootID, Array(current.utf8))
            return true
        }
    }

    private func makeStateDirectories() throws(OperationError) {
        for directory in [containers, names, networks, networkNames, volumes] where !Files.exists(directory) {
            try Files.makeDirectories(directory)
        }
    }
}

extension RecordKey {
    static func container(_ id: ContainerID) -> RecordKey { RecordKey("containers/\(id)") }
    static func definition(_ id: ContainerID) -> RecordKey { RecordKey("containers/\(id)/record") }
    static func exit(_ id: ContainerID) -> RecordKey { RecordKey("containers/\(id)/exit") }
    static func state(_ id: ContainerID) -> RecordKey { RecordKey("containers/\(id)/state") }
    static func health(_ id: ContainerID) -> RecordKey { RecordKey("containers/\(id)/health") }

    static func volume(_ name: Name) -> RecordKey { RecordKey("volumes/\(name)") }
    static func volumeDefinition(_ name: Name) -> RecordKey { RecordKey("volumes/\(name)/record") }

    static let networks = RecordKey("networks")
    /// - Parameter key: `NetworkDefinition.key`.
    static func network(_ key: some StringProtocol) -> RecordKey { RecordKey("networks/\(key)") }
}
