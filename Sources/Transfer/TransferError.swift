import CCurl
import Core
import Glibc

/// Why there is no answer.
package struct TransferError: Error {
    package enum Kind: Sendable {
        case noSuchHost
        /// The errno of connect(2), 0 where it is not known.
        case notConnected(Int32)
        case timedOut
        /// The certificate is not one that is trusted.
        case notTrusted
        /// What answers does not speak TLS.
        case noTLS
        /// Broken off on the way: the same again may end well.
        case broken
        case addressRefused
        /// The answer, or where it leads to, is refused.
        case refused
        /// By a signal, or whoever takes the body.
        case stopped
        case failed
    }

    package let kind: Kind
    package let error: OperationError

    package init(_ kind: Kind, _ error: OperationError) {
        self.kind = kind
        self.error = error
    }

    /// Whether the same request may be answered a moment later.
    package var isPassing: Bool {
        switch kind {
        case .timedOut, .broken: true
        case .notConnected(let number): number == ECONNRESET || number == ETIMEDOUT
        default: false
        }
    }
}

extension TransferError {
    /// In Docker's words, as far as Go's library has some.
    init(_ result: ccurl_result, _ request: TransferRequest) {
        let reason = withUnsafeBytes(of: result.reason) { String(kernel: $0.prefix { $0 != 0 }) }
        let url = request.url
        let proxy = request.proxies.shown(for: url)
        switch result.outcome {
        case CCURL_NO_SUCH_HOST:
            self.init(
                .noSuchHost, request, "dial tcp: lookup \(proxy ?? url.host): no such host",
                remedy: "see whether the name is right, and /etc/resolv.conf")
        case CCURL_NOT_CONNECTED:
            let why = result.number == 0 ? reason : String(kernel: strerror(result.number)).lowercased()
            let peer = proxy.map { "proxy \($0)" } ?? "\(url.host):\(url.port)"
            self.init(.notConnected(result.number), request, "dial tcp \(peer): connect: \(why)")
        case CCURL_TIMED_OUT: self.init(.timedOut, request, "nothing came in time: \(reason)", .timedOut)
        case CCURL_NOT_TRUSTED:
            self.init(
                .notTrusted, request, "tls: failed to verify certificate: \(reason)",
                remedy: "put the certificate of its authority at /etc/docker/certs.d/\(url.authority)/ca.crt")
        case CCURL_NO_TLS: self.init(.noTLS, request, "tls: \(reason)")
        case CCURL_BROKEN: self.init(.broken, request, "unexpected EOF: \(reason)")
        case CCURL_ADDRESS_REFUSED:
            self.init(
                .addressRefused, request, "\(url.host) leads to this host's own or link-local addresses", .denied)
        case CCURL_NO_LIBRARY:
            self.init(
                .failed,
                OperationError("load library", "libcurl.so.4", reason: reason, remedy: "apt-get install libcurl4"))
        case CCURL_STOPPED: self.init(.stopped, request, "it was stopped")
        default: self.init(.failed, request, reason)
        }
    }

    private init(
        _ kind: Kind, _ request: TransferRequest, _ reason: String, _ errorKind: ErrorKind = .failed,
        remedy: String? = nil
    ) {
        let method = request.method.rawValue.prefix(1) + request.method.rawValue.dropFirst().lowercased()
        let operation = "\(method) \"\(request.url.shown)\""
        self.init(kind, OperationError(operation, reason: reason, remedy: remedy, kind: errorKind))
    }
}
