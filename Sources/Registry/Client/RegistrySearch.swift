import Core
import Transfer

/// What a registry has found.
package struct FoundRepository: Equatable, Sendable {
    package let name: String
    package let description: String
    package let stars: Int64
    package let isOfficial: Bool
    package let isAutomated: Bool

    init(_ reader: RecordReader) throws(RecordError) {
        name = try reader.string("name")
        description = try reader.optional("description", \.string) ?? ""
        stars = try reader.optional("star_count", \.int) ?? 0
        isOfficial = try reader.optional("is_official", \.bool) ?? false
        isAutomated = try reader.optional("is_automated", \.bool) ?? false
    }
}

extension RegistrySession {
    /// Repositories whose names or descriptions have a word in them (Docker Registry HTTP API V1, "Search"), as anybody may ask.
    /// - Parameter limit: how many at most.
    package func search(
        _ term: String, limit: Int, _ connection: Connection
    ) throws(OperationError) -> [FoundRepository] {
        try open(connection)
        guard let base = with({ $0.base }) else { return [] }
        let place = ResourceURL(base.scheme, host: base.host, port: base.port, target: "/v1/search")
        let url = place.adding("q", term).adding("n", "\(limit)")
        let response: TransferResponse
        do throws(TransferError) {
            response = try retrying { () throws(TransferError) in try connection.fetch(request(.get, url)) }
        } catch {
            throw error.error
        }
        guard response.isSuccess else {
            throw OperationError("search \(source.registry)", reason: "Unexpected status code \(response.status)")
        }
        do {
            let reader = try RecordReader(JSON(parsing: response.body))
            return try reader.objects("results") { reader throws(RecordError) in try FoundRepository(reader) }
        } catch {
            throw OperationError(
                "search \(source.registry)", reason: "its answer is not valid: \(error)", kind: .damaged)
        }
    }
}
