import Core

/// The words that instructions begin with.
enum Keyword: String, CaseIterable {
    case add = "ADD"
    case arg = "ARG"
    case cmd = "CMD"
    case copy = "COPY"
    case entrypoint = "ENTRYPOINT"
    case env = "ENV"
    case expose = "EXPOSE"
    case from = "FROM"
    case healthcheck = "HEALTHCHECK"
    case label = "LABEL"
    case maintainer = "MAINTAINER"
    case onbuild = "ONBUILD"
    case run = "RUN"
    case shell = "SHELL"
    case stopsignal = "STOPSIGNAL"
    case user = "USER"
    case volume = "VOLUME"
    case workdir = "WORKDIR"

    /// Without an argument they mean something, too.
    var mayBeAlone: Bool { self == .cmd || self == .entrypoint }

    static func takesHeredocs(_ line: ArraySlice<UInt8>) -> Bool {
        let (word, rest) = split(line)
        switch Keyword(rawValue: word.uppercased()) {
        case .add, .copy, .run: return true
        case .onbuild: return takesHeredocs(rest)
        default: return false
        }
    }

    /// The first word, and what stands behind it.
    static func split(_ line: ArraySlice<UInt8>) -> (word: String, rest: ArraySlice<UInt8>) {
        let line = line.drop(while: \.isBlank)
        let end = line.firstIndex(where: \.isBlank) ?? line.endIndex
        return (line[..<end].text, line[end...].trimmed)
    }

    static func unknown(_ word: String) -> DockerfileError {
        let choices = allCases.map(\.rawValue)
        let nearest = choices.map { ($0, distance(word.uppercased(), $0)) }.min { $0.1 < $1.1 }
        let hint = nearest.flatMap { $0.1 <= 2 ? " (did you mean \($0.0)?)" : nil } ?? ""
        return DockerfileError("unknown instruction: \(word)\(hint)")
    }

    /// Of an optimal alignment, where two letters that have changed places are one mistake; of words that are longer than any
    /// keyword's typing error it is not wanted.
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count < 20 else { return .max }
        var rows = [Array(0...right.count)]
        for (index, byte) in left.enumerated() {
            var row = [index + 1]
            for (column, other) in right.enumerated() {
                let replaced = rows[index][column] + (byte == other ? 0 : 1)
                var least = min(replaced, row[column] + 1, rows[index][column + 1] + 1)
                if index > 0, column > 0, byte == right[column - 1], other == left[index - 1] {
                    least = min(least, rows[index - 1][column - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
