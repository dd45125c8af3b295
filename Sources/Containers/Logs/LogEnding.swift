import Core

/// The last lines of a container's output, also when it has been removed since this value was made.
package struct LogEnding: ~Copyable {
    private var reader: LogReader?

    package init(of path: String) { reader = try? LogReader(path: path) }

    /// Shows them on a descriptor; what cannot be shown is left out.
    package mutating func show(lines: Int, on output: Int32) {
        guard var reader = reader.take() else { return }
        var printer = LogPrinter(output: output, error: output, timestamps: false)
        do throws(OperationError) {
            _ = try? reader.findNewer()
            try reader.seek(toLast: lines)
            while let record = try reader.next() { try printer.print(record) }
            try printer.flush()
        } catch {
            // Nobody reads it.
            return
        }
    }
}
