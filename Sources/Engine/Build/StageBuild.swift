import Core
import Dockerfile
import Images
import Lifecycle
import Linux

/// A stage that is being built: what it has come to, and what is still to be done.
final class StageBuild {
    let stage: Stage
    unowned let job: BuildJob
    var image = BuiltImage()
    var variables: Variables
    private(set) var hasBegun = false
    private var pending: [Instruction]
    private var commandIsOwn = false
    private var number = 1
    private var count: Int

    init(_ stage: Stage, of job: BuildJob) throws(OperationError) {
        self.stage = stage
        self.job = job
        variables = Variables(escape: job.input.file.directives.escape)
        pending = stage.instructions.reversed()
        count = 1 + stage.instructions.count { $0.changesFiles }
    }

    var isDone: Bool { hasBegun && pending.isEmpty }
    /// Whether the stages are done that it needs.
    var isReady: Bool { job.graph.needs[stage.index].allSatisfy { job.stages[$0]?.isDone ?? false } }

    var ignoresCache: Bool {
        let named = job.request.uncachedStages
        return job.request.ignoresCache || named.contains("\(stage.index)")
            || stage.from.name.map(named.contains) ?? false
    }

    /// `[name 2/3] RUN make`
    func title(_ text: String) -> String {
        let isOnly = job.graph.order.count == 1 && stage.from.name == nil
        return "[\(isOnly ? "" : stage.label + " ")\(number)/\(count)] \(text)"
    }

    /// Takes over what it is built on.
    func begin() throws(OperationError) {
        try checkPlatform()
        let step = job.report.begin(title("FROM \(baseName)"))
        number += 1
        switch job.graph.bases[stage.index] {
        case .scratch: image.config.workingDirectory = "/"
        case .stage(let index): image = job.stages[index]?.image ?? image
        case .context: break
        case .image(let name):
            do throws(OperationError) {
                image = try job.base(named: name, telling: step)
            } catch {
                job.report.failed(step, error)
                throw job.failure(error, at: stage.origin.lines)
            }
        }
        job.report.done(step)
        if image.isDated { image.created = job.moment(image.created) }
        variables = Variables(environment: image.config.environment, escape: job.input.file.directives.escape)
        if case .stage(let index) = job.graph.bases[stage.index], let below = job.stages[index]?.variables {
            for argument in below.arguments { variables.setArgument(argument.name, to: argument.value) }
        }
        // As Docker has it, whatever the image below says.
        if variables.value("PATH") == nil { variables.setEnvironment("PATH", to: Environment.defaultPath) }
        image.config.environment = variables.environment
        try takeTriggers()
        hasBegun = true
    }

    private var baseName: String {
        if case .stage(let index) = job.graph.bases[stage.index] { return job.input.file.stages[index].label }
        return job.graph.bases[stage.index].shown
    }

    private func checkPlatform() throws(OperationError) {
        let from = try job.locating { () throws(DockerfileError) in
            try self.job.arguments.expanded(self.stage.from, at: self.stage.origin.lines)
        }
        guard let platform = from.platform, !platform.isEmpty else { return }
        do throws(OperationError) { try job.engine.checkPlatform(platform) } catch {
            throw job.failure(error, at: stage.origin.lines)
        }
    }

    /// What the image below wants to be done first.
    private func takeTriggers() throws(OperationError) {
        let triggers = image.config.onBuild
        image.config.onBuild = []
        guard !triggers.isEmpty else { return }
        let instructions = try job.locating { () throws(DockerfileError) in
            try triggers.map { text throws(DockerfileError) in
                try Instruction(trigger: text, at: self.stage.origin.lines)
            }
        }
        count += instructions.count { $0.changesFiles }
        pending += instructions.reversed()
        try job.add(instructions, to: stage.index)
    }

