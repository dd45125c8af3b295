import Core

/// One line of a list: its fields by the names that `--format` uses.
package struct Row {
    package let fields: JSON
    /// What `{{.Label "key"}}` looks up.
    package let labels: [String: String]

    package init(fields: JSON, labels: [String: String] = [:]) {
        self.fields = fields
        self.labels = labels
    }

    package func text(_ field: String) -> String { fields[field]?.string ?? "" }
}
