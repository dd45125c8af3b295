import Core
import Linux
import Synchronization
import Transfer

/// What may be done with a repository; a token is for one.
package enum RegistryAction: Hashable, Sendable {
    case pull, push
    /// Takes a blob over from another one.
    case takeOver(from: String)

    /// As token servers read them.
    func scopes(of repository: String) -> [String] {
        switch self {
        case .pull: ["repository:\(repository):pull"]
        case .push: ["repository:\(repository):pull,push"]
        case .takeOver(let other): ["repository:\(repository):pull,push", "repository:\(other):pull"]
        }
    }
}

/// A repository at a registry, as several threads ask it for things: whom to tell what about oneself is found once.
package final class RegistrySession: Sendable {
    package let source: RegistrySource
    package let cancellation = Cancellation()
    let settings: RegistrySettings
    let trust: TransferTrust
    private let credentials: Credentials?
    private let state = Mutex(State())

    struct State {
        /// Set by the first request.
        var base: ResourceURL?
        var challenges: [Challenge] = []
        var refused: RefusedAddresses = []
        /// The value of `Authorization`; nil is for the registry itself.
        var tokens: [RegistryAction?: String] = [:]
    }

    /// - Parameter credentials: in place of those that are kept.
    package init(
        _ source: RegistrySource, _ settings: RegistrySettings, credentials: Credentials? = nil
    ) throws(OperationError) {
        self.source = source
        self.settings = settings
        trust = try TransferTrust(registry: source.registry, isInsecure: source.isInsecure)
        if let credentials {
            self.credentials = credentials
        } else {
            self.credentials = try settings.credentials.credentials(
                for: source.registry, repository: source.repository)
        }
    }

    /// For one thread.
    package func connection() throws(OperationError) -> Connection {
        do throws(TransferError) { return try Connection() } catch { throw error.error }
    }

    package var hasCredentials: Bool { credentials != nil }

    /// The value of `Authorization` that a password has.
    var basic: String? { credentials?.basic }
    var identityToken: String? {
        if case .identityToken(let token) = credentials { token } else { nil }
    }

    func with<Value>(_ body: (inout sending State) -> sending Value) -> Value { state.withLock(body) }

    func request(_ method: TransferRequest.Method, _ url: ResourceURL) -> TransferRequest {
        var request = TransferRequest(method, url, headers: settings.headers)
        request.headers.set("User-Agent", "mydocker")
        request.trust = trust
        request.proxies = settings.proxies
        request.refusedAddresses = with { $0.refused }
        request.cancellation = cancellation
        return request
    }
}

// MARK: - Beginning

extension RegistrySession {
    /// Finds out how the registry is spoken to. Everything that follows goes by what it has said here.
    package func open(_ connection: Connection) throws(OperationError) {
        if with({ $0.base != nil }) { return }
        guard let authority = Authority(source.host[...]) else {
            throw OperationError("invalid reference format", kind: .invalid)
        }
        let url = ResourceURL(.https, host: authority.host, port: authority.port, target: "/v2/")
        do throws(TransferError) {
            try greet(url, connection)
        } catch {
            // Docker does so, too: what is called insecure may speak HTTP alone.
            guard source.isInsecure, error.mayBePlain else { throw error.error }
            let plain = ResourceURL(.http, host: authority.host, port: authority.port, target: "/v2/")
            do throws(TransferError) { try greet(plain, connection) } catch { throw error.error }
        }
    }

    private func greet(_ url: ResourceURL, _ connection: Connection) throws(TransferError) {
        // Not where it may lead to: it is this one that is told who asks.
        let response = try retrying { () throws(TransferError) in try connection.transfer(request(.get, url)) }
        guard response.status < 500, response.status != 429 else {
            throw TransferError(
                .refused,
                OperationError("get", url.shown, reason: "received unexpected HTTP status: \(response.status)"))
        }
        let challenges = response.status == 401 ? Challenge.parse(response.headers.values(of: "WWW-Authenticate")) : []
        // Where a registry may not lead to: what it is not itself.
        let refused = RefusedAddresses(beyond: response.address)
        with { state in
            state.base = url
            state.challenges = challenges
            state.refused = refused
        }
    }

    /// `path` is below the repository.
    func url(_ path: String) throws(OperationError) -> ResourceURL {
        guard let base = with({ $0.base }) else {
            throw OperationError("open registry", source.registry, reason: "it was not asked yet")
        }
        return ResourceURL(base.scheme, host: base.host, port: base.port, target: "/v2/\(source.repository)/\(path)")
    }

    /// Says whether the registry takes the credentials.
    package func logIn(_ connection: Connection) throws(OperationError) {
        try open(connection)
        guard let base = with({ $0.base }) else { return }
        let response = try send(request(.get, base), scope: nil, connection)
        guard response.isSuccess else {
            let said = RegistryErrors(response.body).text
            guard response.status == 401 || response.status == 403 else {
                throw OperationError(
                    "login attempt to \(base.shown)",
                    reason: "failed with status: \(response.status)" + (said.isEmpty ? "" : " (\(said))"))
            }
            throw OperationError(
                "Get \"\(base.shown)\"", reason: said.isEmpty ? "unauthorized: authentication required" : said,
                kind: .denied)
        }
    }
}

extension TransferError {
    /// Whether there may be somebody who does not speak TLS.
    var mayBePlain: Bool {
        switch kind {
        case .noTLS, .broken, .notConnected, .timedOut: true
        default: false
        }
    }
}
