/// How the mode of a file is to be: octal digits, or symbols as for chmod(1), `u=rwX,go=rX`.
package struct ModeChange: Equatable, Sendable {
    private enum Kind: Equatable {
        case absolute(UInt32)
        case clauses([Clause])
    }

    fileprivate struct Clause: Equatable {
        /// 0o700, 0o070 and 0o007, together.
        let who: UInt32
        let operation: Character
        let permissions: String
    }

    private let kind: Kind

    /// Nil when the text is neither.
    package init?(_ text: String) {
        if !text.isEmpty, text.utf8.allSatisfy(\.isDigit) {
            guard let mode = UInt32(text, radix: 8), mode <= 0o7777 else { return nil }
            kind = .absolute(mode)
            return
        }
        let clauses = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.clause)
        guard !clauses.contains(nil) else { return nil }
        kind = .clauses(clauses.compactMap { $0 })
    }

    private static func clause(_ text: Substring) -> Clause? {
        let who = text.prefix { "ugoa".contains($0) }
        let rest = text.dropFirst(who.count)
        guard let operation = rest.first, "+-=".contains(operation) else { return nil }
        let permissions = rest.dropFirst()
        guard permissions.allSatisfy({ "rwxXst".contains($0) }) else { return nil }
        let masks: [Character: UInt32] = ["u": 0o700, "g": 0o070, "o": 0o007, "a": 0o777]
        let mask = who.isEmpty ? 0o777 : who.reduce(0) { $0 | (masks[$1] ?? 0) }
        return Clause(who: mask, operation: operation, permissions: String(permissions))
    }

    /// - Parameter mode: the twelve bits that it has now.
    package func applied(to mode: UInt32, isDirectory: Bool) -> UInt32 {
        switch kind {
        case .absolute(let mode): return mode
        case .clauses(let clauses): return clauses.reduce(mode) { $1.applied(to: $0, isDirectory) }
        }
    }
}

extension ModeChange.Clause {
    fileprivate func applied(to mode: UInt32, _ isDirectory: Bool) -> UInt32 {
        var bits: UInt32 = 0
        for permission in permissions {
            switch permission {
            case "r": bits |= 0o444 & who
            case "w": bits |= 0o222 & who
            case "x": bits |= 0o111 & who
            // Where somebody may execute it already, and of directories.
            case "X": bits |= isDirectory || mode & 0o111 != 0 ? 0o111 & who : 0
            case "s": bits |= (who & 0o100 != 0 ? 0o4000 : 0) | (who & 0o010 != 0 ? 0o2000 : 0)
            default: bits |= 0o1000
            }
        }
        switch operation {
        case "+": return mode | bits
        case "-": return mode & ~bits
        default: return mode & ~who | bits
        }
    }
}
