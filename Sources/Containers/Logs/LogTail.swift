import Core

extension LogReader {
    /// Goes to where the last `count` lines begin that have records of `filter`: backwards through the files, which
    /// are not read further than that.
    ///
    /// A line counts where it ends: at a record with a newline, or at the last record of its stream. Pieces of a
    /// long line that the other stream's lines stand between are shown from behind the line before the first one.
    package mutating func seek(toLast count: Int, _ filter: LogFilter = LogFilter()) throws(OperationError) {
        let all = [file] + newer
        var search = LogTailSearch(lines: count, filter: filter)
        var index = all.count
        repeat {
            index -= 1
            search.begin(at: index == all.count - 1 ? min(end, all[index].size) : all[index].size)
            while !search.isDone { try search.readBlock(of: all[index], into: memory) }
        } while !search.hasFoundAll && index > 0
        seek(to: search.position, in: all[index], before: Array(all[(index + 1)...]))
    }
}

/// Goes backwards through the files of a log, block by block.
private struct LogTailSearch {
    private let lines: Int
    private let filter: LogFilter
    private var found = 0
    private var seenStdout = false
    private var seenStderr = false
    /// Nothing before this has been looked at; behind it is the start of a line, unless `isInLine`.
    private(set) var position: Int64 = 0
    /// The bytes before `position` belong to a line that is torn or longer than any record.
    private var isInLine = true
    private(set) var hasFoundAll = false
    /// With this file.
    var isDone: Bool { hasFoundAll || position == 0 }

    init(lines: Int, filter: LogFilter) {
        self.lines = lines
        self.filter = filter
    }

    /// Goes on with a file, from its end.
    mutating func begin(at end: Int64) {
        position = end
        isInLine = true
    }

    mutating func readBlock(
        of file: LogFile, into memory: UnsafeMutableRawBufferPointer
    ) throws(OperationError) {
        let start = max(0, position - Int64(memory.count))
        let wanted = UnsafeMutableRawBufferPointer(rebasing: memory.prefix(Int(position - start)))
        guard try file.read(wanted, at: start) == wanted.count else { return position = 0 }
        readLines(wanted, at: start)
    }

    /// Goes through the lines of a block from the last to the first whole one.
    private mutating func readLines(_ block: UnsafeMutableRawBufferPointer, at start: Int64) {
        var end = block.count
        while !hasFoundAll, end > 0 {
            let lineStart = LogLine.lastStart(UnsafeRawBufferPointer(block), before: isInLine ? end : end - 1)
            guard let first = lineStart ?? (start == 0 ? 0 : nil) else { break }
            let line = block[first..<end]
            visit(isInLine ? nil : UnsafeMutableRawBufferPointer(rebasing: line.dropLast()), at: start + Int64(first))
            end = first
        }
        settle(end, of: block.count, at: start)
    }

    /// What is left at the start of a block is looked at again with the block before, unless it fills a whole one.
    private mutating func settle(_ end: Int, of count: Int, at start: Int64) {
        guard !hasFoundAll, end > 0 else { return }
        if isInLine || end == count {
            isInLine = true
            position = start
        }
    }

    /// - Parameter line: nil for one that cannot be a record.
    private mutating func visit(_ line: UnsafeMutableRawBufferPointer?, at start: Int64) {
        isInLine = false
        if let line, let record = LogRecord(decoding: line), filter.includes(record), endsLine(record) {
            // The line before the first one that is wanted: stay behind it.
            guard found < lines else { return hasFoundAll = true }
            found += 1
        }
        position = start
    }

    /// Also the last record of a stream ends a line.
    private mutating func endsLine(_ record: LogRecord) -> Bool {
        switch record.stream {
        case .stdout: defer { seenStdout = true }; return record.endsLine || !seenStdout
        case .stderr: defer { seenStderr = true }; return record.endsLine || !seenStderr
        }
    }
}
