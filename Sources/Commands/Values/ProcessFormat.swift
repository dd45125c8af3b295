import Core
import Forms

/// What ps(1) is asked to show, in so far as `top` knows it.
package struct ProcessFormat: Equatable {
    package struct Column: Equatable {
        package let column: ProcessColumn
        package let header: String
    }

    package private(set) var columns: [Column] = []

    private static let full: [ProcessColumn] = [.user, .pid, .ppid, .c, .stime, .tty, .time, .args]
    private static let ofUsers: [ProcessColumn] = [
        .user, .pid, .pcpu, .pmem, .vsz, .rss, .tty, .stat, .stime, .bsdtime, .args,
    ]
    private static let short: [ProcessColumn] = [.pid, .tty, .time, .comm]

    /// - Parameter words: the options of ps; none is `-ef`.
    package init(_ words: [String]) throws(OperationError) {
        var rest = words[...]
        if rest.isEmpty { rest = ["-ef"] }
        var isLong = false, isOfUsers = false
        while let word = rest.popFirst() {
            let isUnix = word.hasPrefix("-")
            var letters = word.dropFirst(isUnix ? 1 : 0)
            while let letter = letters.popFirst() {
                switch letter {
                // All processes are shown anyway; what else there is of them is not.
                case "e", "A", "a", "x", "w", "d": continue
                case "f": isLong = true
                case "u" where !isUnix || word == "-aux" || word == "-axu": isOfUsers = true
                case "o":
                    let list = letters.isEmpty ? rest.popFirst() : String(letters)
                    letters = ""
                    try add(list ?? "")
                default: throw Self.refusal(word)
                }
            }
        }
        if !columns.isEmpty {
            try checkPid()
        } else if isOfUsers {
            columns = Self.ofUsers.map { Column(column: $0, header: Self.header($0, ofUsers: true)) }
        } else {
            columns = (isLong ? Self.full : Self.short).map { Column(column: $0, header: Self.header($0)) }
        }
    }

    private static func header(_ column: ProcessColumn, ofUsers: Bool = false) -> String {
        switch column {
        case .user: ofUsers ? "USER" : "UID"
        case .stime: ofUsers ? "START" : "STIME"
        case .args: ofUsers ? "COMMAND" : "CMD"
        case .comm: "CMD"
        default: column.header
        }
    }

    /// `pid,cmd` or `pid=NUMBER`: what is behind `=` is the header, to the end.
    private mutating func add(_ list: String) throws(OperationError) {
        var rest = list[...]
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "," && $0 != "=" && $0 != " " }
            rest = rest.dropFirst(name.count)
            guard let column = ProcessColumn(named: name.lowercased()) else { throw Self.unknown(String(name)) }
            if rest.first == "=" {
                columns.append(Column(column: column, header: String(rest.dropFirst())))
                return
            }
            columns.append(Column(column: column, header: column.header))
            rest = rest.dropFirst()
        }
        if columns.isEmpty { throw Self.unknown(list) }
    }

    /// Docker's sentence: it looks for its processes by that column.
    private func checkPid() throws(OperationError) {
        guard columns.contains(where: { $0.column == .pid }) else {
            throw OperationError(
                "Couldn't find PID field in ps output", remedy: "name pid among the columns: -o pid,…", kind: .invalid)
        }
    }

    private static func unknown(_ name: String) -> OperationError {
        let names = ProcessColumn.allCases.map(\.rawValue).filter { $0 != "bsdtime" }
        return OperationError(
            "top: unknown column \(JSON.quoted(name))", remedy: "Use \(names.joined(separator: ", "))", kind: .invalid)
    }

    private static func refusal(_ word: String) -> OperationError {
        OperationError(
            "top: unsupported option of ps: \(word)", remedy: "Use -ef, aux, or -o with names of columns",
            kind: .unsupported)
    }
}
