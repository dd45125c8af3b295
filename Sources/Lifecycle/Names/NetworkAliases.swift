import Core
import Glibc
import Linux
import Records

/// Further names of containers on a network. A file for each only says where to look: a name is an endpoint's while its state says so.
extension Host {
    /// Once they are on record.
    func registerAliases(
        of endpoint: Endpoint, _ id: ContainerID, on network: NetworkDefinition
    ) throws(OperationError) {
        for alias in endpoint.aliases { try register(alias, of: id, on: network) }
    }

    /// Whoever takes another one's file away takes directories with it that are empty at that moment.
    private func register(
        _ alias: NetworkAlias, of id: ContainerID, on network: NetworkDefinition
    ) throws(OperationError) {
        let directory = layout.alias(alias, network)
        for _ in 0..<1000 {
            do throws(OperationError) {
                try Files.makeDirectory(layout.aliases(network))
                try Files.makeDirectory(directory)
                _ = try Files.makeSymbolicLink("\(directory)/\(id)", to: id.short)
                return
            } catch {
                guard error.errno == ENOENT else { throw error }
            }
        }
        throw OperationError("register alias", directory, errno: EBUSY)
    }

    func withdrawAliases(
        of endpoint: Endpoint, _ id: ContainerID, from network: NetworkDefinition
    ) throws(OperationError) {
        for alias in endpoint.aliases {
            let directory = layout.alias(alias, network)
            try Files.remove("\(directory)/\(id)")
            for directory in [directory, layout.aliases(network)] {
                try FaultPoint.pass("remove directory", directory)
                _ = Files.removeEmptyDirectory(directory)
            }
        }
    }

    /// Those that may have an alias, by its directory; nil when that cannot be read.
    static func holders(in directory: String) -> [ContainerID]? {
        (try? Files.names(in: directory))?.compactMap(ContainerID.init)
    }
}
