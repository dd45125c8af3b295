/// What a container is told about names: its own domain, other hosts, and whom to ask for the rest.
package struct NameSettings: Equatable, Sendable {
    /// Of NIS, and behind the host name in /etc/hosts; empty is none.
    package var domain = ""
    /// Lines of /etc/hosts (`--add-host`).
    package var extraHosts: [ExtraHost] = []
    /// Where any are given they take the place of the host's: lines of resolv.conf(5).
    package var servers: [ServerAddress] = []
    package var searches: [String] = []
    package var options: [String] = []
    /// Other containers, which /etc/hosts has the addresses of that they have when this one begins.
    package var links: [ContainerLink] = []
    /// Whether /etc/hosts is made for the container; else it has its image's.
    package var hasHostsFile = true

    package init() {}
}

/// One `--add-host`.
package struct ExtraHost: Equatable, Sendable {
    package let name: String
    /// Nil is this host, as the container reaches it (`host-gateway`).
    package let address: IPAddress?

    /// Reads `NAME:ADDRESS` and `NAME=ADDRESS`.
    package init?(_ text: String) {
        guard let end = text.utf8.firstIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "=") }) else {
            return nil
        }
        name = String(text[..<end])
        var address = text[text.utf8.index(after: end)...]
        if address.hasPrefix("["), address.hasSuffix("]") { address = address.dropFirst().dropLast() }
        guard !name.isEmpty, name.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f && $0 != "#" }) else {
            return nil
        }
        if address == Self.gateway {
            self.address = nil
            return
        }
        guard let parsed = IPAddress(String(address)) else { return nil }
        self.address = parsed
    }

    private static let gateway = "host-gateway"

    /// Docker's form.
    package var text: String { "\(name):\(address?.description ?? Self.gateway)" }
}

/// One `--link`, settled.
package struct ContainerLink: Equatable, Sendable {
    package let container: ContainerID
    /// What it was called then; nil: a release before has not noted that.
    package let name: Name?
    /// What it is called here.
    package let alias: Name

    package init(_ container: ContainerID, _ name: Name?, as alias: Name) {
        self.container = container
        self.name = name
        self.alias = alias
    }
}

extension ContainerLink: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        container = try reader.text("container", ContainerID.init)
        name = try reader.optionalText("name", Name.init)
        alias = try reader.text("alias", Name.init)
    }

    package var json: JSON {
        ["container": .string(container.hex), "name": .optional(name?.text), "alias": .string(alias.text)]
    }
}

/// A server at a link on record. Releases before know plain addresses alone, and take a list with anything else in it for damaged.
private struct ServerAtLink: Record {
    let server: ServerAddress
    /// In the list of all servers.
    let place: Int

    init(_ server: ServerAddress, at place: Int) { (self.server, self.place) = (server, place) }

    init(_ reader: RecordReader) throws(RecordError) {
        server = try reader.text("server", ServerAddress.init)
        place = Int(try reader.int("place", in: 0...Int64(Int32.max)))
    }

    var json: JSON { ["server": .string(server.description), "place": .int(Int64(place))] }
}

extension NameSettings: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        domain = try reader.string("domain")
        extraHosts = try reader.value("extraHosts") { json in
            json.strings.flatMap { texts in
                let hosts = texts.compactMap(ExtraHost.init)
                return hosts.count == texts.count ? hosts : nil
            }
        }
        servers = try Self.servers(reader)
        searches = try reader.strings("searches")
        options = try reader.strings("options")
        links = try reader.optionalObjects("links", ContainerLink.init)
        hasHostsFile = try reader.bool("hostsFile")
    }

    private static func servers(_ reader: RecordReader) throws(RecordError) -> [ServerAddress] {
        var servers: [ServerAddress] = try reader.value("servers") { json in
            json.strings.flatMap { texts in
                let addresses = texts.compactMap { IPAddress($0) }
                return addresses.count == texts.count ? addresses.map { ServerAddress($0) } : nil
            }
        }
        // In the order of their places: all that come before each are there then.
        for atLink in try reader.optionalObjects("serversAtLinks", ServerAtLink.init) {
            guard atLink.place <= servers.count else { throw RecordError("serversAtLinks has a place too far") }
            servers.insert(atLink.server, at: atLink.place)
        }
        return servers
    }

    package var json: JSON {
        let plain = servers.filter { $0.link == nil }.map(\.description)
        let atLinks = servers.enumerated().filter { $0.element.link != nil }
            .map { ServerAtLink($0.element, at: $0.offset).json }
        return [
            "domain": .string(domain), "extraHosts": .strings(extraHosts.map(\.text)),
            "servers": .strings(plain), "serversAtLinks": .array(atLinks), "searches": .strings(searches),
            "options": .strings(options), "links": .array(links.map(\.json)),
            "hostsFile": .bool(hasHostsFile),
        ]
    }
}
