import Core

/// `RUN`
package struct Run: Equatable, Sendable {
    package var invocation: Invocation
    /// Documents that a line's own redirections read, or the only one, which is the script itself.
    package var heredocs: [Heredoc]
    package var mounts: [RunMount]
    package var network = Network.usual
    /// Has all rights; what asks for that must be allowed to.
    package var isInsecure = false

    package enum Network: String, Equatable, Sendable {
        case usual = "default"
        case none, host
    }

    init(_ body: InstructionBody) throws(DockerfileError) {
        var flags = try Flags(body.flags)
        mounts = []
        for text in try flags.values("mount") { mounts.append(try RunMount(text)) }
        if let text = try flags.value("network") {
            guard let network = Network(rawValue: text) else {
                throw DockerfileError("invalid network mode: \"\(text)\"")
            }
            self.network = network
        }
        if let text = try flags.value("security") {
            guard ["insecure", "sandbox"].contains(text) else {
                throw DockerfileError("security \"\(text)\" is not valid")
            }
            isInsecure = text == "insecure"
        }
        try flags.finish()
        invocation = try body.invocation()
        heredocs = body.heredocs
        if case .words = invocation, !heredocs.isEmpty {
            throw DockerfileError("parsing produced an invalid run command: a heredoc is read by a shell")
        }
    }
}

/// What a RUN runs, with its documents.
package enum Script: Equatable, Sendable {
    /// Words of a process, or a line for the shell.
    case invocation(Invocation)
    /// A document with a `#!` of its own: a file that is executed.
    case file(name: String, content: String)
}

extension Run {
    /// What is to run: a single document alone is the script; others go to the shell as they stand there.
    package func script(escape: UInt8) -> Script {
        guard let first = heredocs.first, case .line(let line) = invocation else { return .invocation(invocation) }
        let isAlone = Heredoc(word: line.kernelBytes.trimmed, escape: escape) != nil
        if isAlone {
            let content = first.content
            return content.hasPrefix("#!")
                ? .file(name: first.name, content: content) : .invocation(.line(content))
        }
        return .invocation(.line(line + heredocs.map { "\n" + $0.written + $0.name }.joined()))
    }
}
