import Core
import Foundation

@testable import Containers

/// A directory that goes with the value.
final class SeccompDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var cache: String { path + "/cache" }
    var kept: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []).sorted() }

    func write(_ text: String, to name: String = "profile.json") throws -> String {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        return "\(path)/\(name)"
    }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

/// Runs filters as the kernel does.
struct SeccompInterpreter {
    var program: [SeccompInstruction]

    init(_ program: [SeccompInstruction]) { self.program = program }
    init(_ bytes: [UInt8]) { self.init(bytes.withUnsafeBytes { SeccompInstruction.program($0) }) }

    /// What is decided of a call; nil when the program is broken.
    func decision(architecture: UInt32 = 0xc000_003e, number: UInt32, _ arguments: [UInt64] = []) -> UInt32? {
        var words = [number, architecture, 0, 0]
        for index in 0..<6 {
            let argument = index < arguments.count ? arguments[index] : 0
            words += [UInt32(truncatingIfNeeded: argument), UInt32(argument >> 32)]
        }
        var accumulator: UInt32 = 0
        var position = 0
        while position < program.count {
            let instruction = program[position]
            switch instruction.code {
            case 0x20: accumulator = words[Int(instruction.value) / 4]
            case 0x54: accumulator &= instruction.value
            case 0x05: position += Int(instruction.value)
            case 0x06: return instruction.value
            default:
                guard let holds = instruction.holds(for: accumulator) else { return nil }
                position += Int(holds ? instruction.then : instruction.otherwise)
            }
            position += 1
        }
        return nil
    }
}
