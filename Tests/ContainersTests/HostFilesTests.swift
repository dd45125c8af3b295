import Core
import Testing

@testable import Containers

@Suite struct HostFilesTests {
    @Test func hosts() throws {
        let own = try #require(IPAddress("10.0.0.2"))
        let other = try #require(IPAddress("10.0.0.3"))
        let text = HostFiles.hosts([
            HostFiles.Entry(own, ["0123456789ab", "web", "web", ""]), HostFiles.Entry(other, ["db"]),
        ])
        #expect(text.hasPrefix("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"))
        #expect(text.hasSuffix("\tip6-allrouters\n10.0.0.2\t0123456789ab web\n10.0.0.3\tdb\n"))
        #expect(HostFiles.hosts([]).split(separator: "\n").count == 6)
        #expect(HostFiles.hostname("web") == "web\n")
    }

    @Test func anAddressMoreAndOneLess() throws {
        let entry = HostFiles.Entry(try #require(IPAddress("10.0.0.9")), ["box"])
        func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
        #expect(HostFiles.adding(entry, to: bytes("a\n")) == bytes("a\n10.0.0.9\tbox\n"))
        #expect(HostFiles.adding(entry, to: bytes("no end")) == bytes("no end\n10.0.0.9\tbox\n"))
        #expect(HostFiles.adding(entry, to: []) == bytes("10.0.0.9\tbox\n"))
        // What is no UTF-8 stays as it is.
        #expect(
            HostFiles.removing(entry, from: [0xff, 10] + bytes("10.0.0.9\tbox\nlast\n")) == [0xff, 10] + bytes("last\n")
        )
        #expect(HostFiles.removing(entry, from: bytes("10.0.0.9\tbox")) == [])
        // Of two alike one is the user's own, the first.
        #expect(
            HostFiles.removing(entry, from: bytes("10.0.0.9\tbox\nx\n10.0.0.9\tbox\n"))
                == bytes("10.0.0.9\tbox\nx\n"))
        for other in ["10.0.0.9\tbox2\n", "10.0.0.9 box\n", "#10.0.0.9\tbox\n", ""] {
            #expect(HostFiles.removing(entry, from: bytes(other)) == bytes(other))
        }
    }

    private let stub = "# stub\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch corp.example\n"
    private let upstream = "nameserver 10.1.1.1\nnameserver 10.1.1.2\nsearch corp.example\n"

    @Test func copiesWhatIsUsable() {
        let file = ResolverFile(host: upstream, resolved: nil)
        #expect(file.text == upstream && file.warning == nil)
    }

    @Test func takesOutWhatIsNot() {
        let host =
            "search a b\nnameserver ::1\nnameserver\t127.0.0.1\nnameserver 10.1.1.1 \n"
            + "nameserver fe80::1%eth0\nnameserver\nnameserver 0.0.0.0\noptions ndots:2"
        let file = ResolverFile(host: host, resolved: stub)
        #expect(file.text == "search a b\nnameserver 10.1.1.1 \noptions ndots:2\n" && file.warning == nil)
    }

    @Test func asksBehindTheStub() {
        #expect(ResolverFile(host: stub, resolved: upstream).text == upstream)
        #expect(ResolverFile(host: nil, resolved: upstream).text == upstream)
        #expect(ResolverFile(host: "", resolved: upstream).text == upstream)
    }

    @Test(arguments: [nil, "", "nameserver ::1\n", "nameserver 127.0.0.1\n"])
    func warnsInsteadOfGuessing(resolved: String?) {
        let file = ResolverFile(host: stub, resolved: resolved)
        #expect(file.text == "# stub\noptions edns0 trust-ad\nsearch corp.example\n")
        #expect(file.warning != nil)
        #expect(ResolverFile(host: nil, resolved: nil).text == "")
    }

    @Test func aLookalikeIsNoServer() {
        #expect(ResolverFile(host: "nameservers 8.8.8.8\n#nameserver 8.8.8.8\n", resolved: nil).warning != nil)
    }

    /// Its supervisor answers: all that is said of the host's servers goes, and what is said of searches stays.
    @Test func namesAreAskedForAtOneAddress() {
        let address = IPAddress(ipv4: 0x7f00_000b)
        #expect(
            ResolverFile(answeredAt: address, asking: stub).text
                == "nameserver 127.0.0.11\nsearch corp.example\noptions edns0 trust-ad ndots:0\n")
        #expect(ResolverFile(answeredAt: address, asking: nil).text == "nameserver 127.0.0.11\noptions ndots:0\n")
        let host = "options ndots:5\trotate\r\nnameserver 10.0.0.1\nsearchless a\ndomain  b.org\nnameserver fd00::1\n"
        let file = ResolverFile(answeredAt: address, asking: host)
        #expect(file.text == "nameserver 127.0.0.11\ndomain b.org\noptions ndots:5 rotate\n" && file.warning == nil)
        #expect(ResolverFile.servers(host).map(\.address.description) == ["10.0.0.1", "fd00::1"])
        #expect(ResolverFile.servers("nameserver 10.0.0.1%eth0\nnameserver\n#nameserver 1.1.1.1\n") == [])
    }

    /// Whom nobody can ask for names elsewhere.
    @Test func withoutAServerThereIsAWarning() {
        let address = IPAddress(ipv4: 0x7f00_000b)
        func warning(_ text: String?) -> String? { ResolverFile(answeredAt: address, asking: text).warning }
        #expect(warning(nil) != nil && warning("") != nil && warning("search a\nnameserver 10.0.0.1%up0\n") != nil)
        for server in ["127.0.0.53", "10.0.0.1", "::1", "fe80::1%up0"] {
            #expect(warning("nameserver \(server)\n") == nil)
        }
        #expect(
            warning("nameserver 10.0.0.1\nnameserver fe80::1\n")?.hasSuffix(" fe80::1: it needs a link: fe80::1%LINK")
                == true)
    }

    /// Its own options take the place of the host's, and what is said of names without a dot is kept.
    @Test func dotsThatWereAskedFor() {
        let address = IPAddress(ipv4: 0x7f00_000b)
        func options(_ own: [String]) -> Substring? {
            var settings = NameSettings()
            settings.options = own
            let asking = ResolverFile(verbatim: "nameserver ::1\r\noptions ndots:3 rotate\r\n")
                .with(settings, askedFromHost: true).text
            return ResolverFile(answeredAt: address, asking: asking).text.split(separator: "\n").last
        }
        #expect(options([]) == "options ndots:3 rotate")
        #expect(options(["ndots:2"]) == "options ndots:2")
        #expect(options(["edns0"]) == "options edns0 ndots:0")
    }

    /// RFC 4007, section 11: the link by its name or its number.
    @Test func serversOfALink() throws {
        let servers = ResolverFile.servers(
            "nameserver fe80::53%up0\nnameserver fe80::54%2\nnameserver fd00::1\nnameserver fe80::1%\n")
        #expect(servers.map(\.link) == ["up0", "2", nil])
        #expect(servers.map(\.address.description) == ["fe80::53", "fe80::54", "fd00::1"])
    }

    @Test func verbatim() {
        #expect(ResolverFile(verbatim: stub) == ResolverFile(verbatim: stub))
        #expect(ResolverFile(verbatim: stub).text == stub && ResolverFile(verbatim: stub).warning == nil)
    }

    private func resolver(_ set: (inout NameSettings) -> Void) -> ResolverFile {
        var settings = NameSettings()
        set(&settings)
        let host = "domain b.org\nnameserver 127.0.0.1\nsearch a.org\noptions rotate\n"
        return ResolverFile(host: host, resolved: nil).with(settings, askedFromHost: false)
    }

    /// What was asked for takes the place of the host's lines of that kind, and of no others.
    @Test func linesThatWereAskedFor() {
        let servers = resolver { $0.servers = ["10.0.0.1", "10.0.0.2"].compactMap(ServerAddress.init) }
        #expect(
            servers.text
                == "domain b.org\nsearch a.org\noptions rotate\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n")
        #expect(servers.warning == nil)
        let rest = resolver { ($0.searches, $0.options) = (["c.org", "d.org"], ["ndots:1", "edns0"]) }
        #expect(rest.text == "search c.org d.org\noptions ndots:1 edns0\n" && rest.warning != nil)
        #expect(resolver { $0.searches = ["."] }.text == "options rotate\n")
    }

    /// A container that was on another network when it was given them: its own link of that name is not the one that was meant.
    @Test func serversOfALinkThatAreNotTheContainers() {
        let own = resolver { $0.servers = ["fe80::53%eth0", "10.0.0.1"].compactMap(ServerAddress.init) }
        #expect(own.text == "domain b.org\nsearch a.org\noptions rotate\nnameserver 10.0.0.1\n")
        #expect(own.warning?.contains("(fe80::53%eth0)") == true)
        // The host's do not take their place: it was not to ask those.
        var settings = NameSettings()
        settings.servers = ["fe80::53%eth0"].compactMap(ServerAddress.init)
        let host = ResolverFile(verbatim: "nameserver 10.1.1.1\n")
        #expect(host.with(settings, askedFromHost: false).text.isEmpty)
        #expect(host.with(settings, askedFromHost: false).warning != nil)
        let asked = host.with(settings, askedFromHost: true)
        #expect(asked.text == "nameserver fe80::53%eth0\n" && asked.warning == nil)
        let lacking = resolver { $0.servers = ["fe80::54", "10.0.0.1"].compactMap(ServerAddress.init) }
        #expect(lacking.warning?.hasSuffix(" fe80::54: it needs a link: fe80::54%LINK") == true)
    }
}
