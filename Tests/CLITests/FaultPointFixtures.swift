import Foundation
import Testing

/// What a command passes, in order, as it says itself (`Linux/Files/FaultPoint.swift`).
struct FaultPoints {
    /// A copy of the command goes on from its number, so that two of them may have the same one.
    private let points: [(number: Int, text: Substring)]

    /// Runs mydocker.
    /// - Parameters:
    ///   - code: that it must end with.
    ///   - isComplete: asked until it is; a detached supervisor goes on after the command.
    static func list(
        _ arguments: [String], code: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation,
        until isComplete: (FaultPoints) -> Bool = { _ in true }
    ) throws -> FaultPoints {
        let path = "\(NSTemporaryDirectory())/points.\(UUID().uuidString)"
        defer { unlink(path) }
        let outcome = Host.run(
            [Host.mydocker] + arguments, environment: ["MYDOCKER_FAULT_LIST": path], sourceLocation: sourceLocation)
        try #require(outcome.code == code, "\(outcome.error)", sourceLocation: sourceLocation)
        Host.wait(sourceLocation: sourceLocation) { isComplete(FaultPoints(path)) }
        return FaultPoints(path)
    }

    var count: Int { points.count }

    private init(_ path: String) {
        points = Host.read(path).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            return Int(parts[0]).map { ($0, parts[1]) }
        }
    }

    /// The number of the first point behind `earlier` that is of `operation` and whose subject, if any, ends with `end`.
    func number(_ operation: String, _ end: String = "", behind earlier: Int = 0) -> Int? {
        points.first { point in
            point.number > earlier
                && (point.text.hasPrefix("\(operation) \"") && point.text.hasSuffix(end + "\"")
                    || end.isEmpty && point.text == operation)
        }?.number
    }
}

extension Host {
    /// Whether it is there and has not ended.
    static func isAlive(_ pid: Int) -> Bool { ![nil, "Z"].contains(state(of: pid)) }

    static func children(of pid: Int) -> [Int] {
        read("/proc/\(pid)/task/\(pid)/children").split(separator: " ").compactMap { Int($0) }
    }

    /// The parent of a container's first process.
    static func supervisor(of name: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Int {
        let pid = inspect("{{.State.Pid}}", name, sourceLocation: sourceLocation)
        let parent = status("PPid", in: read("/proc/\(pid)/status")).flatMap { Int($0) }
        return try #require(parent, sourceLocation: sourceLocation)
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

/// A command that stops itself at one of its fault points.
/// - Parameter number: of the point.
func stopping(at number: Int, _ arguments: [String]) throws -> Background {
    try Background(["/usr/bin/env", "MYDOCKER_FAULT=stop@\(number)", Host.mydocker] + arguments)
}
