import Core

/// An absolute URL of http or https (RFC 3986): the only kind that is ever asked for anything.
package struct ResourceURL: Hashable, Sendable, CustomStringConvertible {
    package enum Scheme: String, Sendable {
        case http, https
        var port: Int { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    /// In small letters; an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// Path and query, as they are sent: they begin with a slash.
    package let target: String

    package init(_ scheme: Scheme, host: String, port: Int? = nil, target: String) {
        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.port
        self.target = target.hasPrefix("/") ? target : "/" + target
    }

    /// Nil for everything else, and what has a user, blanks, control characters or bytes beyond ASCII in it.
    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }),
            let colon = text.firstIndex(of: ":"), let scheme = Scheme(rawValue: text[..<colon].lowercased())
        else { return nil }
        let rest = text[text.index(after: colon)...].prefix { $0 != "#" }
        guard rest.hasPrefix("//") else { return nil }
        let place = rest.dropFirst(2)
        let end = place.firstIndex { $0 == "/" || $0 == "?" } ?? place.endIndex
        guard let authority = Authority(place[..<end]) else { return nil }
        self.init(scheme, host: authority.host, port: authority.port, target: String(place[end...]))
    }

    /// Where a `Location` leads to that was found here.
    package func resolving(_ location: String) -> ResourceURL? {
        if location.hasPrefix("//") { return ResourceURL("\(scheme.rawValue):\(location)") }
        let beforePath = location.prefix { !"/?#".contains($0) }
        if beforePath.contains(":") { return ResourceURL(location) }
        let (path, query) = Self.split(target)
        let (newPath, newQuery) = Self.split(String(location.prefix { $0 != "#" }))
        let directory = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        let merged = newPath.isEmpty ? path : newPath.hasPrefix("/") ? newPath : "\(directory)/\(newPath)"
        let kept = newPath.isEmpty && newQuery == nil ? query : newQuery
        return ResourceURL("\(origin)\(Self.withoutDots(merged))" + (kept.map { "?\($0)" } ?? ""))
    }

    private static func split(_ target: String) -> (path: String, query: String?) {
        guard let mark = target.firstIndex(of: "?") else { return (target, nil) }
        return (String(target[..<mark]), String(target[target.index(after: mark)...]))
    }

    /// RFC 3986, 5.2.4.
    private static func withoutDots(_ path: String) -> String {
        var segments: [Substring] = []
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for part in parts {
            switch part {
            case ".": break
            case "..": _ = segments.popLast()
            default: segments.append(part)
            }
        }
        if let last = parts.last, last == "." || last == ".." { segments.append("") }
        return "/" + segments.joined(separator: "/")
    }

    /// With one more parameter of the query, which is escaped.
    package func adding(_ name: String, _ value: String) -> ResourceURL {
        let separator = target.contains("?") ? "&" : "?"
        return ResourceURL(
            scheme, host: host, port: port, target: target + separator + name + "=" + PercentEncoding.encoded(value))
    }

    /// `https://host:port`: what credentials are for.
    package var origin: String { "\(scheme.rawValue)://\(authority)" }

    package var authority: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        return port == scheme.port ? shown : "\(shown):\(port)"
    }

    /// Without the query, in which a storage host's keys are.
    package var shown: String { origin + Self.split(target).path }
    package var description: String { origin + target }
}

/// `HOST[:PORT]`.
package struct Authority: Equatable, Sendable {
    package let host: String
    package let port: Int?

    package init?(_ text: Substring) {
        var rest = text
        if rest.hasPrefix("[") {
            guard let bracket = rest.firstIndex(of: "]"),
                let address = IPAddress(String(rest[rest.index(after: rest.startIndex)..<bracket])),
                address.family == .ipv6
            else { return nil }
            host = address.description
            rest = rest[rest.index(after: bracket)...]
        } else {
            let name = rest.prefix { $0 != ":" }
            guard Self.isHost(name) else { return nil }
            host = name.lowercased()
            rest = rest[name.endIndex...]
        }
        if rest.isEmpty {
            port = nil
            return
        }
        guard rest.hasPrefix(":"), let number = Decimal.parse(rest.dropFirst(), in: 1...65_535) else { return nil }
        port = Int(number)
    }

    private static func isHost(_ name: Substring) -> Bool {
        (1...253).contains(name.utf8.count) && !name.hasPrefix(".") && !name.contains("..")
            && name.utf8.allSatisfy { $0.isDigit || $0.isASCIILetter || "-._".utf8.contains($0) }
    }
}

/// RFC 3986, 2.1.
package enum PercentEncoding {
    /// All but what no part of a URL gives a meaning to.
    package static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte.isDigit || byte.isASCIILetter || "-._~".utf8.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Nil where a percent sign has no two digits behind it.
    package static func decoded(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.prefix(2).allSatisfy(\.isHexDigit)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(kernel: bytes)
    }
}
