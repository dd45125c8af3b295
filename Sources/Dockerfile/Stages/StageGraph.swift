import Core

/// Where the files of a stage, or of a copy, come from.
package enum StageSource: Equatable, Sendable {
    case scratch
    case stage(Int)
    case image(String)
    /// What the caller has given a name, by that.
    case context(String)

    package var shown: String {
        switch self {
        case .scratch: "scratch"
        case .stage(let index): "\(index)"
        case .image(let name), .context(let name): name
        }
    }
}

/// Which stages a target needs, and in which order.
package struct StageGraph: Sendable {
    /// One for each stage.
    package let bases: [StageSource]
    /// What each stage needs, its base and the sources of its copies and mounts.
    package private(set) var needs: [Set<Int>]
    package let target: Int
    /// In an order in which each has what it needs before it; only those that the target needs.
    package private(set) var order: [Int]
    /// What the caller has given a name, in small letters: it goes before stages and images of that name.
    private let given: [String: StageSource]

    /// - Parameters:
    ///   - target: a name or number; nil is the last one.
    ///   - given: what the caller has given a name.
    package init(
        _ file: Dockerfile, _ arguments: BuildArguments, target: String?, given: [String: StageSource] = [:]
    ) throws(DockerfileError) {
        self.given = given
        var bases: [StageSource] = []
        // Of each name the last stage so far; there may be very many.
        var earlier: [String: Int] = [:]
        for stage in file.stages {
            let image = try arguments.expanded(stage.from, at: stage.origin.lines).image
            let named = given[image.lowercased()] ?? earlier[image.lowercased()].map { StageSource.stage($0) }
            if case .context = named {
                throw DockerfileError("FROM \(image): a directory is no image", at: stage.origin.lines)
            }
            bases.append(image == "scratch" ? .scratch : named ?? .image(image))
            if let name = stage.from.name { earlier[name] = stage.index }
        }
        var needs: [Set<Int>] = []
        for stage in file.stages {
            var needed: Set<Int> = []
            if case .stage(let index) = bases[stage.index] { needed.insert(index) }
            for instruction in stage.instructions {
                for source in try Self.sources(of: instruction, in: file, given) {
                    if case .stage(let index) = source { needed.insert(index) }
                }
            }
            needs.append(needed)
        }
        self.bases = bases
        self.needs = needs
        self.target = try Self.target(target, in: file)
        order = try Self.order(self.target, needs, file)
    }

    /// What a stage is found to need on the way: its image has instructions for those that are built on it.
    package mutating func add(
        _ instructions: [Instruction], to stage: Int, in file: Dockerfile
    ) throws(DockerfileError) {
        for instruction in instructions {
            for source in try Self.sources(of: instruction, in: file, given) {
                if case .stage(let index) = source { needs[stage].insert(index) }
            }
        }
        order = try Self.order(target, needs, file)
    }

    /// What `--from` names: what the caller has named so, a stage by name or number, or an image.
    package func source(named name: String, in file: Dockerfile) throws(DockerfileError) -> StageSource {
        try Self.source(named: name, in: file, given)
    }

    private static func source(
        named name: String, in file: Dockerfile, _ given: [String: StageSource]
    ) throws(DockerfileError) -> StageSource {
        if let source = given[name.lowercased()] { return source }
        if let number = Int(name) {
            guard file.stages.indices.contains(number) else { throw DockerfileError("invalid stage index \(name)") }
            return .stage(number)
        }
        if name == "scratch" { return .scratch }
        return file.stageNames[name.lowercased()].map { .stage($0) } ?? .image(name)
    }

    /// Where an instruction takes files from, beside the context.
    private static func sources(
        of instruction: Instruction, in file: Dockerfile, _ given: [String: StageSource]
    ) throws(DockerfileError) -> [StageSource] {
        let names: [String] =
            switch instruction.command {
            case .copy(let copy): copy.from.map { [$0] } ?? []
            case .run(let run): run.mounts.compactMap(\.from)
            default: []
            }
        return try locating(instruction.lines) { () throws(DockerfileError) in
            try names.map { name throws(DockerfileError) in try source(named: name, in: file, given) }
        }
    }

    private static func target(_ text: String?, in file: Dockerfile) throws(DockerfileError) -> Int {
        guard let text, !text.isEmpty else { return file.stages.count - 1 }
        if let index = file.stageNames[text.lowercased()] { return index }
        if let number = Int(text), file.stages.indices.contains(number) { return number }
        throw DockerfileError("target stage \"\(text)\" could not be found")
    }

    /// Depth first, without recursion: a file may have very many stages.
    private static func order(
        _ target: Int, _ needs: [Set<Int>], _ file: Dockerfile
    ) throws(DockerfileError) -> [Int] {
        var order: [Int] = []
        var (isOpen, isDone): (Set<Int>, Set<Int>) = ([], [])
        var path = [target]
        // Of each stage on the path, what it needs and has not been looked at.
        var open = [needs[target].sorted()[...]]
        while let stage = path.last {
            isOpen.insert(stage)
            while let next = open[open.count - 1].first, isDone.contains(next) { open[open.count - 1].removeFirst() }
            if let missing = open[open.count - 1].first {
                guard !isOpen.contains(missing) else {
                    let closing = file.stages[missing]
                    throw DockerfileError(
                        "circular dependency detected on stage: \(closing.label)", at: closing.origin.lines)
                }
                path.append(missing)
                open.append(needs[missing].sorted()[...])
            } else {
                path.removeLast()
                open.removeLast()
                isDone.insert(stage)
                order.append(stage)
            }
        }
        return order
    }
}
