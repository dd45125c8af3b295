import Core
import Glibc
import Linux
import Transfer

extension RegistrySession {
    /// A request with what the registry wants to know of its sender; again when a token has become too old, and when the
    /// registry is busy or the connection breaks before there is an answer.
    /// - Parameters:
    ///   - scope: nil is the registry itself.
    ///   - sink: takes the body of a success; after the first piece nothing is tried again here.
    package func send(
        _ request: TransferRequest, scope: RegistryAction?, _ connection: Connection, to sink: Connection.Sink? = nil,
        sent: ((Int64) -> Void)? = nil
    ) throws(OperationError) -> TransferResponse {
        do throws(TransferError) {
            return try answer(to: request, scope, connection, sink, sent)
        } catch {
            throw error.error
        }
    }

    func answer(
        to request: TransferRequest, _ scope: RegistryAction?, _ connection: Connection, _ sink: Connection.Sink?,
        _ sent: ((Int64) -> Void)? = nil
    ) throws(TransferError) -> TransferResponse {
        var isRenewed = false
        while true {
            // What has gone to somebody is not sent there twice.
            let response = try retrying(isBreakFinal: sink != nil) { () throws(TransferError) in
                var request = request
                try addSender(to: &request, scope, connection)
                if request.method == .get || request.method == .head { return try connection.fetch(request, to: sink) }
                return try connection.transfer(request, to: sink, sent: sent)
            }
            // The answer to a request without TLS is anybody's.
            guard response.status == 401, !isRenewed, isOwn(response.url) else { return response }
            isRenewed = true
            with { state in
                let challenges = Challenge.parse(response.headers.values(of: "WWW-Authenticate"))
                if !challenges.isEmpty { state.challenges = challenges }
                state.tokens[scope] = nil
            }
        }
    }

    /// A request that is not tried again by itself: what it sends is already on its way.
    func once(
        _ request: TransferRequest, _ connection: Connection, sent: @escaping (Int64) -> Void
    ) throws(TransferError) -> TransferResponse {
        var request = request
        try addSender(to: &request, .push, connection)
        let response = try connection.transfer(request, sent: sent)
        if RetryDelay.isPassing(response.status) {
            throw TransferError(.broken, refusal(pushing: response))
        }
        return response
    }

    /// What is said to the registry is said to nobody else, such as a host that a manifest or an answer names.
    private func addSender(
        to request: inout TransferRequest, _ scope: RegistryAction?, _ connection: Connection
    ) throws(TransferError) {
        if isOwn(request.url) {
            request.headers.set("Authorization", try authorization(scope, connection))
        } else {
            request.forgetSender()
        }
    }

    private func isOwn(_ url: ResourceURL) -> Bool { with { $0.base?.origin == url.origin } }

    /// - Parameter isBreakFinal: what is broken off on the way is not tried again.
    /// - Throws: when it was tried often enough.
    func retrying(
        isBreakFinal: Bool = false, _ body: () throws(TransferError) -> TransferResponse
    ) throws(TransferError) -> TransferResponse {
        var attempt = 1
        while true {
            do throws(TransferError) {
                let response = try body()
                guard RetryDelay.isPassing(response.status),
                    let delay = RetryDelay.milliseconds(after: attempt, told: response.headers["Retry-After"])
                else { return response }
                try pause(delay)
            } catch {
                guard error.isPassing, !isBreakFinal, let delay = RetryDelay.milliseconds(after: attempt) else {
                    throw error
                }
                try pause(delay)
            }
            attempt += 1
        }
    }

    /// Ends early when nobody wants to go on.
    func pause(_ milliseconds: Int) throws(TransferError) {
        let deadline = Deadline(milliseconds: Int64(milliseconds))
        while deadline.millisecondsLeft > 0 {
            if cancellation.isCancelled {
                throw TransferError(.stopped, OperationError("wait for", source.registry, reason: "it was stopped"))
            }
            do throws(OperationError) { try Interruption.check("wait for", source.registry) } catch {
                throw TransferError(.stopped, error)
            }
            poll(nil, 0, min(100, deadline.millisecondsLeft))
        }
    }
}
