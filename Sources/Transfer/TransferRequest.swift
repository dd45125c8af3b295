import Core
import Linux

/// What is asked of a server, once.
package struct TransferRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// `length` bytes of an open file, from `offset` on.
        case file(descriptor: Int32, offset: Int64, length: Int64)
    }

    package var method: Method
    package var url: ResourceURL
    package var headers: HTTPHeaders
    package var body: Body
    package var trust = TransferTrust()
    package var limits = TransferLimits()
    package var proxies = ProxySettings()
    /// Kinds of addresses that are not connected to, whatever name led to them.
    package var refusedAddresses: RefusedAddresses = []
    /// Whether answers may lead to such addresses only where the one that was named is one.
    package var guardsRedirects = false
    /// Ends the transfer when it is wanted no more.
    package var cancellation: Cancellation?

    package init(_ method: Method, _ url: ResourceURL, headers: HTTPHeaders = HTTPHeaders(), body: Body = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    /// What says nothing of whoever asks; all else may be in confidence, such as headers of a configuration.
    private static let impersonal: Set<String> = [
        "accept", "content-range", "content-type", "git-protocol", "range", "user-agent",
    ]

    /// The first redirect settles it: what counts is who was named. Behind a proxy nobody knows that one's address.
    mutating func guardRedirects(from address: String) {
        guard guardsRedirects else { return }
        guardsRedirects = false
        refusedAddresses.formUnion(RefusedAddresses(beyond: proxies.isUsed(for: url) ? "" : address))
    }

    /// Leaves out all that is meant for one server alone: for another one.
    package mutating func forgetSender() {
        headers = HTTPHeaders(headers.fields.filter { Self.impersonal.contains($0.name.lowercased()) })
        trust = TransferTrust()
    }
}

package struct RefusedAddresses: OptionSet, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }
    package static let linkLocal = RefusedAddresses(rawValue: 1)
    package static let loopback = RefusedAddresses(rawValue: 2)
}

/// Whom a connection is made to.
package struct TransferTrust: Equatable, Sendable {
    /// PEM, trusted beside the system's roots.
    package var certificates: [UInt8] = []
    /// Paths of a client's certificate and key.
    package var client: ClientCertificate?
    /// Anybody, whatever certificate there is.
    package var skipsVerification = false

    package struct ClientCertificate: Equatable, Sendable {
        package let certificate: String
        package let key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    package init() {}
}

package struct TransferLimits: Equatable, Sendable {
    /// Seconds for name, connection and TLS together.
    package var connect = 30
    /// Seconds without a byte, in either direction.
    package var stall = 60
    /// Bytes of an answer that is kept in memory.
    package var answer = 4 << 20

    package init() {}
}

/// What a server has said.
package struct TransferResponse: Sendable {
    package var status = 0
    package var headers = HTTPHeaders()
    /// What was not streamed elsewhere.
    package var body: [UInt8] = []
    /// Of the other end, numeric.
    package var address = ""
    /// Where it came from, after redirects.
    package var url: ResourceURL

    package init(url: ResourceURL) { self.url = url }

    package var isSuccess: Bool { (200..<300).contains(status) }
}
