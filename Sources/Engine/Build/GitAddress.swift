import Core
import Registry
import Transfer

/// A git repository, and what of it, as BuildKit's contexts and ADD name it: `https://HOST/PATH.git`, `git://…`, `ssh://…` or
/// `git@HOST:PATH`, each with `#REF[:DIRECTORY]` or `?ref=REF&subdir=DIRECTORY` behind it.
package struct GitAddress: Equatable, Sendable {
    /// As git is given it.
    let remote: String
    /// A branch, a tag, or all digits of a commit; nil is what the server has as its HEAD.
    private(set) var reference: String?
    /// Below the top.
    private(set) var directory = ""
    /// Digits that the commit's id begins with.
    private(set) var checksum: String?
    private(set) var keepsGitDirectory: Bool?
    private(set) var takesSubmodules = true

    private static let schemes = ["git://", "ssh://"]
    private static let webSchemes = ["http://", "https://"]

    /// - Returns: nil for what is no repository.
    init?(_ text: String) throws(OperationError) {
        let beforeFragment = text.prefix { $0 != "#" }
        let base = String(beforeFragment.prefix { $0 != "?" })
        let isWeb = Self.webSchemes.contains { base.lowercased().hasPrefix($0) }
        guard isWeb && base.hasSuffix(".git") || Self.schemes.contains(where: base.hasPrefix) || base.hasPrefix("git@")
        else { return nil }
        remote = base
        try take(fragment: text.dropFirst(beforeFragment.count + 1), query: beforeFragment.dropFirst(base.count + 1))
        try check()
    }

    /// `github.com/USER/NAME`
    init?(gitHub text: String) throws(OperationError) {
        let base = text.prefix { $0 != "#" && $0 != "?" }
        try self.init("https://\(base)\(base.hasSuffix(".git") ? "" : ".git")" + text.dropFirst(base.count))
    }

    private mutating func take(fragment: Substring, query: Substring) throws(OperationError) {
        let isURL = behindScheme != nil
        guard let fragment = isURL ? PercentEncoding.decoded(fragment) : String(fragment) else {
            throw Self.invalid("fragment \(JSON.quoted(String(fragment)))", remote)
        }
        let parts = fragment.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if let first = parts.first, !first.isEmpty { reference = first }
        if parts.count > 1 { directory = parts[1] }
        for field in query.split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let value = PercentEncoding.decoded(parts.count > 1 ? parts[1] : "") else {
                throw Self.invalid("query \(JSON.quoted(String(field)))", remote)
            }
            try take(String(parts[0]), value)
        }
    }

    private mutating func take(_ key: String, _ value: String) throws(OperationError) {
        switch key {
        case "ref", "branch", "tag":
            guard reference == nil else { throw Self.invalid("two references", remote) }
            reference = key == "branch" ? "refs/heads/" + value : key == "tag" ? "refs/tags/" + value : value
        case "subdir":
            guard directory.isEmpty else { throw Self.invalid("two directories", remote) }
            directory = value
        case "checksum", "commit": checksum = value
        case "keep-git-dir": keepsGitDirectory = try Self.boolean(value, key, remote)
        case "submodules": takesSubmodules = try Self.boolean(value, key, remote)
        default: throw Self.invalid("unexpected query \(JSON.quoted(key))", remote)
        }
    }

    private static func boolean(_ text: String, _ key: String, _ remote: String) throws(OperationError) -> Bool {
        switch text.lowercased() {
        case "", "1", "true": return true
        case "0", "false": return false
        default: throw invalid("\(key)=\(text)", remote)
        }
    }

    mutating func expect(_ checksum: String) { self.checksum = checksum }

    static func invalid(_ what: String, _ remote: String) -> OperationError {
        OperationError("git repository", shown(remote), reason: "\(what) is not valid", kind: .invalid)
    }

    /// Nothing of it is taken for a flag, by git or by ssh, nor for a pattern of references.
    private func check() throws(OperationError) {
        guard remote.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), let host, !host.isEmpty, !host.hasPrefix("-"),
            !(user ?? "").hasPrefix("-"), !path.hasPrefix("-")
        else { throw Self.invalid("the address", remote) }
        // git decodes it and looks for brackets in it: of a plain name it sees no other host than is seen here.
        let login = authority.lastIndex(of: "@").map { authority[..<$0] } ?? ""
        guard !usesSSH || login.utf8.allSatisfy({ $0.isDigit || $0.isASCIILetter || "._-+".utf8.contains($0) })
        else { throw Self.invalid("the user", remote) }
        if let reference, !Self.isReference(reference) {
            throw Self.invalid("reference \(JSON.quoted(reference))", remote)
        }
        if let checksum { try Self.check(checksum: checksum) }
    }

    static func check(checksum: String) throws(OperationError) {
        guard (7...64).contains(checksum.utf8.count), checksum.utf8.allSatisfy(\.isLowercaseHexDigit) else {
            throw OperationError("invalid checksum \(JSON.quoted(checksum)): a commit is wanted", kind: .invalid)
        }
    }

    /// Names of references (git-check-ref-format(1)), without what has another meaning where one is fetched.
    private static func isReference(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasPrefix("/") && !text.hasSuffix("/")
            && !text.hasSuffix(".") && !text.hasSuffix(".lock") && !text.contains("..") && !text.contains("@{")
            && !text.contains("//")
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !"~^:?*[\\".utf8.contains($0) }
    }
}