    /// Goes on to the next step that takes some time.
    /// - Returns: nil when there is none.
    func nextStep() throws(OperationError) -> BuildStep? {
        while let written = pending.last {
            try job.checkInterruption()
            let variables = variables
            let instruction = try job.locating { () throws(DockerfileError) in try written.expanded(variables) }
            do throws(OperationError) {
                if let step = try BuildStep(instruction, of: self) {
                    try ImageStore.checkDepth(image.layers.count + 1)
                    return step
                }
            } catch {
                throw job.failure(error, at: instruction.lines)
            }
            try settle(instruction)
            pending.removeLast()
        }
        image.config.environment = variables.environment
        return nil
    }

    /// The step that `nextStep` gave has come to something.
    func finish(_ step: BuildStep, with result: StepResult) {
        pending.removeLast()
        number += 1
        image.config.environment = variables.environment
        image.layers.append(result.layer)
        image.created = max(image.created, job.moment(result.created))
        if case .workingDirectory(let path) = step.instruction.command { image.config.workingDirectory = path }
        image.addHistory(step.history, addsLayer: true)
    }

    // MARK: Instructions that change no files

    private func settle(_ instruction: Instruction) throws(OperationError) {
        do throws(OperationError) {
            try apply(instruction.command)
        } catch {
            throw job.failure(error, at: instruction.lines)
        }
        image.addHistory(instruction.history(in: image.config.workingDirectory), addsLayer: false)
    }

    private func apply(_ command: Instruction.Command) throws(OperationError) {
        switch command {
        case .argument(let arguments): try declare(arguments)
        case .environment(let settings):
            for setting in settings { variables.setEnvironment(setting.name, to: setting.value) }
        case .label(let settings): for setting in settings { image.config.labels[setting.name] = setting.value }
        case .command(let invocation):
            image.config.command = invocation.words(shell: shell)
            commandIsOwn = true
        case .entrypoint(let invocation):
            image.config.entrypoint = invocation.words(shell: shell)
            // The command of the image below was meant for another program.
            if !commandIsOwn { image.config.command = nil }
        case .shell(let words): image.config.shell = words
        case .user(let user): image.config.user = user
        case .expose(let ports): image.config.exposedPorts = Self.merged(image.config.exposedPorts, ports)
        case .volume(let paths): image.config.volumes = Self.merged(image.config.volumes, paths)
        case .stopSignal(let signal): try setStopSignal(signal)
        case .healthCheck(let check): image.config.healthCheck = check
        case .onBuild(let trigger): image.config.onBuild.append(trigger.text)
        case .maintainer(let author): image.author = author
        case .workingDirectory(let path):
            image.config.workingDirectory = CleanPath.join(image.config.workingDirectory, path)
        case .from, .run, .copy: break
        }
    }

    /// What runs lines.
    var shell: [String] { image.config.shell ?? ["/bin/sh", "-c"] }

    private func declare(_ arguments: [Argument]) throws(OperationError) {
        for argument in arguments {
            let value: String?
            do throws(DockerfileError) { value = try job.arguments.value(of: argument, in: variables) } catch {
                throw OperationError(error.message, kind: .invalid)
            }
            if let value { variables.setArgument(argument.name, to: value) }
        }
    }

    private func setStopSignal(_ text: String) throws(OperationError) {
        guard Signal.parse(text) != nil else {
            throw OperationError("invalid signal: \(text)", kind: .invalid)
        }
        image.config.stopSignal = text
    }

    /// - Parameter old: sorted, each once.
    private static func merged(_ old: [String], _ new: [String]) -> [String] {
        var merged = old
        for element in new {
            var places = merged.indices
            while !places.isEmpty {
                let middle = places.lowerBound + places.count / 2
                places = merged[middle] < element ? middle + 1..<places.upperBound : places.lowerBound..<middle
            }
            if places.lowerBound == merged.count || merged[places.lowerBound] != element {
                merged.insert(element, at: places.lowerBound)
            }
        }
        return merged
    }
}
