import Core
import Glibc
import Linux

/// Paths, as flags give them.
package enum PathValue {
    /// A path of the host's: one that does not begin with `/` is taken from `directory`.
    package static func host(
        _ path: String, relativeTo directory: () -> String? = { Files.workingDirectory }
    ) throws(OperationError) -> String {
        if path.hasPrefix("/") { return path }
        guard let directory = directory() else { throw OperationError("find the current directory", errno: errno) }
        return normalized("\(directory)/\(path)")
    }

    /// Without empty parts, `.` and `..`, as a shell's `cd` does it: by the names alone.
    package static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            switch part {
            case ".": break
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// A path in the container.
    package static func absolute(_ text: String) throws(OperationError) -> String {
        guard text.hasPrefix("/") else {
            throw OperationError("the working directory '\(text)' is invalid, it needs to be an absolute path")
        }
        return text
    }
}
