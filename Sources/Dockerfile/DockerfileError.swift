import Core

/// What is wrong with a Dockerfile, and where; the sentences are BuildKit's where it has one.
package struct DockerfileError: Error, Equatable, CustomStringConvertible {
    package let message: String
    /// From 1; nil while nobody knows it, or when it concerns all of the file.
    package private(set) var lines: ClosedRange<Int>?

    package init(_ message: String, at lines: ClosedRange<Int>? = nil) {
        self.message = message
        self.lines = lines
    }

    /// The same there, unless it knows a place already.
    func at(_ lines: ClosedRange<Int>) -> DockerfileError { DockerfileError(message, at: self.lines ?? lines) }

    package var description: String { lines.map { "line \($0.lowerBound): \(message)" } ?? message }
}

/// Calls `body`, whose errors are about these lines.
func locating<Value>(
    _ lines: ClosedRange<Int>, _ body: () throws(DockerfileError) -> Value
) throws(DockerfileError) -> Value {
    do throws(DockerfileError) {
        return try body()
    } catch {
        throw error.at(lines)
    }
}
