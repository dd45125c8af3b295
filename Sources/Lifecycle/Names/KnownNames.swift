import Core
import Linux

/// Whose a name is among containers, by what the directories of names and aliases say.
struct NameOwners: Equatable {
    /// The container that has it, wherever that is.
    var named: ContainerID?
    /// Those that may have it as an alias: a list for each network on which it was asked for, in their order.
    var holders: [[ContainerID]]
    /// Whether all that says so could be read.
    private(set) var isWhole = true

    init(named: ContainerID?, holders: [[ContainerID]]) {
        self.named = named
        self.holders = holders
    }

    /// - Parameter read: nil for what could not be read.
    init(named: ContainerID?, read: [[ContainerID]?]) {
        self.named = named
        holders = read.map { $0 ?? [] }
        isWhole = read.allSatisfy { $0 != nil }
    }
}

/// Whose names are, as the directories said when they were read last, and say still: a name that is given or taken away makes another
/// version of one of them.
package final class KnownNames {
    private struct KnownName {
        let text: String
        let networks: [ContainerID]
        let owners: NameOwners
        let directories: [String]
        let versions: [FileVersion?]

        var isTrue: Bool {
            for (path, version) in zip(directories, versions) where FileVersion(of: path) != version { return false }
            return true
        }
    }

    /// The one that was asked for last is the last one.
    private var known: [KnownName] = []
    private static let most = 16

    /// What could not be read whole, or was changed meanwhile, is read again the next time.
    /// - Parameter directories: all that `read` reads.
    func owners(
        of text: String, on networks: [ContainerID], in directories: @autoclosure () -> [String],
        _ read: () -> NameOwners
    ) -> NameOwners {
        if let index = known.lastIndex(where: { $0.text == text && $0.networks == networks }) {
            let name = known.remove(at: index)
            if name.isTrue {
                known.append(name)
                return name.owners
            }
        }
        let directories = directories()
        let versions = directories.map { FileVersion(of: $0) }
        let owners = read()
        let name = KnownName(
            text: text, networks: networks, owners: owners, directories: directories, versions: versions)
        // One that was missing may have been made before it was read.
        guard owners.isWhole, versions.allSatisfy({ $0?.isSettled ?? true }), name.isTrue else { return owners }
        if known.count == Self.most { known.removeFirst() }
        known.append(name)
        return owners
    }

    package func forget() { known = [] }
}
