import Core
import Glibc
import Images
import Linux

/// Carries out the stages of a build: those that need nothing of each other side by side.
final class BuildSchedule {
    private let job: BuildJob
    private var running: [StepProcess] = []
    /// Processors are what steps compete for.
    private let limit = max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    init(_ job: BuildJob) { self.job = job }

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
                let known = job.graph.order.count
                try goOn(stage)
                hasChanged = hasChanged || stage.isDone || job.graph.order.count > known
            }
        }
        return !running.isEmpty
    }

    private func goOn(_ stage: StageBuild) throws(OperationError) {
        if !stage.hasBegun { try stage.begin() }
        // Its image may want something of others first.
        guard stage.isReady else { return }
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
        job.hasCarriedOut = true
        guard result.isSure else { return }
        job.kept.append(
            CachedStep(
                key: result.key, layer: result.layer, instruction: step.instruction.text, created: result.created))
    }

    private func wait() throws(OperationError) {
        var requests: [pollfd] = []
        for process in running { process.watch(&requests) }
        job.signals.watch(&requests)
        if Polling.wait(for: &requests, milliseconds: job.report.patience) { return job.report.draw() }
        try job.checkInterruption()
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
