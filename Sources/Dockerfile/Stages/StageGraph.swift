import Core

/// Where the files of a stage, or of a copy, come from.
package enum StageSource: Equatable, Sendable {
    case scratch
    case stage(Int)
    case image(String)

    package var shown: String {
        switch self {
        case .scratch: "scratch"
        case .stage(let index): "\(index)"
        case .image(let name): name
        }
    }
}

/// Which stages a target needs, and in which order.
package struct StageGraph: Sendable {
    /// One for each stage.
    package let bases: [StageSource]
    /// What each stage needs, its base and the sources of its copies and mounts.
    package let needs: [Set<Int>]
    package let target: Int
    /// In an order in which each has what it needs before it; only those that the target needs.
    package let order: [Int]

    /// - Parameter target: a name or number; nil is the last one.
    package init(
        _ file: Dockerfile, _ arguments: BuildArguments, target: String?
    ) throws(DockerfileError) {
        var bases: [StageSource] = []
        for stage in file.stages {
            let from = try arguments.expanded(stage.from, at: stage.origin.lines)
            bases.append(Self.base(from.image, before: stage.index, in: file))
        }
        var needs: [Set<Int>] = []
        for stage in file.stages {
            var needed: Set<Int> = []
            if case .stage(let index) = bases[stage.index] { needed.insert(index) }
            for instruction in stage.instructions {
                for source in try Self.sources(of: instruction, in: file) {
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

    private static func base(_ name: String, before index: Int, in file: Dockerfile) -> StageSource {
        if name == "scratch" { return .scratch }
        let earlier = file.stages[..<index].last { $0.from.name == name.lowercased() }
        return earlier.map { .stage($0.index) } ?? .image(name)
    }

    /// What `--from` names: a stage by name or number, or an image.
    package static func source(named name: String, in file: Dockerfile) throws(DockerfileError) -> StageSource {
        if let number = Int(name) {
            guard file.stages.indices.contains(number) else { throw DockerfileError("invalid stage index \(name)") }
            return .stage(number)
        }
        if name == "scratch" { return .scratch }
        let stage = file.stages.last { $0.from.name == name.lowercased() }
        return stage.map { .stage($0.index) } ?? .image(name)
    }

    /// Where an instruction takes files from, beside the context.
    package static func sources(
        of instruction: Instruction, in file: Dockerfile
    ) throws(DockerfileError) -> [StageSource] {
        let names: [String] =
            switch instruction.command {
            case .copy(let copy): copy.from.map { [$0] } ?? []
            case .run(let run): run.mounts.compactMap(\.from)
            default: []
            }
        return try locating(instruction.lines) { () throws(DockerfileError) in
            try names.map { name throws(DockerfileError) in try source(named: name, in: file) }
        }
    }

    private static func target(_ text: String?, in file: Dockerfile) throws(DockerfileError) -> Int {
        guard let text, !text.isEmpty else { return file.stages.count - 1 }
        if let stage = file.stages.last(where: { $0.from.name == text.lowercased() }) { return stage.index }
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
        while let stage = path.last {
            isOpen.insert(stage)
            let missing = needs[stage].sorted().first { !isDone.contains($0) }
            if let missing {
                guard !isOpen.contains(missing) else {
                    let closing = file.stages[missing]
                    throw DockerfileError(
                        "circular dependency detected on stage: \(closing.label)", at: closing.origin.lines)
                }
                path.append(missing)
            } else {
                path.removeLast()
                isDone.insert(stage)
                order.append(stage)
            }
        }
        return order
    }
}
