/// Columns of text, laid out as Go's tabwriter does it: a column is as wide as its longest cell and the
/// padding, and never narrower than the minimum; the last cell of a line is not padded.
package struct TextTable {
    package let minimumWidth: Int
    package let padding: Int
    private var rows: [[String]] = []

    package init(minimumWidth: Int = 10, padding: Int = 3) {
        self.minimumWidth = minimumWidth
        self.padding = padding
    }

    package mutating func add(_ cells: [String]) { rows.append(cells) }

    package var text: String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.dropLast().enumerated() {
                if column == widths.count { widths.append(minimumWidth) }
                widths[column] = max(widths[column], cell.unicodeScalars.count + padding)
            }
        }
        return rows.map { Self.line($0, widths) + "\n" }.joined()
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (column, cell) in cells.dropLast().enumerated() {
            line += cell + String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
        }
        return line + (cells.last ?? "")
    }
}
