import Core

/// The text of the files that a container gets of its own in /etc.
package enum HostFiles {
    /// An address, and the names that a container knows it by.
    package struct Entry: Equatable, Sendable {
        package var address: IPAddress
        package var names: [String]

        package init(_ address: IPAddress, _ names: [String]) {
            self.address = address
            self.names = names
        }
    }

    /// /etc/hosts: what every host knows, then `entries`, the container's own first.
    package static func hosts(_ entries: [Entry]) -> String {
        localHosts + entries.map(line).joined()
    }

    /// /etc/hosts with one more address, behind all that somebody may have written there.
    package static func adding(_ entry: Entry, to hosts: [UInt8]) -> [UInt8] {
        let hosts = hosts.last.map { $0 == UInt8(ascii: "\n") } ?? true ? hosts : hosts + [UInt8(ascii: "\n")]
        return hosts + Array(line(entry).utf8)
    }

    /// /etc/hosts without the line that `hosts` or `adding` has made of `entry`.
    package static func removing(_ entry: Entry, from hosts: [UInt8]) -> [UInt8] {
        let own = Array(line(entry).utf8.dropLast())
        let lines = hosts.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard let place = lines.lastIndex(where: { Array($0) == own }) else { return hosts }
        return Array((lines[..<place] + lines[(place + 1)...]).joined(separator: [UInt8(ascii: "\n")]))
    }

    private static func line(_ entry: Entry) -> String {
        var names: [String] = []
        for name in entry.names where !name.isEmpty && !names.contains(name) { names.append(name) }
        return "\(entry.address)\t\(names.joined(separator: " "))\n"
    }

    /// /etc/hostname.
    package static func hostname(_ name: String) -> String { name + "\n" }

    private static let localHosts = """
        127.0.0.1\tlocalhost
        ::1\tlocalhost ip6-localhost ip6-loopback
        fe00::\tip6-localnet
        ff00::\tip6-mcastprefix
        ff02::1\tip6-allnodes
        ff02::2\tip6-allrouters

        """
}

