import Core

/// The proxies of the environment, as curl and Go read them: `http_proxy`, `https_proxy`, `no_proxy`, in small letters or
/// capitals.
package struct ProxySettings: Equatable, Sendable {
    private var http = ""
    private var https = ""
    /// Names and networks that are asked without one, comma between.
    private(set) var exceptions = ""

    package init() {}

    package init(_ environment: (String) -> String?) {
        func value(_ name: String) -> String { environment(name) ?? environment(name.uppercased()) ?? "" }
        http = value("http_proxy")
        https = value("https_proxy")
        exceptions = value("no_proxy")
    }

    /// Empty when there is none: what is this host's own is never asked for by another.
    func proxy(for url: ResourceURL) -> String {
        if url.host == "localhost" || url.host == "::1" || url.host.hasPrefix("127.") { return "" }
        if exceptions.split(whereSeparator: { $0 == "," || $0 == " " }).contains(where: { Self.is(url, in: $0) }) {
            return ""
        }
        return url.scheme == .https ? https : http
    }

    /// - Parameter exception: `*`, a name with all below it, an address, a network, each but the last with a port or without.
    private static func `is`(_ url: ResourceURL, in exception: Substring) -> Bool {
        if exception == "*" { return true }
        if exception.contains("/") {
            guard let network = Subnet(String(exception)), let address = IPAddress(url.host) else { return false }
            return network.contains(address)
        }
        let text = exception.lowercased()
        let start = text.hasPrefix("*.") ? text.dropFirst(2) : text.hasPrefix(".") ? text.dropFirst() : text[...]
        let authority = Authority(start)
        if let port = authority?.port, port != url.port { return false }
        let name = authority?.host ?? String(start)
        return url.host == name || url.host.hasSuffix(".\(name)")
    }

    /// A proxy as messages call it: without a password. Nil when there is none.
    func shown(for url: ResourceURL) -> String? {
        let proxy = proxy(for: url)
        guard !proxy.isEmpty else { return nil }
        let address = proxy.split(separator: "/").last { !$0.hasSuffix(":") } ?? ""
        return String(address.split(separator: "@", omittingEmptySubsequences: false).last ?? "")
    }

    package func isUsed(for url: ResourceURL) -> Bool { !proxy(for: url).isEmpty }

    func isByTLS(for url: ResourceURL) -> Bool { proxy(for: url).lowercased().hasPrefix("https:") }

    /// Whether there is a name that this host has to look up itself: of a numeric address there is none, and a proxy looks up whom it
    /// is asked for. One of SOCKS may be told an address instead.
    func looksUpName(for url: ResourceURL) -> Bool {
        let isNamed = IPAddress(url.host) == nil
        guard let proxy = shown(for: url) else { return isNamed }
        if isNamed, self.proxy(for: url).lowercased().hasPrefix("socks") { return true }
        guard let authority = Authority(proxy[...]) else { return true }
        return IPAddress(authority.host) == nil
    }
}
