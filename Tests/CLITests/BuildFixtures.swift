import Foundation
import Testing

/// A directory with a Dockerfile, made by a script.
struct BuildContext {
    let directory: String

    init(_ dockerfile: String, _ script: String = "true") throws {
        let scratch = try #require(ProcessInfo.processInfo.environment["MYDOCKER_SANDBOX_SCRATCH"])
        directory = "\(scratch)/build-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try write(dockerfile)
        let made = Host.shell("umask 022; cd \(directory) && { \(script)\n}")
        try #require(made.code == 0, "\(made.error)")
    }

    func write(_ dockerfile: String) throws {
        try Data(dockerfile.utf8).write(to: URL(fileURLWithPath: directory + "/Dockerfile"))
    }

    func build(_ arguments: String...) -> Outcome {
        Host.run([Host.mydocker, "build"] + arguments + [directory])
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }
}

/// Each test of a suite begins and ends without images that have no name and without a build cache: tests compare the
/// store before and after what they do, and count what is pruned.
struct SweepsImages: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        sweep()
        defer { sweep() }
        try await function()
    }

    private func sweep() {
        succeed("image", "prune", "-f")
        succeed("builder", "prune", "-af")
    }
}

extension Trait where Self == SweepsImages {
    static var sweepsImages: Self { Self() }
}

/// Builds it, calls `body` with the image's name, and removes the image.
func withBuilt(
    _ dockerfile: String, _ script: String = "true", _ arguments: [String] = [], _ body: (String) throws -> Void
) throws {
    let context = try BuildContext(dockerfile, script)
    defer { context.remove() }
    let name = "built-\(UUID().uuidString.lowercased().prefix(8))"
    let outcome = Host.run([Host.mydocker, "build", "-t", name] + arguments + [context.directory])
    #expect(outcome.code == 0, "\(outcome.error)")
    defer { mydocker("rmi", "-f", name) }
    try body(name)
}

/// Every file of an image below a directory: mode, owner, name, and what a link points to.
func tree(_ image: String, _ directory: String) -> [String] {
    runOnce(image, "sh", "-c", "cd \(directory) && find . | sort | xargs stat -c '%a %u:%g %N'").lines
}
