import Core
import Fuzzing
import Testing

@testable import Registry
@testable import Transfer

@Suite struct TransferValueTests {
    @Test(arguments: [
        ("https://Host/a?b", "https://host/a?b"), ("http://h:80/", "http://h/"), ("https://h:5000", "https://h:5000/"),
        ("https://[::1]:5000/x", "https://[::1]:5000/x"), ("HTTPS://h?q", "https://h/?q"),
        ("https://h/a#f", "https://h/a"),
    ])
    func urls(_ text: String, _ expected: String) { #expect(ResourceURL(text)?.description == expected) }

    @Test(arguments: [
        "", "h", "ftp://h/", "file:///etc/passwd", "https://", "https:///x", "https://u@h/", "https://u:p@h/",
        "https://h:0/",
        "https://h:99999/", "https://h /", "https://h/\r\nX: y", "https://h/\u{e9}", "https://[h]/", "https://[::1",
        "https://h\\@x/",
        "https://h:/", "//h/x",
    ])
    func whatIsNoURL(_ text: String) { #expect(ResourceURL(text) == nil) }

    @Test(arguments: [
        ("https://other/x", "https://other/x"), ("//other/x", "https://other/x"), ("/x?y", "https://h:1/x?y"),
        ("x", "https://h:1/a/x"),
        ("../x", "https://h:1/x"), ("../../../x/.", "https://h:1/x/"), ("?z", "https://h:1/a/b?z"),
        ("", "https://h:1/a/b?q"),
        ("http://h/", "http://h/"),
    ])
    func locations(_ location: String, _ expected: String) {
        #expect(ResourceURL("https://h:1/a/b?q")?.resolving(location)?.description == expected)
    }

    @Test func parameters() {
        let url = ResourceURL("https://h/t")?.adding("scope", "repository:a/b:pull,push").adding("s", "x y")
        #expect(url?.description == "https://h/t?scope=repository%3Aa%2Fb%3Apull%2Cpush&s=x%20y")
        #expect(url?.shown == "https://h/t", "what is in a query may be secret")
    }

    private func redirected(_ from: String, _ location: String, status: Int = 307) throws -> TransferRequest? {
        let url = try #require(ResourceURL(from))
        var request = TransferRequest(
            .get, url, headers: HTTPHeaders([("authorization", "Basic x"), ("Range", "bytes=1-")]))
        request.trust.certificates = [1]
        request.trust.skipsVerification = true
        var response = TransferResponse(url: url)
        response.status = status
        response.headers.set("location", location)
        return try Redirect.next(after: response, to: request)
    }

    @Test func credentialsGoToNoOtherHost() throws {
        let other = try redirected("https://h/a", "https://storage/b")
        #expect(other?.headers["Authorization"] == nil && other?.headers["Range"] == "bytes=1-")
        #expect(other?.trust == TransferTrust())
        for location in ["https://h:444/", "https://h.evil/"] {
            #expect(try redirected("https://h/a", location)?.headers["Authorization"] == nil)
        }
        #expect(try redirected("https://h/a", "/b")?.headers["Authorization"] == "Basic x")
        #expect(try redirected("http://h/a", "https://h/a")?.headers["Authorization"] == nil)
    }

    /// Who was named may be this host; who was led to may be only then.
    @Test(arguments: [
        ("93.184.216.34", RefusedAddresses([.linkLocal, .loopback])), ("127.0.0.1", RefusedAddresses.linkLocal),
        ("169.254.1.1", RefusedAddresses()),
    ])
    func whereAnAnswerLeads(_ address: String, _ refused: RefusedAddresses) throws {
        var request = TransferRequest(.get, try #require(ResourceURL("http://h/a")))
        request.guardsRedirects = true
        var response = TransferResponse(url: request.url)
        response.status = 302
        response.address = address
        response.headers.set("Location", "http://other/b")
        let next = try #require(try Redirect.next(after: response, to: request))
        #expect(next.refusedAddresses == refused)
        // What one leads to does not widen that.
        response.address = "169.254.1.1"
        response.headers.set("Location", "http://third/c")
        #expect(try Redirect.next(after: response, to: next)?.refusedAddresses == refused)
    }

    @Test func whatIsNotFollowed() throws {
        for location in ["http://h/a", "ftp://h/a", "https://u:p@h/", ""] {
            if location.isEmpty { continue }
            #expect(throws: TransferError.self, "\(location)") { try redirected("https://h/a", location) }
        }
        #expect(try redirected("https://h/a", "/b", status: 200) == nil)
        #expect(try redirected("https://h/a", "/b", status: 304) == nil)
    }

    /// Only then the C library's files of names are opened, where a pipe may be.
    @Test(
        arguments: [
            ("https://registry.test/", "", true), ("https://10.0.0.1:5000/", "", false),
            ("https://[fd00::1]/", "", false),
            ("https://10.0.0.1/", "proxy.test:3128", true),
            ("https://10.0.0.1/", "http://user:word@proxy.test:3128/", true),
            ("https://registry.test/", "10.0.0.2:3128", false),
            ("https://registry.test/", "http://u:p@[fd00::2]:80/", false),
            ("https://registry.test/", "socks5://10.0.0.2", true), ("https://10.0.0.1/", "socks5://10.0.0.2", false),
            ("https://127.0.0.1/", "proxy.test", false),
        ] as [(String, String, Bool)])
    func whereANameIsLookedUp(url: String, proxy: String, isLookedUp: Bool) throws {
        let settings = ProxySettings { $0 == "https_proxy" ? proxy : nil }
        #expect(settings.looksUpName(for: try #require(ResourceURL(url))) == isLookedUp)
    }

    /// Those of the host, in a file that the library opens.
    @Test func whoseAuthoritiesAreTrusted() throws {
        func isHosts(_ url: String, proxy: String? = nil, own: String = "") throws -> Bool {
            var request = TransferRequest(.get, try #require(ResourceURL(url)))
            request.proxies = ProxySettings { $0.hasSuffix("_proxy") && $0 != "no_proxy" ? proxy : nil }
            request.trust.certificates = Array(own.utf8)
            return request.trustsHostsAuthorities
        }
        #expect(try isHosts("https://h/") && !isHosts("http://h/"))
        #expect(try !isHosts("https://h/", own: "-----BEGIN CERTIFICATE-----"))
        #expect(try isHosts("http://h/", proxy: "https://p:1") && !isHosts("http://h/", proxy: "http://p:1"))
        #expect(try isHosts("https://h/", proxy: "https://p:1", own: "-----BEGIN CERTIFICATE-----"))
    }

    @Test func proxies() throws {
        let settings = ProxySettings { ["https_proxy": "p:1", "HTTP_PROXY": "q", "no_proxy": "a,.b"][$0] }
        #expect(settings.proxy(for: try #require(ResourceURL("https://x/"))) == "p:1")
        #expect(settings.proxy(for: try #require(ResourceURL("http://x/"))) == "q")
        #expect(settings.proxy(for: try #require(ResourceURL("http://127.0.0.1:5/"))) == "")
        #expect(settings.exceptions == "a,.b")
        for (exception, url, isOne) in [
            ("*", "https://h/", true), ("example.com", "https://a.example.com/", true), (".b", "https://a.b/", true),
            ("example.com", "https://notexample.com/", false), ("*.b", "https://a.b/", true),
            ("h:1", "https://h/", false),
            ("h:443", "https://h/", true), ("10.0.0.0/8", "https://10.1.2.3/", true),
            ("x, 1.2.3.4", "https://1.2.3.4/", true),
            ("10.0.0.0/8", "https://11.1.2.3/", false), ("[fd00::1]", "https://[fd00::1]/", true),
            ("", "https://h/", false),
        ] {
            let settings = ProxySettings { ["https_proxy": "p:1", "no_proxy": exception][$0] }
            #expect(settings.isUsed(for: try #require(ResourceURL(url))) == !isOne, "\(exception) \(url)")
        }
        // No message has the password.
        for (proxy, shown) in [
            ("http://u:p@h:3128", "h:3128"), ("http://u:p@h:3128/", "h:3128"), ("u:p@h", "h"), ("h:1", "h:1"),
            ("socks5h://u:p@[::1]:9", "[::1]:9"), ("", nil),
        ] {
            let settings = ProxySettings { $0 == "https_proxy" ? proxy : nil }
            #expect(settings.shown(for: try #require(ResourceURL("https://x/"))) == shown)
        }
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", nil), ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("", nil),
            ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("Sun, 6 Nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 Now 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37+01:00 GMT", nil),
        ] as [(String, Int64?)])
    func dates(text: String, seconds: Int64?) { #expect(HTTPDate.seconds(text) == seconds) }

    @Test(
        arguments: [
            ("a%20b", "a b"), ("%C3%a4", "ä"), ("a+b", "a+b"), ("%", nil), ("%2", nil), ("%+1", nil),
            ("%2e%2e%2f", "../"),
        ] as [(String, String?)])
    func percents(text: String, decoded: String?) { #expect(PercentEncoding.decoded(text) == decoded) }

    @Test func headers() {
        var headers = HTTPHeaders([("A", "1"), ("a", "2")])
        #expect(headers["a"] == "1" && headers.values(of: "A") == ["1", "2"])
        headers.set("A", "3")
        #expect(headers.values(of: "a") == ["3"])
        #expect(!HTTPHeaders.isValue("a\r\nb") && HTTPHeaders.isValue("a b"))
    }

    @Test func delays() {
        #expect((1...5).map { RetryDelay.milliseconds(after: $0) } == [250, 1000, 4000, 16000, nil])
        #expect(RetryDelay.milliseconds(after: 1, told: "2") == 2000)
        #expect(RetryDelay.milliseconds(after: 1, told: "100000") == nil)
        #expect(RetryDelay.milliseconds(after: 1, told: "Wed, 21 Oct 2026 07:28:00 GMT") == 250)
    }

    @Test func errorsOfRegistries() {
        func text(_ body: String) -> String { RegistryErrors(Array(body.utf8)).text }
        #expect(
            text(#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#)
                == "manifest unknown: manifest unknown")
        #expect(text(#"{"details":"incorrect username or password"}"#) == "incorrect username or password")
        #expect(text("<html>") == "" && text(#"{"errors":{}}"#) == "")
    }

    @Test func addressesBeyondARegistry() {
        #expect(RefusedAddresses(beyond: "93.184.216.34") == [.linkLocal, .loopback])
        #expect(
            RefusedAddresses(beyond: "127.0.0.1") == [.linkLocal] && RefusedAddresses(beyond: "::1") == [.linkLocal])
        #expect(RefusedAddresses(beyond: "169.254.1.1") == [])
    }

    @Test func fuzz() {
        Fuzz.texts(["https://h:1/a/b?q", "../x?y#z", "//h/", "http://[::1]:80/./../a"], cost: 2) { text in
            if let url = ResourceURL(text), ResourceURL(url.description) != url {
                Issue.record("\(text.debugDescription)")
            }
            if let url = ResourceURL("https://h/a/b?q")?.resolving(text), ResourceURL(url.description) != url {
                Issue.record("\(text.debugDescription)")
            }
        }
    }
}
