import Foundation
import Testing

@testable import Commands

/// docs/compatibility.md, as data.
private struct CompatibilityPage {
    struct Row {
        let flags: [String]
        let status: String
    }
    /// By each name of a heading.
    private(set) var sections: [String: [Row]] = [:]

    init() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/compatibility.md")
        var names: [String] = []
        for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("### ") {
                names = Self.code(in: line)
                for name in names { sections[name] = [] }
            } else if line.hasPrefix("## ") {
                names = []
            } else if line.hasPrefix("| `--") {
                let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                let status = cells[2].trimmingCharacters(in: .whitespaces)
                let row = Row(flags: Self.code(in: cells[1]).map { String($0.dropFirst(2)) }, status: status)
                for name in names { sections[name, default: []].append(row) }
            }
        }
    }

    /// What stands between backquotes.
    private static func code(in line: Substring) -> [String] {
        line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}

@Suite struct CompatibilityTests {
    /// A flag that is added wants a row here, and one that a row says is not there must not be.
    @Test func everyCommandAndFlagIsInThePage() throws {
        let page = try CompatibilityPage()
        for command in CommandLineTool.commands {
            let name = command.synopsis.name
            guard let rows = page.sections[name] else {
                Issue.record("docs/compatibility.md has no heading for `\(name)`")
                continue
            }
            let there = rows.filter { $0.status != "no" }.flatMap(\.flags)
            for flag in command.specifications where !there.contains(flag.name) {
                Issue.record("docs/compatibility.md says nothing of `\(name) --\(flag.name)`, or that it is not there")
            }
            let missing = rows.filter { $0.status == "no" }.flatMap(\.flags)
            let names = command.specifications.flatMap(\.longNames)
            for flag in missing where names.contains(flag) {
                Issue.record("docs/compatibility.md says that `\(name) --\(flag)` is not there")
            }
        }
    }

    /// Nothing is promised that is not there.
    @Test func everyRowIsTrue() throws {
        let page = try CompatibilityPage()
        let statuses: Set = ["same", "differs", "ours", "no"]
        // One row may be about several commands, of which one has the flag.
        let flags = CommandLineTool.commands.reduce(into: [String: Set<String>]()) { flags, command in
            flags[command.synopsis.name] = Set(command.specifications.flatMap { [$0.name] + $0.longNames })
        }
        for (name, rows) in page.sections {
            guard let own = flags[name] else {
                Issue.record("docs/compatibility.md has a heading for `\(name)`, which is no command")
                continue
            }
            for row in rows {
                #expect(statuses.contains(row.status), "\(name): \(row)")
                guard row.status != "no", name != "create" else { continue }
                for flag in row.flags where !own.contains(flag) {
                    Issue.record("docs/compatibility.md promises `\(name) --\(flag)`")
                }
            }
        }
    }
}
