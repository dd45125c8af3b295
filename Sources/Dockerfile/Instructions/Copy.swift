import Core

/// `COPY` and `ADD`.
package struct Copy: Equatable, Sendable {
    package var isAdd = false
    package var sources: [Source] = []
    package var destination = ""
    /// `--from`: a stage, its number, or an image.
    package var from: String?
    /// `USER[:GROUP]`
    package var owner: String?
    /// Octal digits or symbols, as for chmod(1).
    package var mode: String?
    package var isLinked = false
    package var keepsParents = false
    /// Patterns of what is left out.
    package var excluded: [String] = []
    /// `sha256:…` of what a URL gives.
    package var checksum: String?
    package var keepsGitDirectory = false
    /// Nil: an archive of the context is unpacked, that of a URL is not.
    package var unpacks: Bool?

    package enum Source: Equatable, Sendable {
        /// A path below the context, which may have wildcards, or a URL.
        case path(String)
        /// A document in the Dockerfile, as a file of that name.
        case document(Heredoc)
    }

    init(_ body: InstructionBody, isAdd: Bool) throws(DockerfileError) {
        self.isAdd = isAdd
        let name = isAdd ? "ADD" : "COPY"
        var flags = try Flags(body.flags)
        owner = try flags.value("chown")
        mode = try flags.value("chmod")
        isLinked = try flags.isOn("link")
        excluded = try flags.values("exclude")
        if isAdd {
            checksum = try flags.value("checksum")
            keepsGitDirectory = try flags.isOn("keep-git-dir")
            unpacks = try flags.isGiven("unpack") ? flags.isOn("unpack") : nil
        } else {
            from = try flags.value("from")
            keepsParents = try flags.isOn("parents")
        }
        try flags.finish()
        if from == "" { throw DockerfileError("Missing a value on flag: --from") }
        try takePaths(of: body, name)
    }

    private mutating func takePaths(of body: InstructionBody, _ name: String) throws(DockerfileError) {
        let jsonWords = body.jsonWords
        var words = jsonWords ?? body.rawWords
        guard let last = words.popLast() else { throw DockerfileError("\(name) requires at least one argument") }
        guard !words.isEmpty else {
            throw DockerfileError(
                "\(name) requires at least two arguments, but only one was provided. Destination could not be determined"
            )
        }
        destination = last
        var documents = body.heredocs[...]
        for word in words {
            if jsonWords == nil, Heredoc(word: word.kernelBytes[...], escape: body.escape) != nil,
                let document = documents.popFirst()
            {
                sources.append(.document(document))
            } else {
                sources.append(.path(word))
            }
        }
    }
}
