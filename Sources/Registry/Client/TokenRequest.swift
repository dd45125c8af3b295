import Core
import Linux
import Transfer

extension RegistrySession {
    /// The value of `Authorization`; nil where the registry does not ask.
    func authorization(_ action: RegistryAction?, _ connection: Connection) throws(TransferError) -> String? {
        let (challenges, known) = with { ($0.challenges, $0.tokens[action]) }
        if let known { return known }
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
            let token = "Bearer " + (try token(bearer, action, connection))
            with { $0.tokens[action] = token }
            return token
        }
        return challenges.contains { $0.scheme == "basic" } ? basic : nil
    }

    /// Asks the token server that a registry names (distribution-spec, "Token Authentication"; OAuth 2 for identity tokens).
    private func token(
        _ challenge: Challenge, _ action: RegistryAction?, _ connection: Connection
    ) throws(TransferError) -> String {
        let scopes = action?.scopes(of: source.repository) ?? []
        var request = try tokenRequest(challenge, scopes)
        if case .get = request.method { request.headers.set("Authorization", basic) }
        let response = try retrying { () throws(TransferError) in
            request.method == .get ? try connection.fetch(request) : try connection.transfer(request)
        }
        guard response.isSuccess else { throw refusal(response, request.url) }
        guard let json = try? JSON(parsing: response.body),
            let token = json["token"]?.string ?? json["access_token"]?.string, !token.isEmpty,
            HTTPHeaders.isValue(token)
        else {
            throw TransferError(
                .refused, OperationError("get a token", request.url.shown, reason: "the answer has none"))
        }
        return token
    }

    private func tokenRequest(_ challenge: Challenge, _ scopes: [String]) throws(TransferError) -> TransferRequest {
        guard let realm = challenge.realm, let url = ResourceURL(realm) else {
            throw TransferError(
                .refused,
                OperationError("log in to", source.registry, reason: "its realm is no URL: \(challenge.realm ?? "")"))
        }
        // A password that is for a registry with TLS goes nowhere without.
        let isPlain = with { $0.base?.scheme == .http }
        guard url.scheme == .https || isPlain else {
            throw TransferError(
                .refused,
                OperationError(
                    "log in to", source.registry, reason: "its realm \(url.shown) has no TLS", kind: .denied))
        }
        if let identityToken { return refresh(url, challenge, scopes, identityToken) }
        var target = url
        if let service = challenge.service { target = target.adding("service", service) }
        for scope in scopes { target = target.adding("scope", scope) }
        var request = self.request(.get, target)
        forget(&request)
        return request
    }

    private func refresh(
        _ url: ResourceURL, _ challenge: Challenge, _ scopes: [String], _ token: String
    ) -> TransferRequest {
        var fields = [("grant_type", "refresh_token"), ("client_id", "mydocker"), ("refresh_token", token)]
        if let service = challenge.service { fields.append(("service", service)) }
        if !scopes.isEmpty { fields.append(("scope", scopes.joined(separator: " "))) }
        let text = fields.map { "\($0.0)=\(PercentEncoding.encoded($0.1))" }.joined(separator: "&")
        var request = self.request(.post, url)
        request.headers = HTTPHeaders([
            ("User-Agent", "mydocker"), ("Content-Type", "application/x-www-form-urlencoded"),
        ])
        request.body = .bytes(Array(text.utf8))
        forget(&request)
        return request
    }

    /// What is for the registry alone, where the token server is another host.
    private func forget(_ request: inout TransferRequest) {
        guard request.url.host != with({ $0.base?.host }) else { return }
        // Whoever vouches for a registry vouches for its token server, too.
        var trust = request.trust
        trust.client = nil
        request.forgetSender()
        request.trust = trust
    }

    private func refusal(_ response: TransferResponse, _ url: ResourceURL) -> TransferError {
        let said = RegistryErrors(response.body).text
        let isDenied = response.status == 401 || response.status == 403
        let reason =
            isDenied
            ? said.isEmpty ? "unauthorized: incorrect username or password" : said
            : "received unexpected HTTP status: \(response.status)" + (said.isEmpty ? "" : " (\(said))")
        return TransferError(
            .refused,
            OperationError(
                "Get \"\(url.shown)\"", reason: reason,
                remedy: isDenied ? "log in: \(Program.current.name) login \(source.registry)" : nil,
                kind: isDenied ? .denied : .failed))
    }
}
