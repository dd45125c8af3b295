import Testing

@testable import Dockerfile

/// The file of lines, which must be right.
func dockerfile(_ text: String) throws -> Dockerfile { try Dockerfile(Array(text.utf8)) }

/// What an instruction of a stage becomes.
func command(_ text: String) throws -> Instruction.Command {
    let file = try dockerfile("FROM scratch\n" + text + "\n")
    return try #require(file.stages[0].instructions.first).command
}

/// The sentence, with its lines, that a file is refused with.
func refusal(_ text: String, _ location: SourceLocation = #_sourceLocation) -> String {
    do {
        _ = try dockerfile(text)
        Issue.record("\(text) was taken", sourceLocation: location)
        return ""
    } catch {
        return "\(error)"
    }
}