// MARK: - Parts

extension GitAddress {
    /// All that stands behind the scheme, or nil of `git@HOST:PATH`.
    private var behindScheme: Substring? {
        remote.range(ofText: "://").map { remote[$0...] }
    }

    private var authority: Substring {
        if let behindScheme { return behindScheme.prefix { $0 != "/" } }
        return remote.prefix { $0 != ":" }
    }

    private var user: String? {
        authority.lastIndex(of: "@").map { String(authority[..<$0].prefix { $0 != ":" }) }
    }

    /// Without user and port; an IPv6 address without its brackets.
    var host: String? {
        let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return Authority(place)?.host
    }

    private var path: Substring {
        if let behindScheme { return behindScheme.drop { $0 != "/" } }
        return remote.drop { $0 != ":" }.dropFirst()
    }

    /// The same at a numeric address, by git's own protocol.
    func remote(at numeric: String) -> String {
        let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let port = (Authority(place)?.port).map { ":\($0)" } ?? ""
        return "git://" + (numeric.contains(":") ? "[\(numeric)]" : numeric) + port + path
    }

    /// The login of an address of the web, as git's configuration has it.
    var authorization: (key: String, value: String)? {
        guard hasUser, let at = authority.lastIndex(of: "@"), let url = ResourceURL(Self.shown(remote)),
            let login = PercentEncoding.decoded(authority[..<at])
        else { return nil }
        let pair = login.contains(":") ? login : login + ":"
        return ("http.\(url.origin)/.extraHeader", "Authorization: Basic " + Base64Text.encoded(pair.utf8))
    }

    var usesSSH: Bool { remote.hasPrefix("ssh://") || remote.hasPrefix("git@") }
    var hasUser: Bool { user != nil && !usesSSH }

    /// All digits of a commit, where the reference is none but that.
    var commit: String? {
        guard let reference, [40, 64].contains(reference.utf8.count), reference.utf8.allSatisfy(\.isLowercaseHexDigit)
        else { return nil }
        return reference
    }

    /// Without a password.
    static func shown(_ remote: String) -> String {
        guard let start = remote.range(ofText: "://") else { return remote }
        let rest = remote[start...]
        let authority = rest.prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else { return remote }
        return String(remote[..<start] + rest[rest.index(after: at)...])
    }

    var shown: String {
        let fragment = [reference, directory.isEmpty ? nil : ":" + directory].compactMap { $0 }.joined()
        return Self.shown(remote) + (fragment.isEmpty ? "" : "#" + fragment)
    }

    /// - Parameter listing: of `git ls-remote`.
    /// - Returns: the commit that the reference stands for, and its whole name: tags go before branches, as in gitrevisions(7).
    func resolved(in listing: String) -> (commit: String, name: String)? {
        var commits: [Substring: Substring] = [:]
        for line in listing.split(separator: "\n") {
            let fields = line.split(separator: "\t")
            // A plus in front of anything else would mean something where it is fetched.
            if fields.count == 2, fields[1] == "HEAD" || fields[1].hasPrefix("refs/") { commits[fields[1]] = fields[0] }
        }
        let wanted = reference ?? "HEAD"
        for name in [wanted, "refs/\(wanted)", "refs/tags/\(wanted)", "refs/heads/\(wanted)"] {
            // A tag with a text of its own leads to a commit.
            if let found = commits["\(name)^{}"] ?? commits[name[...]] { return (String(found), name) }
        }
        return nil
    }
}

extension String {
    /// Where what follows `text` begins.
    fileprivate func range(ofText text: String) -> Index? {
        var start = startIndex
        while let place = self[start...].firstIndex(of: text.first ?? "\0") {
            if self[place...].hasPrefix(text) { return index(place, offsetBy: text.count) }
            start = index(after: place)
        }
        return nil
    }
}
