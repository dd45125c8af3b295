import CNetlink
import Core
import Glibc

/// Netlink messages as text: type, flags and fixed header in one line, then each attribute by its name, those inside of others further in.
/// What has no name here is a number, what has no known form hexadecimal digits.
enum MessageText {
    /// - Parameters:
    ///   - datagram: one or more messages.
    ///   - number: one of NETLINK_*.
    ///   - sign: in front of each message.
    static func lines(_ datagram: [UInt8], protocol number: Int32, sign: String) -> [String] {
        guard let messages = try? Message.all(in: datagram) else {
            return ["\(sign) malformed, \(datagram.count) bytes"]
        }
        return messages.flatMap { lines($0, number).map { "\(sign) \($0)" } }
    }

    private static func lines(_ message: Message, _ number: Int32) -> [String] {
        let header = message.header
        let form = MessageForm(Int(header.type), protocol: number)
        let first = "\(form.name)\(flags(Int32(header.flags), form)) #\(header.sequence)"
        if Int32(header.type) == NLMSG_ERROR || Int32(header.type) == NLMSG_DONE {
            guard let verdict = try? message.verdict() else { return [first] }
            let text = verdict.text.map { ": \($0.escapedForTrace)" } ?? ""
            return ["\(first) \(verdict.errno == 0 ? "done" : String(cString: strerror(verdict.errno)))\(text)"]
        }
        guard header.length >= form.header.size else { return ["\(first) malformed"] }
        let payload = message.payload
        return ["\(first) \(form.header.text(Array(payload.prefix(form.header.size))))"]
            + lines(AttributeReader(Array(payload), form.header.size..<payload.count), form.attributes, depth: 1)
    }

    private static func flags(_ flags: Int32, _ form: MessageForm) -> String {
        var names: [(Int32, String)] = [
            (NLM_F_REQUEST, "REQUEST"), (NLM_F_MULTI, "MULTI"), (NLM_F_ACK, "ACK"), (NLM_F_ECHO, "ECHO"),
            (NLM_F_DUMP_INTR, "DUMP_INTR"),
        ]
        // The same bits mean one thing in a question and another in a change.
        if form.name.contains("_GET") {
            names += [(NLM_F_ROOT | NLM_F_MATCH, "DUMP")]
        } else if flags & NLM_F_REQUEST != 0 {
            names += [
                (NLM_F_REPLACE, "REPLACE"), (NLM_F_EXCL, "EXCL"), (NLM_F_CREATE, "CREATE"), (NLM_F_APPEND, "APPEND"),
            ]
        }
        return names.filter { flags & $0.0 == $0.0 }.map { " \($0.1)" }.joined()
    }

    private static func lines(_ reader: consuming AttributeReader, _ forms: AttributeForms, depth: Int) -> [String] {
        var lines: [String] = []
        let margin = String(repeating: "    ", count: depth)
        do throws(OperationError) {
            while let attribute = try reader.next() {
                let form = forms[attribute.type]
                guard case .nested(let inner, let header) = form.kind, depth < 12, attribute.payload.count >= header
                else {
                    lines.append("\(margin)\(form.name) \(form.kind.text(Array(attribute.payload)))")
                    continue
                }
                lines.append(margin + form.name)
                let bytes = Array(attribute.payload)
                lines += Self.lines(AttributeReader(bytes, header..<bytes.count), inner, depth: depth + 1)
            }
        } catch {
            lines.append("\(margin)malformed")
        }
        return lines
    }
}

/// What the payload of an attribute is.
indirect enum AttributeKind: Sendable {
    /// Of one, two, four or eight bytes: in the host's byte order, or in that of the network.
    case number
    case networkNumber
    case text
    /// Of four or sixteen bytes.
    case address
    case bytes
    /// Attributes, behind a header of so many bytes.
    case nested(AttributeForms, header: Int = 0)

    func text(_ payload: [UInt8]) -> String {
        switch self {
        case .number: Self.number(payload.reversed()) ?? Self.hexadecimal(payload)
        case .networkNumber: Self.number(payload) ?? Self.hexadecimal(payload)
        case .text: JSON.quoted(String(decoding: payload.last == 0 ? payload.dropLast() : payload[...], as: UTF8.self))
        case .address: Self.address(payload) ?? Self.hexadecimal(payload)
        case .bytes, .nested: Self.hexadecimal(payload)
        }
    }

    private static func number(_ bytes: some Collection<UInt8>) -> String? {
        guard [1, 2, 4, 8].contains(bytes.count) else { return nil }
        return "\(bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })"
    }

    private static func address(_ payload: [UInt8]) -> String? {
        let family: AddressFamily? = [4: .ipv4, 16: .ipv6][payload.count]
        return family.flatMap { PacketBytes(payload).address(0, $0) }.map { "\($0)" }
    }

    private static func hexadecimal(_ payload: [UInt8]) -> String {
        payload.isEmpty
            ? "" : "0x" + payload.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// The attributes that may stand at one place, by their types.
struct AttributeForms: Sendable {
    struct Form: Sendable {
        let name: String
        let kind: AttributeKind
    }

    private let forms: [Int: Form]
    /// Of all types that are not named: elements of a list.
    private let element: Form?

    init(_ forms: [Int: (String, AttributeKind)], element: (String, AttributeKind)? = nil) {
        self.forms = forms.mapValues { Form(name: $0.0, kind: $0.1) }
        self.element = element.map { Form(name: $0.0, kind: $0.1) }
    }

    subscript(type: Int) -> Form { forms[type] ?? element ?? Form(name: "#\(type)", kind: .bytes) }
}

extension String {
    /// The kernel's words, in one line.
    fileprivate var escapedForTrace: String { JSON.quoted(self) }
}
