import Core
import Linux

/// Whose a name is among containers, by what the directories of names and aliases say.
struct NameOwners: Equatable {
    /// The container that has it, wherever that is.
    var named: ContainerID?
    /// Those that may have it as an alias: a list for each network on which it was asked for, in their order.
    var holders: [[ContainerID]]
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

    /// The one that was read last is the last one.
    private var known: [KnownName] = []
    private static let most = 16

    /// - Parameters:
    ///   - directories: all that `read` reads.
    ///   - read: nil when they could not be read.
    func owners(
        of text: String, on networks: [ContainerID], in directories: @autoclosure () -> [String],
        _ read: () -> NameOwners?
    ) -> NameOwners? {
        if let index = known.firstIndex(where: { $0.text == text && $0.networks == networks }) {
            if known[index].isTrue { return known[index].owners }
            known.remove(at: index)
        }
        let directories = directories()
        let versions = directories.map { FileVersion(of: $0) }
        let owners = read()
        guard let owners, versions.allSatisfy({ $0?.isSettled ?? true }) else { return owners }
        if known.count == Self.most { known.removeFirst() }
        known.append(
            KnownName(text: text, networks: networks, owners: owners, directories: directories, versions: versions))
        return owners
    }

    package func forget() { known = [] }
}
