import Core

/// One instruction as it was written: physical lines joined, comments between them left out, with the documents behind it.
struct LogicalLine {
    var bytes: [UInt8]
    /// Those with its documents.
    var lines: ClosedRange<Int>
    var heredocs: [Heredoc] = []
}

/// Takes a Dockerfile apart into instructions.
struct LogicalLines {
    private(set) var directives = Directives()
    private var reader: LineReader
    /// One that was read in the search for directives.
    private var pending: ArraySlice<UInt8>?

    init(_ bytes: [UInt8]) throws(DockerfileError) {
        reader = LineReader(bytes)
        while let line = reader.next() {
            let number = reader.number
            let isTaken: Bool
            do throws(DockerfileError) { isTaken = try directives.take(line) } catch { throw error.at(number...number) }
            if isTaken { continue }
            pending = line
            return
        }
    }

    mutating func next() throws(DockerfileError) -> LogicalLine? {
        while let line = pending ?? reader.next() {
            pending = nil
            let start = reader.number
            let first = line.drop(while: \.isBlank).withoutLineEnd
            if first.isEmpty || first.first == .hash { continue }
            var logical = LogicalLine(bytes: join(first), lines: start...reader.number)
            if logical.bytes.isEmpty { continue }
            try takeHeredocs(of: &logical)
            logical.lines = start...reader.number
            return logical
        }
        return nil
    }

    /// What stands behind a line that goes on. Comments and empty lines in between are no part of it.
    private mutating func join(_ first: ArraySlice<UInt8>) -> [UInt8] {
        guard let beginning = withoutContinuation(first) else { return Array(first) }
        var joined = Array(beginning)
        while let line = reader.next() {
            let content = line.drop(while: \.isBlank)
            if content.isEmpty || content.first == .hash { continue }
            let whole = line.withoutLineEnd
            guard let part = withoutContinuation(whole) else { return joined + whole }
            joined += part
        }
        return joined
    }

    /// Nil when the line does not go on. An escaped escape character at its end is an ordinary one.
    private func withoutContinuation(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = line
        while let last = rest.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { rest = rest.dropLast() }
        guard rest.last == directives.escape else { return nil }
        rest = rest.dropLast()
        return rest.last == directives.escape ? nil : rest
    }

    private mutating func takeHeredocs(of line: inout LogicalLine) throws(DockerfileError) {
        guard Keyword.takesHeredocs(line.bytes[...]), line.bytes.contains(UInt8(ascii: "<")) else { return }
        let found = Heredoc.all(in: line.bytes[...], escape: directives.escape)
        for heredoc in found { line.heredocs.append(try content(of: heredoc, from: line.lines.lowerBound)) }
    }

    private mutating func content(of heredoc: Heredoc, from start: Int) throws(DockerfileError) -> Heredoc {
        var heredoc = heredoc
        var content: [UInt8] = []
        let name = heredoc.name.kernelBytes
        while let line = reader.next() {
            var end = line.withoutLineEnd
            if heredoc.dropsTabs { end = end.drop { $0 == UInt8(ascii: "\t") } }
            if end.elementsEqual(name) {
                heredoc.written = content.text
                return heredoc
            }
            content += line
        }
        throw DockerfileError("unterminated heredoc", at: start...reader.number)
    }
}