/// /etc/resolv.conf of a container.
package struct ResolverFile: Equatable, Sendable {
    package let text: String
    /// What the user should know: the container cannot resolve names.
    package let warning: String?

    /// The same with lines of the container's own instead of the host's of their kind.
    /// - Parameter askedFromHost: else from a network namespace of its own, where a link of this host's name is another one: servers
    ///   at a link are left out.
    package func with(_ settings: NameSettings, askedFromHost: Bool) -> ResolverFile {
        if settings.servers.isEmpty, settings.searches.isEmpty, settings.options.isEmpty { return self }
        let servers = settings.servers.filter { askedFromHost || $0.link == nil }
        // A lone dot is no domain at all.
        let domains = settings.searches.filter { $0 != "." }
        var lines = text.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }).map(String.init)
        func replace(_ kinds: [String], by new: [String]) {
            lines.removeAll { line in kinds.contains(String(line.prefix { $0 != " " && $0 != "\t" })) }
            lines += new
        }
        if !settings.servers.isEmpty { replace(["nameserver"], by: servers.map { "nameserver \($0)" }) }
        if !settings.searches.isEmpty {
            replace(["search", "domain"], by: domains.isEmpty ? [] : ["search " + domains.joined(separator: " ")])
        }
        if !settings.options.isEmpty {
            replace(["options"], by: ["options " + settings.options.joined(separator: " ")])
        }
        return ResolverFile(
            text: lines.map { $0 + "\n" }.joined(),
            warning: settings.servers.isEmpty
                ? warning
                : Self.warning(leftOut: settings.servers.filter { !servers.contains($0) })
                    ?? Self.warning(lackingLinks: servers.filter(\.lacksLink)))
    }

    private static func warning(leftOut servers: [ServerAddress]) -> String? {
        if servers.isEmpty { return nil }
        let names = servers.map(\.description).joined(separator: ", ")
        return
            "the container asks no DNS server at a link of this host (\(names)): it is on no network that you have made"
    }

    private static func warning(lackingLinks servers: [ServerAddress]) -> String? {
        if servers.isEmpty { return nil }
        let names = servers.map(\.description)
        return "the container cannot ask DNS server \(names.joined(separator: ", ")): it needs a link: "
            + names.map { "\($0)%LINK" }.joined(separator: ", ")
    }

    private init(text: String, warning: String?) {
        self.text = text
        self.warning = warning
    }

    /// The host's file, or the container's own, but that names are asked for at one address, where somebody asks the servers that it
    /// names. Names without a dot are asked for as they are, unless something else is said of that.
    /// - Parameter text: nil when there is no such file.
    package init(answeredAt address: IPAddress, asking text: String?) {
        let lines = ResolverLines(text ?? "")
        let settings = lines.settings
        let options = settings.filter { $0.first == "options" }.flatMap { $0.dropFirst() }
        let all = options.contains { $0.hasPrefix("ndots:") } ? options : options + ["ndots:0"]
        let others = settings.filter { $0.first != "options" }.map { $0.joined(separator: " ") }
        let answered = ["nameserver \(address)"] + others + ["options " + all.joined(separator: " ")]
        self.text = answered.map { $0 + "\n" }.joined()
        warning =
            lines.servers.isEmpty
            ? "the container finds no names but those of its networks: the host has no DNS server in /etc/resolv.conf"
            : Self.warning(lackingLinks: lines.servers.filter(\.lacksLink))
    }

    /// The servers of /etc/resolv.conf.
    package static func servers(_ text: String) -> [ServerAddress] { ResolverLines(text).servers }

    /// The host's own file, for a container in the host's network.
    package init(verbatim text: String) {
        self.text = text
        warning = nil
    }

    /// The host's file, without the servers that a container in a network of its own cannot reach: those at the
    /// host's loopback address, such as systemd-resolved's, and IPv6 ones. When no other is left, the file in which
    /// systemd-resolved keeps the servers that it asks itself takes its place.
    ///
    /// A public server is never put in: names of the user's own network would leak to it, and would not be found.
    /// - Parameters:
    ///   - host: /etc/resolv.conf; nil when there is none.
    ///   - resolved: /run/systemd/resolve/resolv.conf; nil when there is none.
    package init(host: String?, resolved: String?) {
        let candidates = [host, resolved].compactMap { $0 }.map(ResolverLines.init)
        if let usable = candidates.first(where: \.hasServer) {
            text = usable.text
            warning = nil
        } else {
            text = candidates.first?.text ?? ""
            warning = "the container has no DNS server: the host has none at an IPv4 address other than loopback"
        }
    }
}

/// The lines of resolv.conf(5) that mean something to a container.
private struct ResolverLines {
    private var lines: [Substring] = []
    private(set) var hasServer = false
    private(set) var servers: [ServerAddress] = []
    /// What is asked of the resolver besides, word by word.
    private(set) var settings: [[Substring]] = []

    init(_ text: String) {
        for line in text.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }) {
            guard let server = ResolverLines.server(line) else {
                lines.append(line)
                note(line)
                continue
            }
            if let address = ServerAddress(String(server)) { servers.append(address) }
            guard ResolverLines.isUsable(server) else { continue }
            hasServer = true
            lines.append(line)
        }
    }

    private mutating func note(_ line: Substring) {
        let words = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }
        if let first = words.first, ["search", "domain", "options", "sortlist"].contains(first) {
            settings.append(words)
        }
    }

    var text: String { lines.map { $0 + "\n" }.joined() }

    /// Nil when the line is not about a name server.
    private static func server(_ line: Substring) -> Substring? {
        let words = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }
        guard words.first == "nameserver" else { return nil }
        return words.count > 1 ? words[1] : ""
    }

    private static func isUsable(_ server: Substring) -> Bool {
        guard let address = IPAddress(String(server)), address.family == .ipv4 else { return false }
        // 0.0.0.0 means this host.
        return !address.isLoopback && !address.isUnspecified
    }
}
