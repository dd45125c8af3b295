import Core

/// The changes of `establish`, carried out on tables that are only planned.
extension RuleFirewall {
    func commands(
        establishing intent: FirewallIntent, upon ground: FirewallGround, isStale: (FirewallOwner) -> Bool
    ) throws(OperationError) -> [ShellCommand] {
        let change = FirewallChange(establishing: intent)
        let before = FirewallChange(establishing: ground.added)
        var commands: [ShellCommand] = []
        for name in change.tables {
            let table = try planned(name, isFound: ground.isFound)
            if before.tables.contains(name) {
                try apply(before, to: table, name, isStale)
                table.forget()
            }
            table.isRecording = true
            try apply(change, to: table, name, isStale)
            commands += table.commands
        }
        return commands
    }

    /// A table that nobody has used yet would be made by asking.
    private func planned(_ name: FirewallTable, isFound: Bool) throws(OperationError) -> PlannedTable<Table.Syntax> {
        guard isFound, try Table.isUsed(name) else { return PlannedTable(name) }
        return PlannedTable(name, like: try Table(name))
    }

    private func apply(
        _ change: FirewallChange, to table: PlannedTable<Table.Syntax>, _ name: FirewallTable,
        _ isStale: (FirewallOwner) -> Bool
    ) throws(OperationError) {
        var editor = TableEditor(table, name)
        try editor.apply(change, isStale: isStale)
    }
}
