import Core
import Engine

/// The value of `--network`.
enum NetworkValue {
    /// A name, or `name=NETWORK[,alias=NAME…][,ip=ADDRESS][,ip6=ADDRESS][,mac-address=ADDRESS]`.
    static func choice(_ text: String) throws(OperationError) -> NetworkChoice {
        if text == "container:" {
            throw OperationError("invalid container format container:<name|id>", kind: .invalid)
        }
        let fields = try SimpleValue.nonEmpty(text).split(separator: ",", omittingEmptySubsequences: false)
        guard fields.contains(where: { $0.utf8.contains(UInt8(ascii: "=")) }) else {
            return NetworkChoice(text == "default" ? "bridge" : text)
        }
        var choice = NetworkChoice("")
        for field in fields {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw invalid("invalid field \(field)") }
            switch parts[0].lowercased() {
            case "name": choice.network = parts[1]
            case "alias": choice.aliases.append(try alias(parts[1]))
            case "ip": choice.address = try SimpleValue.ipv4Address(parts[1])
            case "ip6": choice.address6 = try SimpleValue.ipv6Address(parts[1])
            case "mac-address": choice.mac = try SimpleValue.mac(parts[1])
            default: throw invalid("invalid field key \(parts[0]), there are name, alias, ip, ip6 and mac-address")
            }
        }
        if choice.network.isEmpty { throw invalid("network name/id is not specified") }
        return choice
    }

    static func alias(_ text: String) throws(OperationError) -> NetworkAlias {
        guard let alias = NetworkAlias(text) else {
            throw OperationError(
                "no host name", reason: "those are letters, digits, - and _, with dots between",
                kind: .invalid)
        }
        return alias
    }

    private static func invalid(_ reason: String) -> OperationError {
        OperationError("invalid network", reason: reason, kind: .invalid)
    }
}
