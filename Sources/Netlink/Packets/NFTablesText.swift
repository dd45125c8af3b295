import CNetlink
import Core

/// What nft(8) would say of what is compared.
extension NFTablesValue {
    func text(_ relation: UInt32, _ data: [UInt8]) -> String {
        if form == .state || form == .status, let mask, data.allSatisfy({ $0 == 0 }) {
            return "\(name) \(relation == NFT_CMP_EQ.rawValue ? "! " : "")\(names(mask))"
        }
        let sign =
            [
                NFT_CMP_NEQ.rawValue: "!= ", NFT_CMP_LT.rawValue: "< ", NFT_CMP_LTE.rawValue: "<= ",
                NFT_CMP_GT.rawValue: "> ", NFT_CMP_GTE.rawValue: ">= ",
            ][relation] ?? ""
        // A part that is no prefix is written with what it is compared through.
        if let mask, !hasPrefix(mask) {
            return "\(name) & \(plainText(mask)) \(sign.isEmpty ? "== " : sign)\(plainText(data))"
        }
        return "\(name) \(sign)\(text(data))"
    }

    private func plainText(_ data: [UInt8]) -> String {
        NFTablesValue(bytes: nil, name: name, form: form).text(data)
    }

    /// Whether a mask is said by a length; only those of addresses are.
    private func hasPrefix(_ mask: [UInt8]) -> Bool {
        guard case .address = form else { return form != .mark }
        let rest = mask.drop { $0 == 0xff }
        guard let first = rest.first else { return true }
        return (~first).leadingZeroBitCount == first.nonzeroBitCount && rest.dropFirst().allSatisfy { $0 == 0 }
    }

    func text(_ data: [UInt8]) -> String {
        let bytes = PacketBytes(data)
        switch form {
        case .address(let family):
            let count = family.bits / 8
            let whole = PacketBytes(data + [UInt8](repeating: 0, count: max(0, count - data.count)))
            let length =
                data.count < count ? "/\(8 * data.count)" : mask.map { "/\($0.reduce(0) { $0 + $1.nonzeroBitCount })" }
            return whole.address(0, family).map { "\($0)\(length ?? "")" } ?? "?"
        case .port: return bytes.port(0).map { "\($0)" } ?? "?"
        case .name:
            // Without its zero byte more may follow.
            return "\"\(bytes.text(0..<data.count))\(data.last == 0 ? "" : "*")\""
        case .transport: return TracedPacket.name(ofTransport: data.first ?? 0)
        case .type: return bytes.uint32(0) == 2 ? "local" : "\(bytes.uint32(0) ?? 0)"
        case .mark:
            let digits = String(bytes.uint32(0) ?? 0, radix: 16)
            return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        case .state, .status, .other:
            if name == "meta nfproto", let family = [[2]: "ipv4", [10]: "ipv6"][data] { return family }
            return "0x" + data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    private func names(_ mask: [UInt8]) -> String {
        let bits = PacketBytes(mask).uint32(0) ?? 0
        let all: [(UInt32, String)] =
            form == .state
            ? [(1, "invalid"), (2, "established"), (4, "related"), (8, "new"), (64, "untracked")]
            : [(16, "snat"), (32, "dnat")]
        return all.filter { bits & $0.0 != 0 }.map(\.1).joined(separator: ",")
    }
}

extension TracedAction {
    /// Of a verdict.
    var text: String {
        switch self {
        case .accept: "accept"
        case .drop: "drop"
        case .goBack: "return"
        case .jump(let chain): "jump \(chain)"
        case .goTo(let chain): "goto \(chain)"
        case .goesOn: "continue"
        case .reject: "reject"
        case .translateDestination, .translateSource: "translate"
        case .unknown(let what): what
        }
    }
}
