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
        return url.scheme == .https ? https : http
    }

    /// A proxy as messages call it: without a password. Nil when there is none.
    func shown(for url: ResourceURL) -> String? {
        let proxy = proxy(for: url)
        guard !proxy.isEmpty else { return nil }
        let address = proxy.split(separator: "/").last { !$0.hasSuffix(":") } ?? ""
        return String(address.split(separator: "@", omittingEmptySubsequences: false).last ?? "")
    }

    package func isUsed(for url: ResourceURL) -> Bool { !proxy(for: url).isEmpty }
}
