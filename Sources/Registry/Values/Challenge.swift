import Core

/// What a server wants to know of its callers: an element of `WWW-Authenticate` (RFC 9110, 11.6.1).
package struct Challenge: Equatable, Sendable {
    /// In small letters.
    package let scheme: String
    /// By names in small letters; of several the first one.
    package private(set) var parameters: [String: String] = [:]

    package var realm: String? { parameters["realm"] }
    package var service: String? { parameters["service"] }
    package var scope: String? { parameters["scope"] }
    /// Why a token that was shown did not do: `invalid_token`, `insufficient_scope`.
    package var error: String? { parameters["error"] }

    /// All that is said in all headers of that name. What cannot be read ends its header.
    package static func parse(_ headers: [String]) -> [Challenge] {
        headers.flatMap { header in
            var scanner = ChallengeScanner(header)
            return scanner.challenges()
        }
    }

    fileprivate init(scheme: String) { self.scheme = scheme.lowercased() }

    fileprivate mutating func set(_ name: String, _ value: String) {
        let name = name.lowercased()
        if parameters[name] == nil { parameters[name] = value }
    }
}

/// A word that no `=` follows begins a challenge, all others are its parameters: commas stand between both.
private struct ChallengeScanner {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func challenges() -> [Challenge] {
        var found: [Challenge] = []
        while true {
            skip { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
            guard let word = token() else { return found }
            skip { $0 == 0x20 || $0 == 0x09 }
            guard next == UInt8(ascii: "=") else {
                found.append(Challenge(scheme: word))
                continue
            }
            index += 1
            skip { $0 == 0x20 || $0 == 0x09 }
            guard !found.isEmpty, let value = value() else { return found }
            found[found.count - 1].set(word, value)
        }
    }

    private mutating func skip(_ isBlank: (UInt8) -> Bool) { while let byte = next, isBlank(byte) { index += 1 } }

    private mutating func token() -> String? {
        let start = index
        skip { $0 > 0x20 && $0 < 0x7f && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
        return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
    }

    private mutating func value() -> String? {
        guard next == UInt8(ascii: "\"") else { return token() }
        index += 1
        var text: [UInt8] = []
        while let byte = next {
            index += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), let escaped = next {
                index += 1
                text.append(escaped)
            } else {
                text.append(byte)
            }
        }
        return nil
    }
}
