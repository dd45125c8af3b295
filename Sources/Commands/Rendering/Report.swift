import Core
import Forms

/// A list that a command prints, as a table, template or JSON.
package struct Report {
    package struct Column {
        package let field: String
        package let header: String
    }

    /// Everything that has a header.
    package let columns: [Column]
    /// What the table shows when nothing else is asked for.
    package let standard: [String]
    /// What `--format table` shows.
    package var classic: [String]?
    package var minimumWidth = 10
    /// What is shown where nothing else is wanted.
    package var identity = "ID"
    package var rows: [Row]

    /// - Parameters:
    ///   - format: a `--format`; nil is the standard table.
    ///   - quiet: identities alone, unless there is a format.
    package func text(format: String?, quiet: Bool) throws(OperationError) -> String {
        switch format {
        case nil, "": return quiet ? rows.map { $0.text(identity) + "\n" }.joined() : table(standard)
        case "table": return quiet ? rows.map { $0.text(identity) + "\n" }.joined() : table(classic ?? standard)
        case "json": return rows.map { $0.fields.printed + "\n" }.joined()
        case .some(let format):
            guard format.hasPrefix("table ") else { return try lines(Self.template(format)) }
            return try table(Self.template(String(format.dropFirst(6))))
        }
    }

    /// As in Docker, a template of a list that cannot be read is a failure like others, one of `inspect` is 64.
    private static func template(_ text: String) throws(OperationError) -> Template {
        do throws(OperationError) {
            return try Template(parsing: text)
        } catch {
            throw error.exiting(with: 1)
        }
    }

    private func table(_ fields: [String]) -> String {
        var table = TextTable(minimumWidth: minimumWidth)
        table.add(fields.map(header))
        // For people: a template's output is data, this is not.
        for row in rows { table.add(fields.map { TerminalText.escaped(row.text($0)) }) }
        return table.text
    }

    private func header(_ field: String) -> String { columns.first { $0.field == field }?.header ?? field }

    private func lines(_ template: Template) throws(OperationError) -> String {
        var text = ""
        for row in rows { text += try template.evaluate(row.fields, labels: row.labels) + "\n" }
        return text
    }

    /// A template that separates its columns by tabs. The headers are the template's own output for an
    /// imaginary row whose fields are the headers.
    private func table(_ template: Template) throws(OperationError) -> String {
        var table = TextTable(minimumWidth: minimumWidth)
        let headers = JSON.object(columns.map { ($0.field, .string($0.header)) })
        table.add(Self.cells(try template.evaluate(headers, isHeader: true)))
        for row in rows { table.add(Self.cells(try template.evaluate(row.fields, labels: row.labels))) }
        return table.text
    }

    private static func cells(_ line: String) -> [String] {
        line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
}
