import Core
import Dockerfile
import Images

extension Instruction {
    /// Whether it adds a layer.
    var changesFiles: Bool {
        switch command {
        case .run, .copy, .workingDirectory: true
        default: false
        }
    }
}

/// One step that adds a layer, with all that it depends on as values. Another process carries it out.
struct BuildStep {
    enum Work {
        case run(RunStep)
        case copy(CopyStep)
        /// Makes a directory, as the image's user has it.
        case directory(String, user: String)
    }

    let instruction: Instruction
    let work: Work
    /// What it is done on top of.
    let layers: [BuiltLayer]
    /// Of the place for what it changes.
    let place: Int
    let title: String
    /// Seconds: no time in its layer is later. Nil leaves all as they are.
    let newest: Int64?
    /// Whether nothing of earlier builds is taken.
    let ignoresCache: Bool

    /// Nil for an instruction that changes no files.
    init?(_ instruction: Instruction, of stage: StageBuild) throws(OperationError) {
        var instruction = instruction
        switch instruction.command {
        case .run(let run): work = .run(try RunStep(run, of: stage))
        case .copy(let copy): work = .copy(try CopyStep(copy, of: stage))
        case .workingDirectory(let path):
            let absolute = CleanPath.join(stage.image.config.workingDirectory, path)
            // It is there: `StageBuild.apply` makes it the image's.
            if absolute == "/" { return nil }
            instruction.command = .workingDirectory(absolute)
            work = .directory(absolute, user: stage.image.config.user)
        default: return nil
        }
        self.instruction = instruction
        layers = stage.image.layers
        place = stage.job.nextPlace()
        title = stage.title(instruction.text)
        newest = stage.job.request.newest
        ignoresCache = stage.ignoresCache
    }

    /// As the image's history has it.
    var history: String {
        switch work {
        case .run(let step): "RUN " + step.shownWords
        case .directory(let path, _): instruction.history(in: path)
        case .copy: instruction.text
        }
    }

    /// Of all that the result depends on.
    /// - Parameter content: what files say that are copied.
    func key(content: JSON) throws(OperationError) -> Digest {
        let parts: JSON = [
            "version": 2, "layers": .strings(layers.map(\.diff.description)), "work": workValue, "content": content,
            "newest": .optional(newest),
        ]
        return try Digest(of: Array(parts.compact.utf8))
    }

    private var workValue: JSON {
        switch work {
        case .run(let step): ["run": step.value]
        case .copy(let step): ["copy": step.value]
        case .directory(let path, let user): ["directory": .string(path), "user": .string(user)]
        }
    }
}

/// What a step has come to.
struct StepResult {
    let key: Digest
    let layer: BuiltLayer
    let created: Timestamp
    /// It was there before.
    let wasKept: Bool
    /// Nothing has changed what it was made of while it was made.
    let isSure: Bool

    var json: JSON {
        [
            "key": .string(key.description), "layer": layer.json, "created": .number(created.nanoseconds),
            "wasKept": wasKept ? true : false,
            "isSure": isSure ? true : false,
        ]
    }

    /// One that was made now.
    init(key: Digest, layer: BuiltLayer, isSure: Bool = true) {
        self.key = key
        self.layer = layer
        created = .now()
        wasKept = false
        self.isSure = isSure
    }

    init(_ kept: CachedStep) {
        key = kept.key
        layer = kept.layer
        created = kept.created
        wasKept = true
        isSure = true
    }

    init(_ reader: RecordReader) throws(RecordError) {
        key = try reader.text("key") { Digest($0) }
        layer = try reader.object("layer") { reader throws(RecordError) in try BuiltLayer(reader) }
        created = Timestamp(nanoseconds: try reader.int("created"))
        wasKept = try reader.bool("wasKept")
        isSure = try reader.bool("isSure")
    }
}
