import Core
import Glibc
import Linux

extension Layout {
    /// - Throws: when there is one that cannot be used, with what is wrong about it.
    package func readConfiguration() throws(OperationError) -> HostConfiguration {
        let bytes: [UInt8]
        do throws(OperationError) {
            bytes = try Files.readConfiguration(configuration, limit: 1 << 20)
        } catch {
            if error.errno == ENOENT { return HostConfiguration() }
            throw error
        }
        do {
            return try HostConfiguration(JSON(parsingHandwritten: bytes))
        } catch {
            throw OperationError(
                "read configuration", configuration, reason: "\(error)", remedy: "mend the file, or remove it",
                kind: .invalid)
        }
    }
}
