import Core
import Glibc
import Images
import Lifecycle
import Linux
import Supervisor

extension Engine {
    /// Makes an image as a Dockerfile says.
    /// - Returns: its id.
    package func build(_ request: BuildRequest) throws(OperationError) -> String {
        let references = try request.tags.map { text throws(OperationError) in try Reference(text) }
        for reference in references {
            do throws(OperationError) { try ImageStore.checkTag(reference) } catch {
                throw OperationError("invalid tag \"\(reference)\": \(error)", kind: .invalid)
            }
        }
        if let platform = request.platform { try checkPlatform(platform) }
        guard !request.pushes || request.outputs.isEmpty else {
            throw OperationError("push and another output are not possible at once", kind: .invalid)
        }
        guard !request.pushes || !references.isEmpty else {
            throw OperationError(
                "tag is needed when pushing to registry", remedy: "name the image by -t", kind: .invalid)
        }
        if Terminal.isTerminal(STDOUT_FILENO), request.outputs.contains(where: \.isToStandardOutput) {
            throw OperationError(
                "cowardly refusing to write an archive to a terminal. Use dest= or redirect", kind: .invalid)
        }
        let descriptors = try request.descriptors()
        if !request.checksOnly { try forgetIdentity(request) }
        InheritedDescriptors.close(except: descriptors)
        try prepare()
        removeDeadBuilds()
        return try inScope { labels throws(OperationError) in
            let builder = getpid()
            let guardian = try Guardian { imageStore.clearWorkspaces(of: builder) }
            defer { guardian.dismiss() }
            let job = try BuildJob(self, request, labels: labels)
            defer { job.workspace.remove() }
            // What can be wrong with a Dockerfile was found out by now.
            if request.checksOnly { return "" }
            return try build(job, as: references)
        }
    }

    /// Takes away what RUNs have left that were killed together with all who watched over them: nobody else knows their
    /// names.
    func removeDeadBuilds() {
        for id in (try? containerStore.runtimeIDs()) ?? [] {
            guard case .orphaned = host.liveness(of: id), (try? containerStore.definition(id))?.isBuild == true else {
                continue
            }
            try? remove(id.hex, force: true)
        }
    }

    private func build(_ job: BuildJob, as references: [Reference]) throws(OperationError) -> String {
        var hasFailed = true
        defer {
            job.report.finish()
            for name in job.unusedArguments { warn("build argument \"\(name)\" is not used by the Dockerfile") }
            for warning in job.warnings { warn(warning) }
            clearAway(after: job, hasFailed: hasFailed)
        }
        do throws(OperationError) {
            try BuildSchedule(job).run()
        } catch {
            // What was done need not be done again.
            _ = try? job.workspace.publish(nil, as: [], keeping: job.kept)
            throw error
        }
        let id = try export(job, as: references)
        hasFailed = false
        return id
    }

    /// What the build was to do is done, or has failed: nothing fails by this any more, and a signal ends only the wait for others.
    private func clearAway(after job: BuildJob, hasFailed: Bool) {
        let hasNewSteps = hasFailed || job.hasCarriedOut
        do throws(OperationError) { try job.workspace.clearAway(hasNewSteps: hasNewSteps) } catch {
            if error.exitCode == nil { warn("\(error)") }
        }
    }

    private func export(_ job: BuildJob, as references: [Reference]) throws(OperationError) -> String {
        guard var image = job.stages[job.graph.target]?.image else {
            throw OperationError("nothing was built")
        }
        image.config.labels.merge(job.request.labels) { $1 }
        image.annotations = job.request.annotations
        if !image.isDated { image.created = job.moment(.now()) }
        if !job.request.outputs.isEmpty { return try writeOutputs(image, job, as: references) }
        let number = job.report.begin("exporting to image")
        let digest = try job.workspace.publish(image, as: references, keeping: job.kept)
        let id = digest?.description ?? ""
        job.report.note(number, "writing image \(id)")
        for reference in references { job.report.note(number, "naming to \(reference)") }
        job.report.done(number)
        for reference in references { host.announce(Event(.image, "tag", id, ["name": reference.description])) }
        var pushed: [Digest] = []
        if job.request.pushes { for reference in references { pushed += try push(reference, job) } }
        try writeIdentity(id, job.request)
        if job.request.metadataFile != nil, let stored = try imageStore.resolve(id) {
            let manifest = try imageStore.manifest(of: stored, named: references.first?.text)
            // A registry may have it in another form.
            let image = WrittenImage(id: stored.id, manifest: pushed.first ?? manifest)
            try writeMetadata(image, references, job.request)
        }
        return id
    }

