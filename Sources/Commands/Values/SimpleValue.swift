import Core
import Linux

/// Values of one word, as flags give them.
package enum SimpleValue {
    package static func signal(_ text: String) throws(OperationError) -> Int32 {
        guard let signal = Signal.parse(text) else { throw OperationError("no such signal") }
        return signal
    }

    /// Seconds; -1 waits for ever.
    package static func timeout(_ text: String) throws(OperationError) -> Int64 {
        if text == "-1" { return -1 }
        guard let seconds = Decimal.parse(text, in: 0...1_000_000_000) else {
            throw OperationError("use a number of seconds, or -1 to wait for ever")
        }
        return Int64(seconds)
    }

    /// Seconds; 0, which is nil, is no limit.
    package static func limit(_ text: String) throws(OperationError) -> Int64? {
        guard let seconds = Decimal.parse(text, in: 0...1_000_000_000) else {
            throw OperationError("use a number of seconds, or 0 for no limit")
        }
        return seconds == 0 ? nil : Int64(seconds)
    }

    /// Of either family.
    package static func address(_ text: String) throws(OperationError) -> IPAddress {
        guard let address = IPAddress(text) else { throw OperationError("use an address such as 192.168.10.2") }
        return address
    }

    package static func ipv4Address(_ text: String) throws(OperationError) -> IPAddress {
        guard let address = IPAddress(text), address.family == .ipv4 else {
            throw OperationError("use an address such as 192.168.10.2")
        }
        return address
    }

    package static func ipv6Address(_ text: String) throws(OperationError) -> IPAddress {
        guard let address = IPAddress(text), address.family == .ipv6 else {
            throw OperationError("use an address such as fd00::2")
        }
        return address
    }

    /// Of names: an address, and of fe80::/10 also the link of this host at which it is one.
    package static func server(_ text: String) throws(OperationError) -> ServerAddress {
        guard let server = ServerAddress(text) else {
            throw OperationError("\(text) is not an ip address", kind: .invalid)
        }
        guard server.link == nil || server.address.isOfLink else {
            throw OperationError("only an address of fe80::/10 is one of a link", kind: .invalid)
        }
        return server
    }

    package static func subnet(_ text: String) throws(OperationError) -> Subnet {
        if let subnet = Subnet(text) { return subnet }
        throw OperationError("use a subnet such as \(text.contains(":") ? "fd00:10::/64" : "192.168.10.0/24")")
    }

    package static func mac(_ text: String) throws(OperationError) -> MACAddress {
        guard let address = MACAddress(text) else {
            throw OperationError("use a unicast MAC address such as 02:42:c0:a8:0a:02")
        }
        return address
    }

    /// Any name that the kernel takes, at most 64 bytes (HOST_NAME_MAX), and that is one word of /etc/hosts.
    package static func hostname(_ text: String) throws(OperationError) -> String {
        guard text.utf8.count <= 64,
            text.unicodeScalars.allSatisfy({
                $0.value > 0x20 && $0.value != 0x7f && $0 != "#" && !$0.properties.isWhitespace
            })
        else {
            throw OperationError(
                "invalid hostname format: use at most 64 bytes, and no spaces, control characters or #")
        }
        return text
    }

    /// One word of a line of resolv.conf(5).
    static func resolverWord(_ text: String) throws(OperationError) -> String {
        guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7f }) else {
            throw OperationError("\(JSON.quoted(text)) is not a valid domain or option", kind: .invalid)
        }
        return text
    }

    /// A whole number, signed or not.
    static func number(_ text: String, in range: ClosedRange<Int64>, else refusal: String) throws(OperationError)
        -> Int64
    {
        guard let number = Int64(text), !text.hasPrefix("+"), range.contains(number) else {
            throw OperationError(refusal, kind: .invalid)
        }
        return number
    }

    /// `KEY=VALUE`.
    static func pair(_ text: String) throws(OperationError) -> (key: String, value: String) {
        let (key, value) = EnvironmentValue.halves(text)
        guard !key.isEmpty, key.utf8.count < text.utf8.count else {
            throw OperationError("use KEY=VALUE", kind: .invalid)
        }
        return (key, value)
    }

    /// Nil for an empty value: scripts pass variables that may not be set.
    package static func given(_ text: String) -> String? { text.isEmpty ? nil : text }

    /// The same for a value that is read by `convert`.
    package static func given<Value>(
        _ text: String, _ convert: (String) throws(OperationError) -> Value
    ) throws(OperationError) -> Value? {
        text.isEmpty ? nil : try convert(text)
    }

    /// As a filter says it; nil for anything else.
    package static func truth(_ text: String) -> Bool? {
        ["true": true, "1": true, "false": false, "0": false][text.lowercased()]
    }

    /// What follows an option that may not be empty.
    package static func nonEmpty(_ text: String) throws(OperationError) -> String {
        guard !text.isEmpty else { throw OperationError("it must not be empty") }
        return text
    }

    /// What becomes a part of an image, which says in JSON what it is.
    package static func unicode(_ text: String) throws(OperationError) -> String {
        guard !text.hasForeignBytes else { throw OperationError("it is not UTF-8, as an image's configuration is") }
        return text
    }

    /// `KEY` or `KEY=VALUE`.
    package static func label(_ text: String) throws(OperationError) -> String {
        guard !text.isEmpty, !text.hasPrefix("=") else { throw OperationError("use KEY=VALUE") }
        return text
    }
}
