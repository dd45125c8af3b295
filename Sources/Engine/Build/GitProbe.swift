import Core
import Linux
import Transfer

/// The first question of git's to a server of the web, asked by ourselves: only so it is known where its answer leads to.
struct GitProbe {
    let request: TransferRequest
    private let address: GitAddress
    /// Whether this host's own and link-local addresses may be named.
    private let mayNameHost: Bool

    init(_ address: GitAddress, at place: ResourceURL, mayNameHost: Bool) {
        self.address = address
        self.mayNameHost = mayNameHost
        var request = TransferRequest(.get, place)
        request.proxies = ProxySettings(CallersEnvironment.value)
        request.headers.set("User-Agent", "git/mydocker")
        // Without it the answer names every reference that there is (gitprotocol-v2(5)).
        request.headers.set("Git-Protocol", "version=2")
        if let login = address.authorization {
            let value = login.value.drop { $0 != ":" }.dropFirst()
            request.headers.set("Authorization", HTTPHeaders.trimmed(value))
        }
        if !mayNameHost { request.refusedAddresses = [.loopback, .linkLocal] }
        request.guardsRedirects = true
        request.limits.answer = 64 << 20
        self.request = request
    }

    /// - Returns: nil where git may go to the address as it was named, and finds out itself what is wrong.
    func answer() throws(OperationError) -> TransferResponse? {
        let response: TransferResponse
        do throws(TransferError) { response = try Connection().fetch(request) } catch {
            switch error.kind {
            case .addressRefused, .refused, .stopped: break
            default: if mayNameHost { return nil }
            }
            throw RemoteSource.explained(error, mayNameHost: mayNameHost)
        }
        guard mayNameHost || response.isSuccess else {
            throw OperationError("ADD \(address.shown)", reason: "invalid response status \(response.status)")
        }
        return response
    }
}