    /// - Returns: the digest of the manifest that the registry has now.
    private func push(_ reference: Reference, _ job: BuildJob) throws(OperationError) -> [Digest] {
        let step = job.report.begin("pushing \(reference.canonical)")
        var engine = self
        engine.progress = BuildPull(job.report, step)
        do throws(OperationError) {
            let pushed = try engine.pushImage(reference.description, allTags: false)
            job.report.done(step)
            return pushed.compactMap { Digest($0.digest) }
        } catch {
            job.report.failed(step, error)
            throw error
        }
    }

    /// In buildx's members.
    private func writeMetadata(
        _ image: WrittenImage, _ references: [Reference], _ request: BuildRequest
    ) throws(OperationError) {
        guard let path = request.metadataFile else { return }
        let names = references.map(\.canonical).joined(separator: ",")
        let members: JSON = ["containerimage.config.digest": .string(image.id.description)]
        let document = members.with([
            ("containerimage.digest", .string(image.manifest.description)),
            ("image.name", names.isEmpty ? JSON?.none : .some(.string(names))),
        ])
        try Self.write(document.pretty + "\n", to: path)
    }

    private func writeIdentity(_ id: String, _ request: BuildRequest) throws(OperationError) {
        if let path = request.identityFile { try Self.write(id, to: path) }
    }

    private static func write(_ text: String, to path: String) throws(OperationError) {
        try ArchiveTarget(path, mode: 0o644).fill { (file: borrowing Descriptor) throws(OperationError) in
            try FaultPoint.pass("write", path)
            try Files.writeAll(Array(text.utf8), to: file, named: path)
        }
    }

    /// Nobody takes an image for the result of a build that has failed.
    private func forgetIdentity(_ request: BuildRequest) throws(OperationError) {
        for path in [request.identityFile, request.metadataFile].compactMap({ $0 })
        where Files.status(path, followLinks: false)?.isRegular == true {
            try Files.remove(path)
        }
    }

    /// Nothing of the image is kept then but its steps.
    private func writeOutputs(
        _ image: BuiltImage, _ job: BuildJob, as references: [Reference]
    ) throws(OperationError) -> String {
        var written: WrittenImage?
        for output in job.request.outputs where output != .nothing {
            let number = job.report.begin("exporting to client")
            if output.mayWait {
                written =
                    try Interruption.letting { () throws(OperationError) in
                        try job.write(image, to: output, as: references)
                    } ?? written
            } else {
                written = try job.write(image, to: output, as: references) ?? written
            }
            job.report.done(number)
        }
        _ = try job.workspace.publish(nil, as: [], keeping: job.kept)
        guard let written else {
            try tellOfFiles(job)
            return ""
        }
        try writeIdentity(written.id.description, job.request)
        try writeMetadata(written, references, job.request)
        return ""
    }

    /// There is no image that anything could be said of.
    private func tellOfFiles(_ job: BuildJob) throws(OperationError) {
        if job.request.identityFile != nil {
            job.warn("--iidfile is not written: with --output local, tar and cacheonly there is no image id")
        }
        if let path = job.request.metadataFile { try Self.write("{}\n", to: path) }
    }

    /// As images and arguments have it.
    static var architecture: String { Platform.host.architecture }

    func checkPlatform(_ text: String) throws(OperationError) {
        guard text == "linux" || text == "linux/\(Self.architecture)" || text == Self.architecture else {
            throw OperationError(
                "build for \(text)", reason: "this host runs linux/\(Self.architecture) only", kind: .unsupported)
        }
    }
}
