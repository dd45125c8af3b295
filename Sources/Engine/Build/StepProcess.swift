import Containers
import Core
import Glibc
import Images
import Lifecycle
import Linux
import Supervisor

/// A copy of this process that carries out one step, so that several go on side by side. It dies with this one.
final class StepProcess {
    let step: BuildStep
    let stage: StageBuild
    /// Of the report.
    let number: Int
    /// Of the container, where the step is one.
    let name: String
    private let pid: pid_t
    private var output: Descriptor?
    private var answer: Descriptor?
    private var answered: [UInt8] = []
    private var isOver = false

    init(_ step: BuildStep, of stage: StageBuild, _ number: Int) throws(OperationError) {
        self.step = step
        self.stage = stage
        self.number = number
        name = "build-" + ContainerID.random().short
        // What a step needs that is carried out, made here for all copies to come. Until a step had to be carried out, the next
        // one is probably known, too, and needs none of that.
        if !step.isFoundByReading || stage.job.hasCarriedOut {
            try stage.job.workspace.makeReady(for: step.layers)
        }
        var output = try Descriptor.pipe()
        var answer = try Descriptor.pipe()
        let builder = getpid()
        switch try Fork.fork() {
        case .parent(let pid):
            self.pid = pid
            self.output = output.takeRead()
            self.answer = answer.takeRead()
        case .child:
            Fork.die(with: builder)
            output.closeRead()
            answer.closeRead()
            // Open up to the end of this copy.
            let number = output.takeWrite()?.release() ?? -1
            let streams = CallerStreams(input: -1, output: number, error: number)
            Self.perform(step, stage.job, name: name, streams, answer.takeWrite())
        }
    }

    /// In the copy.
    private static func perform(
        _ step: BuildStep, _ job: BuildJob, name: String, _ streams: CallerStreams, _ answer: consuming Descriptor?
    ) -> Never {
        let message: JSON
        do throws(OperationError) {
            message = ["result": try step.perform(job, name: name, streams: streams).json]
        } catch {
            message = ["error": error.report]
        }
        if let answer = answer.take() { try? Files.writeAll(Array(message.compact.utf8), to: answer, named: "answer") }
        _exit(0)
    }

    // MARK: In the builder

    func watch(_ requests: inout [pollfd]) {
        requests.append(pollfd(fd: output.number, events: Int16(POLLIN), revents: 0))
        requests.append(pollfd(fd: answer.number, events: Int16(POLLIN), revents: 0))
    }

    /// Reads what has come.
    /// - Returns: whether it has ended.
    func advance(_ events: ArraySlice<pollfd>) throws(OperationError) -> Bool {
        for event in events where event.revents != 0 {
            if event.fd == output.number, let bytes = try read(output) {
                if bytes.isEmpty { output = nil } else { stage.job.report.output(number, bytes) }
            } else if event.fd == answer.number, let bytes = try read(answer) {
                if bytes.isEmpty { answer = nil } else { answered += bytes }
            }
        }
        return answer.number < 0 && output.number < 0
    }

    private func read(_ descriptor: borrowing Descriptor?) throws(OperationError) -> [UInt8]? {
        switch descriptor {
        case .some(let descriptor): try Files.readPiece(of: descriptor, named: "step", limit: 1 << 16)
        case .none: nil
        }
    }

    /// What it has come to.
    func finish() throws(OperationError) -> StepResult {
        reap(pid)
        isOver = true
        guard let message = try? JSON(parsing: answered) else {
            throw OperationError("the process of \(step.title) was killed")
        }
        if let result = message["result"] {
            do { return try StepResult(RecordReader(result)) } catch {
                throw OperationError("carry out", step.title, reason: error.description, kind: .damaged)
            }
        }
        throw OperationError(report: message["error"] ?? [:], of: step.title)
    }

    /// Ends it, and waits until nothing is left of it.
    func cancel() {
        guard !isOver else { return }
        kill(pid, SIGKILL)
        reap(pid)
        isOver = true
        if case .run = step.work { try? stage.job.engine.remove(name, force: true) }
        stage.job.report.canceled(number)
    }
}

extension BuildStep {
    /// In a process of its own.
    fileprivate func perform(
        _ job: BuildJob, name: String, streams: CallerStreams
    ) throws(OperationError) -> StepResult {
        switch work {
        case .copy(let copy): return try copy.perform(self, job)
        case .run(let run):
            let content = try run.mounts.content(job)
            let key = try key(content: content)
            if isFoundByReading, let kept = try job.workspace.kept(key) { return StepResult(kept) }
            try job.workspace.makeReady(for: layers)
            let layer = try run.perform(self, job, name: name, streams: streams)
            let isSure = try run.mounts.content(job) == content
            return StepResult(key: key, layer: layer, isSure: isSure)
        case .directory(let path, let user):
            let key = try key(content: .null)
            let directories = job.workspace.directories(of: layers)
            let owner =
                user.isEmpty ? nil : try job.engine.resolveUser(user, adding: [], in: .layers(directories, mounts: []))
            let layer = try job.changing(self) { root throws(OperationError) in
                _ = try root.makeDirectories(inRoot: path, user: owner?.uid ?? 0, group: owner?.gid ?? 0)
            }
            return StepResult(key: key, layer: layer)
        }
    }

    /// Whether only its own process finds out if it was done before: what it takes from elsewhere has to be read.
    var isFoundByReading: Bool {
        guard !ignoresCache else { return false }
        return switch work {
        case .copy: true
        case .run(let run): run.mounts.readsContext
        case .directory: false
        }
    }

    /// What was kept of a step that takes no files from elsewhere.
    func keptLayer(_ job: BuildJob) throws(OperationError) -> StepResult? {
        guard !ignoresCache, !isFoundByReading else { return nil }
        let key = try key(content: .null)
        return try job.workspace.kept(key).map(StepResult.init)
    }
}

extension BuildJob {
    /// A layer of what `body` does to the files below the root that it gets.
    func changing(
        _ step: BuildStep, _ body: (borrowing Descriptor) throws(OperationError) -> Void
    ) throws(OperationError) -> BuiltLayer {
        try workspace.makeReady(for: step.layers)
        let directory = try workspace.makeUpper("step-\(step.place)")
        let tree = try LayeredTree(workspace.nearDirectories(of: step.layers), in: directory, isWritable: true)
        try body(tree.root)
        tree.close()
        return try workspace.pack(directory + "/upper", step.place, newest: step.newest)
    }
}
