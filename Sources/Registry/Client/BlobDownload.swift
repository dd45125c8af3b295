import Core
import Transfer

/// A blob on its way, over as many answers as it takes.
package struct BlobDownload {
    private let session: RegistrySession
    private let connection: Connection
    private let reference: Reference
    private let digest: String
    private let size: Int64
    /// Where else it may be; only for layers that no registry may have.
    private let otherPlaces: [ResourceURL]
    /// How much there is of it.
    private var position: Int64

    /// - Parameter position: how many bytes are there already.
    package init(
        _ digest: String, size: Int64, from position: Int64, otherPlaces: [String] = [], of reference: Reference,
        _ session: RegistrySession, _ connection: Connection
    ) {
        self.digest = digest
        self.size = size
        self.position = position
        self.otherPlaces = otherPlaces.compactMap { ResourceURL($0) }.filter { $0.scheme == .https }
        self.reference = reference
        self.session = session
        self.connection = connection
    }

    /// Gets what is missing. After a break it goes on where it was, and gives up when that happens again and again
    /// without headway.
    /// - Parameters:
    ///   - take: gets each piece, in order.
    ///   - note: is told of a wait, with its reason.
    package mutating func run(
        _ take: (UnsafeRawBufferPointer) throws(OperationError) -> Void, note: (String) -> Void
    ) throws(OperationError) {
        var attempt = 1
        while position < size {
            let before = position
            do throws(TransferError) {
                try ask(take)
                guard position < size else { return }
                // It was not broken off: that is all that it has.
                throw TransferError(
                    .refused, failure("the registry has sent \(position) of \(size) bytes and no more"))
            } catch {
                if position > before { attempt = 1 }
                guard error.isPassing, let delay = RetryDelay.milliseconds(after: attempt) else { throw error.error }
                note(error.error.description)
                do throws(TransferError) { try session.pause(delay) } catch { throw error.error }
                attempt += 1
            }
        }
    }

    private func failure(_ reason: String) -> OperationError {
        OperationError("pull layer", digest, reason: reason, kind: .damaged)
    }

    private mutating func ask(
        _ take: (UnsafeRawBufferPointer) throws(OperationError) -> Void
    ) throws(TransferError) {
        let start = position
        var request: TransferRequest
        do throws(OperationError) {
            request = session.request(.get, try session.url("blobs/\(digest)"))
        } catch {
            throw TransferError(.failed, error)
        }
        var response = try receive(&request, from: start, take)
        for place in otherPlaces where response.status == 404 {
            request.url = place
            response = try receive(&request, from: start, take)
        }
        if response.status == 416 || RetryDelay.isPassing(response.status) {
            throw TransferError(.broken, session.refusal(of: response, pulling: reference, blob: digest))
        }
        guard response.isSuccess else {
            throw TransferError(.refused, session.refusal(of: response, pulling: reference, blob: digest))
        }
    }

    private mutating func receive(
        _ request: inout TransferRequest, from start: Int64,
        _ take: (UnsafeRawBufferPointer) throws(OperationError) -> Void
    ) throws(TransferError) -> TransferResponse {
        request.headers.set("Range", start > 0 ? "bytes=\(start)-" : nil)
        let asked = request
        let download = self
        // Of an answer that begins at the beginning, what is there is passed over.
        var skipped: Int64?
        var place = position
        defer { position = place }
        return try withoutActuallyEscaping(take) { take throws(TransferError) in
            try session.answer(to: asked, .pull, connection) { bytes, response throws(OperationError) in
                if skipped == nil { skipped = try download.passedOver(response, start) }
                let skip = min(Int64(bytes.count), skipped ?? 0)
                skipped = (skipped ?? 0) - skip
                let rest = UnsafeRawBufferPointer(rebasing: bytes[Int(skip)...])
                guard place + Int64(rest.count) <= download.size else {
                    throw download.failure("the registry has sent more than its \(download.size) bytes")
                }
                if rest.isEmpty { return }
                try take(rest)
                place += Int64(rest.count)
            }
        }
    }

    private func passedOver(_ response: TransferResponse, _ start: Int64) throws(OperationError) -> Int64 {
        guard response.status == 206 else { return start }
        let range = response.headers["Content-Range"] ?? ""
        guard range.hasPrefix("bytes \(start)-") else {
            throw failure("the registry has sent another part of it: \(range)")
        }
        return 0
    }
}
