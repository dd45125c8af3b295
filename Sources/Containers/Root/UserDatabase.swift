import Core
import Glibc
import Linux

/// Whom a process of a container runs as.
package struct ResolvedUser: Equatable, Sendable {
    package var uid: UInt32
    package var gid: UInt32
    /// All groups of the process, `gid` first.
    package var groups: [UInt32]
    package var home: String

    package init(uid: UInt32, gid: UInt32, groups: [UInt32], home: String) {
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.home = home
    }
}

/// The users and groups that a root file system knows: its `etc/passwd` and `etc/group`.
///
/// Both come from an image, so nothing in them is trusted: a line that is not well formed does not exist.
package struct UserDatabase: Sendable {
    private static let highestID = Int(Int32.max)

    private let users: [User]
    private let groups: [Group]

    /// - Parameters: the text of both files; empty when there is none.
    package init(passwd: [UInt8], group: [UInt8]) {
        users = UserDatabase.lines(passwd).compactMap(User.init)
        groups = UserDatabase.lines(group).compactMap(Group.init)
    }

    /// Resolves `USER[:GROUP]`, names or numbers, as `--user` and images give it; empty is root.
    ///
    /// Without a group, the user has the groups of the files; with one, that one only. A number needs no entry. It
    /// always means the user of that number, even if the image has another one with a name of digits.
    package func resolve(_ specification: String) throws(OperationError) -> ResolvedUser {
        let parts = try UserDatabase.split(specification)
        let (uid, user) = try self.user(parts.user)
        let home = user.map(\.home) ?? "/"
        if let group = parts.group {
            let gid = try self.group(group)
            return ResolvedUser(uid: uid, gid: gid, groups: [gid], home: home)
        }
        let gid = user?.gid ?? 0
        var all = [gid]
        if let user {
            for group in groups where group.members.contains(user.name) && !all.contains(group.gid) {
                all.append(group.gid)
            }
        }
        return ResolvedUser(uid: uid, gid: gid, groups: all, home: home)
    }

    /// The same with further groups, names or numbers.
    package func resolve(_ specification: String, adding added: [String]) throws(OperationError) -> ResolvedUser {
        var user = try resolve(specification)
        for group in added {
            guard UserDatabase.isWellFormed(group) else {
                throw OperationError("Unable to find group \(UserDatabase.printable(group))", kind: .invalid)
            }
            let gid = try self.group(group)
            if !user.groups.contains(gid) { user.groups.append(gid) }
        }
        return user
    }

    private func user(_ text: String) throws(OperationError) -> (uid: UInt32, user: User?) {
        if let uid = try UserDatabase.number(text) { return (uid, users.first { $0.uid == uid }) }
        let name = text.kernelBytes[...]
        guard let user = users.first(where: { $0.name == name }) else {
            throw OperationError("unable to find user \(text): no matching entries in passwd file")
        }
        return (user.uid, user)
    }

    private func group(_ text: String) throws(OperationError) -> UInt32 {
        if let gid = try UserDatabase.number(text) { return gid }
        let name = text.kernelBytes[...]
        guard let group = groups.first(where: { $0.name == name }) else {
            throw OperationError("unable to find group \(text): no matching entries in group file")
        }
        return group.gid
    }
}

// MARK: - Syntax

extension UserDatabase {
    private static func split(_ text: String) throws(OperationError) -> (user: String, group: String?) {
        if text.isEmpty { return ("0", nil) }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, parts.allSatisfy(isWellFormed) else {
            throw OperationError("invalid user", printable(text), reason: "use a name or number, or USER:GROUP")
        }
        return (parts[0], parts.count == 2 ? parts[1] : nil)
    }

    /// A sign never begins a name: to take `-1` or `+1` for one would let a typing error pass for a user.
    private static func isWellFormed(_ part: String) -> Bool {
        guard let first = part.utf8.first, part.utf8.count <= 256 else { return false }
        return first != UInt8(ascii: "-") && first != UInt8(ascii: "+")
            && part.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
    }

    /// One line, whatever was typed.
    private static func printable(_ text: String) -> String {
        String(decoding: text.utf8.prefix(64).map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }

    /// Nil when this is a name.
    private static func number(_ text: String) throws(OperationError) -> UInt32? {
        guard text.utf8.allSatisfy(\.isDigit) else { return nil }
        guard let number = Decimal.parse(text, in: 0...highestID) else {
            let reason = "a number must be in range 0-\(highestID), without leading zeros"
            throw OperationError("invalid user or group", printable(text), reason: reason)
        }
        return UInt32(number)
    }

    /// The fields of the lines. They are bytes: a comment in Latin-1 takes nothing from the user whose it is.
    private static func lines(_ bytes: [UInt8]) -> [[Field]] {
        bytes.split(separator: 0x0a).filter { !$0.contains(0) }.map { line in
            line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        }
    }

    fileprivate static func id(_ field: Field) -> UInt32? {
        Decimal.parse(String(kernel: field), in: 0...highestID).map { UInt32($0) }
    }
}

private typealias Field = ArraySlice<UInt8>

/// A line of passwd(5): `name:password:uid:gid:comment:home:shell`.
private struct User: Sendable {
    let name: Field
    let uid: UInt32
    let gid: UInt32
    let home: String

    init?(_ fields: [Field]) {
        guard fields.count >= 6, !fields[0].isEmpty, let uid = UserDatabase.id(fields[2]),
            let gid = UserDatabase.id(fields[3])
        else { return nil }
        name = fields[0]
        self.uid = uid
        self.gid = gid
        home = fields[5].isEmpty ? "/" : String(kernel: fields[5])
    }
}

/// A line of group(5): `name:password:gid:member,member`.
private struct Group: Sendable {
    let name: Field
    let gid: UInt32
    let members: Set<Field>

    init?(_ fields: [Field]) {
        guard fields.count >= 4, !fields[0].isEmpty, let gid = UserDatabase.id(fields[2]) else { return nil }
        name = fields[0]
        self.gid = gid
        members = Set(fields[3].split(separator: UInt8(ascii: ",")))
    }
}
