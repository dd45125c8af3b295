import Core
import Glibc
import Images
import Linux

/// Carries out the stages of a build: those that need nothing of each other side by side.
final class BuildSchedule {
    private let job: BuildJob
    private let signals: SignalSource
    private var running: [StepProcess] = []
    /// Processors are what steps compete for.
    private let limit = max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    init(_ job: BuildJob, _ signals: SignalSource) {
        self.job = job
        self.signals = signals
    }

    /// - Throws: what has failed first; the others are ended then.
    func run() throws(OperationError) {
        do throws(OperationError) {
            try job.makeStages()
            while try advance() { try wait() }
        } catch {
            for process in running { process.cancel() }
            throw error
        }
    }

    /// Lets every stage go on that can.
    /// - Returns: whether something is still to be done.
    private func advance() throws(OperationError) -> Bool {
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for index in job.graph.order {
                guard let stage = job.stages[index], !stage.isDone, stage.isReady, running.count < limit,
                    !running.contains(where: { $0.stage === stage })
                else { continue }
                try goOn(stage)
                hasChanged = hasChanged || stage.isDone
            }
        }
        return !running.isEmpty
    }

    private func goOn(_ stage: StageBuild) throws(OperationError) {
        if !stage.hasBegun { try stage.begin() }
        while let step = try stage.nextStep() {
            let number = job.report.begin(step.title)
            if let kept = try step.keptLayer(job) {
                finish(step, of: stage, number, kept)
                continue
            }
            running.append(try StepProcess(step, of: stage, number))
            return
        }
    }

    private func finish(_ step: BuildStep, of stage: StageBuild, _ number: Int, _ result: StepResult) {
        stage.finish(step, with: result)
        if result.wasKept { return job.report.cached(number) }
        job.report.done(number)
        guard result.isSure else { return }
        job.kept.append(
            CachedStep(
                key: result.key, layer: result.layer, instruction: step.instruction.text, created: result.created))
    }

    private func wait() throws(OperationError) {
        var requests: [pollfd] = []
        for process in running { process.watch(&requests) }
        let count = requests.count
        signals.watch(&requests)
        Polling.wait(for: &requests)
        if requests[count...].contains(where: { $0.revents != 0 }) { signals.drain() }
        if let signal = job.interruption {
            throw OperationError("build", reason: "ended by \(Signal.name(signal))").exiting(with: 128 + signal)
        }
        for (index, process) in running.enumerated() {
            guard try process.advance(requests[(2 * index)..<(2 * index + 2)]) else { continue }
            running.removeAll { $0 === process }
            return try conclude(process)
        }
    }

    private func conclude(_ process: StepProcess) throws(OperationError) {
        do throws(OperationError) {
            finish(process.step, of: process.stage, process.number, try process.finish())
        } catch {
            job.report.failed(process.number, error)
            throw job.failure(error, at: process.step.instruction.lines)
        }
    }
}
