import Core

/// A Dockerfile that was read: its stages in their order. Nothing in it has been looked up.
package struct Dockerfile: Sendable {
    /// In bytes: nobody writes a longer one.
    package static let longest = 10 << 20

    package let directives: Directives
    /// In front of the first stage: what FROM may name, and what stages may take over.
    package let globalArguments: [Instruction]
    package let stages: [Stage]
    /// Of each name the last stage that has it.
    let stageNames: [String: Int]

    package init(_ bytes: [UInt8]) throws(DockerfileError) {
        guard bytes.count <= Self.longest else { throw DockerfileError("the file is longer than 10 MB") }
        guard !bytes.contains(0) else { throw DockerfileError("the file has a zero byte: it is no Dockerfile") }
        var lines = try LogicalLines(bytes)
        let escape = lines.directives.escape
        var arguments: [Instruction] = []
        var stages: [Stage] = []
        while let line = try lines.next() {
            let instruction = try Instruction(line, escape: escape)
            try instruction.checkText(of: line)
            if case .from(let from) = instruction.command {
                stages.append(Stage(index: stages.count, from: from, origin: instruction))
            } else if !stages.isEmpty {
                stages[stages.count - 1].instructions.append(instruction)
            } else if case .argument = instruction.command {
                arguments.append(instruction)
            } else {
                throw DockerfileError("no build stage in current context", at: instruction.lines)
            }
        }
        guard !stages.isEmpty else {
            throw DockerfileError(
                arguments.isEmpty ? "file with no instructions" : "dockerfile contains no stages to build")
        }
        directives = lines.directives
        globalArguments = arguments
        self.stages = stages
        let named = stages.compactMap { stage in stage.from.name.map { ($0, stage.index) } }
        stageNames = Dictionary(named, uniquingKeysWith: { $1 })
    }
}

extension Instruction {
    /// Its text, and that of documents which are no files, becomes part of the image's configuration, which is JSON.
    fileprivate func checkText(of line: LogicalLine) throws(DockerfileError) {
        var texts = [text]
        if case .copy = command {} else { texts += line.heredocs.map(\.written) }
        guard texts.contains(where: \.hasForeignBytes) else { return }
        throw DockerfileError("the instruction is not UTF-8, as an image's configuration is", at: lines)
    }
}

/// `FROM`, and what follows up to the next one.
package struct Stage: Sendable {
    /// From 0.
    package let index: Int
    package let from: From
    package let origin: Instruction
    package var instructions: [Instruction] = []

    /// What messages call it: its name, or `stage-1`.
    package var label: String { from.name ?? "stage-\(index)" }
}
