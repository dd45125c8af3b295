import Core

extension Connection {
    /// The same for a request that may be answered elsewhere, as storage hosts do.
    ///
    /// What the request says of its sender goes to no other host, and what began with TLS does not go on without.
    package func fetch(
        _ request: TransferRequest, to sink: Sink? = nil
    ) throws(TransferError) -> TransferResponse {
        var request = request
        for _ in 0...Redirect.maximum {
            let response = try transfer(request, to: sink)
            guard let next = try Redirect.next(after: response, to: request) else { return response }
            request = next
        }
        throw TransferError(
            .refused,
            OperationError("get", request.url.shown, reason: "stopped after \(Redirect.maximum) redirects"))
    }
}

enum Redirect {
    static let maximum = 10
    private static let statuses: Set<Int> = [301, 302, 303, 307, 308]

    /// Nil when the answer is one.
    static func next(
        after response: TransferResponse, to request: TransferRequest
    ) throws(TransferError) -> TransferRequest? {
        guard statuses.contains(response.status), request.method == .get || request.method == .head,
            let location = response.headers["Location"]
        else { return nil }
        guard let target = request.url.resolving(location) else { throw refusal(request, "to what is no URL") }
        guard request.url.scheme == .http || target.scheme == .https else {
            throw refusal(request, "from https to http, at \(target.host)")
        }
        var next = request
        next.guardRedirects(from: response.address)
        next.url = target
        guard target.origin != request.url.origin else { return next }
        next.forgetSender()
        return next
    }

    private static func refusal(_ request: TransferRequest, _ reason: String) -> TransferError {
        TransferError(.refused, OperationError("get", request.url.shown, reason: "it is redirected \(reason)"))
    }
}
