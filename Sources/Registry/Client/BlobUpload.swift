import Core
import Linux
import Transfer

extension RegistrySession {
    /// Whether the registry has a blob, or takes it over from another repository of its own.
    package enum BlobPresence: Equatable, Sendable {
        case missing
        case present
        case mounted(from: String)
    }

    package func has(_ digest: String, _ connection: Connection) throws(OperationError) -> Bool {
        let response = try send(request(.head, try url("blobs/\(digest)")), scope: .push, connection)
        return response.isSuccess
    }

    /// Puts a blob into the repository. A break goes on where the registry says that it was.
    /// - Parameters:
    ///   - file: an open one, which has the blob and nothing else.
    ///   - repositories: others at the same registry that may have it.
    ///   - sent: is told how many bytes of it are there.
    package func upload(
        _ digest: String, file: Int32, size: Int64, mountableFrom repositories: [String], _ connection: Connection,
        sent: (Int64) -> Void
    ) throws(OperationError) -> BlobPresence {
        var begun: ResourceURL?
        let found = try find(digest, repositories, connection, &begun)
        guard found == .missing else { return found }
        let place: ResourceURL
        if let begun {
            place = begun
        } else {
            let response = try send(begin(try url("blobs/uploads/")), scope: .push, connection)
            guard response.status == 202 else { throw refusal(pushing: response) }
            place = try location(in: response)
        }
        try finish(digest, file, size, at: place, connection, sent)
        return .missing
    }

    /// The same for a blob that need not be at hand: it is asked for, and nothing is sent. An upload that the registry offers
    /// in place of taking it over is left to its care.
    package func find(
        _ digest: String, mountableFrom repositories: [String], _ connection: Connection
    ) throws(OperationError) -> BlobPresence {
        var begun: ResourceURL?
        return try find(digest, repositories, connection, &begun)
    }

    /// - Parameter begun: where an upload goes on that a registry has begun instead of taking the blob over.
    private func find(
        _ digest: String, _ repositories: [String], _ connection: Connection, _ begun: inout ResourceURL?
    ) throws(OperationError) -> BlobPresence {
        if try has(digest, connection) { return .present }
        for repository in repositories {
            guard let response = try takeOver(digest, from: repository, connection) else { continue }
            if response.status == 201 { return .mounted(from: repository) }
            guard response.status == 202 else { continue }
            begun = try location(in: response)
            break
        }
        return .missing
    }

    /// - Returns: nil when the token server gives nothing for both repositories: to take a blob over only saves time.
    private func takeOver(
        _ digest: String, from repository: String, _ connection: Connection
    ) throws(OperationError) -> TransferResponse? {
        let place = try url("blobs/uploads/?mount=\(digest)&from=\(repository)")
        do throws(OperationError) {
            return try send(begin(place), scope: .takeOver(from: repository), connection)
        } catch {
            guard error.kind == .denied else { throw error }
            return nil
        }
    }

    private func begin(_ url: ResourceURL) -> TransferRequest {
        var request = request(.post, url)
        request.body = .bytes([])
        request.headers.set("Content-Type", "application/octet-stream")
        return request
    }

    /// Where an upload goes on.
    private func location(in response: TransferResponse) throws(OperationError) -> ResourceURL {
        guard let location = response.headers["Location"], let url = response.url.resolving(location),
            url.scheme == .https || response.url.scheme == .http
        else { throw OperationError("push", source.repository, reason: "the registry does not say where to") }
        return url
    }

    private func finish(
        _ digest: String, _ file: Int32, _ size: Int64, at place: ResourceURL, _ connection: Connection,
        _ sent: (Int64) -> Void
    ) throws(OperationError) {
        let end = try sendContent(file, size, to: place, connection, sent)
        var request = request(.put, end.adding("digest", digest))
        request.body = .bytes([])
        request.headers.set("Content-Type", "application/octet-stream")
        let response = try send(request, scope: .push, connection)
        guard response.isSuccess else { throw refusal(pushing: response) }
    }

    /// - Returns: where the end is to be said.
    private func sendContent(
        _ file: Int32, _ size: Int64, to place: ResourceURL, _ connection: Connection, _ sent: (Int64) -> Void
    ) throws(OperationError) -> ResourceURL {
        var place = place
        var position: Int64 = 0
        var attempt = 1
        while position < size {
            do throws(TransferError) {
                let response = try patch(file, position, size, place, connection, sent)
                guard response.isSuccess else { throw TransferError(.refused, refusal(pushing: response)) }
                do throws(OperationError) { place = try location(in: response) } catch {
                    throw TransferError(.refused, error)
                }
                position = size
            } catch {
                guard error.isPassing, let delay = RetryDelay.milliseconds(after: attempt) else { throw error.error }
                do throws(TransferError) { try pause(delay) } catch { throw error.error }
                let before = position
                (position, place) = try reached(place, connection, size)
                attempt = position > before ? 1 : attempt + 1
            }
        }
        return place
    }

    private func patch(
        _ file: Int32, _ position: Int64, _ size: Int64, _ place: ResourceURL, _ connection: Connection,
        _ sent: (Int64) -> Void
    ) throws(TransferError) -> TransferResponse {
        var request = request(.patch, place)
        request.body = .file(descriptor: file, offset: position, length: size - position)
        request.headers.set("Content-Type", "application/octet-stream")
        if position > 0 { request.headers.set("Content-Range", "\(position)-\(size - 1)") }
        return try withoutActuallyEscaping(sent) { sent throws(TransferError) in
            try once(request, connection) { sent(position + $0) }
        }
    }

    /// How much of an upload the registry has, and where it goes on.
    private func reached(
        _ place: ResourceURL, _ connection: Connection, _ size: Int64
    ) throws(OperationError) -> (Int64, ResourceURL) {
        let response = try send(request(.get, place), scope: .push, connection)
        guard response.isSuccess else { throw refusal(pushing: response) }
        // `0-99`; nothing yet is `0-0`.
        let last = (response.headers["Range"] ?? "").split(separator: "-").last.flatMap { Int64($0) } ?? 0
        guard (0..<max(size, 1)).contains(last) else {
            throw OperationError("push", source.repository, reason: "the registry has more of a blob than there is")
        }
        let next = response.headers["Location"] == nil ? place : try location(in: response)
        return (last == 0 ? 0 : last + 1, next)
    }

    package func putManifest(
        _ bytes: [UInt8], type: String, as name: String, _ connection: Connection
    ) throws(OperationError) {
        var request = request(.put, try url("manifests/\(name)"))
        request.headers.set("Content-Type", type)
        request.body = .bytes(bytes)
        let response = try send(request, scope: .push, connection)
        guard response.isSuccess else { throw refusal(pushing: response) }
    }

    /// In Docker's words.
    func refusal(pushing response: TransferResponse) -> OperationError {
        let errors = RegistryErrors(response.body)
        if response.status == 401 || response.status == 403 {
            let text =
                response.status == 401 && !hasCredentials
                ? "no basic auth credentials"
                : errors.text.isEmpty ? "denied: requested access to the resource is denied" : errors.text
            return OperationError(
                text, remedy: "log in: \(Program.current.name) login \(source.registry)", kind: .denied)
        }
        return OperationError(
            "push", "\(source.registry)/\(source.repository)",
            reason: errors.text.isEmpty ? "received unexpected HTTP status: \(response.status)" : errors.text)
    }
}
