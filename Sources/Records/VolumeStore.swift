import Core
import Linux

/// The definitions of all volumes, each beside the directory that it is about. A directory without one is no volume.
package struct VolumeStore: Sendable {
    package let layout: Layout
    private let records: any RecordStore

    package init(_ layout: Layout) {
        self.layout = layout
        records = layout.records
    }

    package func definition(_ name: Name) throws(OperationError) -> VolumeDefinition? {
        let definition: VolumeDefinition? = try records.read(.volumeDefinition(name))
        if let definition, definition.name != name {
            throw records.damage(.volumeDefinition(name), "it is of volume \(definition.name)")
        }
        return definition
    }

    /// Directories that may be volumes, in order.
    package func names() throws(OperationError) -> [Name] {
        try Files.names(in: layout.volumes).compactMap(Name.init).sorted()
    }

    /// Every volume that can be read, in the order of their names, and why others cannot.
    package func all() throws(OperationError) -> (definitions: [VolumeDefinition], failures: [OperationError]) {
        var definitions: [VolumeDefinition] = []
        var failures: [OperationError] = []
        for name in try names() {
            do throws(OperationError) {
                if let definition = try definition(name) { definitions.append(definition) }
            } catch {
                failures.append(error)
            }
        }
        return (definitions, failures)
    }

    /// Runs `body` while nobody else makes or removes a volume.
    package func holding<Result>(_ body: () throws(OperationError) -> Result) throws(OperationError) -> Result {
        try Files.makeDirectory(layout.volumes)
        let lock = try FileLock.acquireDirectory(layout.volumes)
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    /// On disk when it returns. The lock must be held.
    package func create(_ definition: VolumeDefinition) throws(OperationError) {
        try Files.makeDirectory(layout.volume(definition.name))
        // Any user of a container may have a volume; /var/lib/mydocker keeps those of the host out.
        try Files.makeDirectory(layout.volumeData(definition.name), mode: 0o755)
        try records.removeUnfinished(below: .volume(definition.name)) { _ in true }
        try records.write(definition, at: .volumeDefinition(definition.name), if: .absent, durable: true)
        try Files.syncDirectory(of: layout.volume(definition.name))
    }

    /// It is gone at once; what a kill leaves goes with the next removal. The lock must be held.
    package func remove(_ name: Name) throws(OperationError) {
        try Files.move(layout.volume(name), to: layout.removedVolume(name))
        try Files.removeTree(layout.removedVolume(name))
    }

    /// Removes what killed commands have left. The lock must be held.
    package func removeUnfinished() throws(OperationError) {
        for path in try unfinished() { try Files.removeTree(path) }
    }

    /// What is left of volumes whose removal has begun, and of those that were not on record yet: nobody has had them.
    package func unfinished() throws(OperationError) -> [String] {
        var paths: [String] = []
        for entry in try Files.names(in: layout.volumes).sorted() {
            let isLeft = try entry.hasPrefix(".") ? true : isUnrecorded(entry)
            if isLeft { paths.append("\(layout.volumes)/\(entry)") }
        }
        return paths
    }

    private func isUnrecorded(_ entry: String) throws(OperationError) -> Bool {
        guard let name = Name(entry), !Files.exists(layout.volumeRecord(name)) else { return false }
        return try Files.names(in: layout.volumeData(name)).isEmpty
    }

    /// Directories with something in them that no record is about.
    package func unexplained() throws(OperationError) -> [String] {
        var paths: [String] = []
        for name in try names() where !Files.exists(layout.volumeRecord(name)) {
            if try !Files.names(in: layout.volumeData(name)).isEmpty { paths.append(layout.volume(name)) }
        }
        return paths
    }

    /// Volumes into which an image's content was being copied.
    package func halfCopied() throws(OperationError) -> [Name] {
        try names().filter {
            Files.exists(layout.volumeCopy($0)) || Files.exists(layout.volumeCopied($0))
        }
    }
}
