import Linux

/// The open files that a program in a container gets its input from and sends its output to. They are the caller's: nobody
/// here closes them or changes them.
package struct CallerStreams: Equatable, Sendable {
    package var input: Int32
    package var output: Int32
    package var error: Int32

    package init(input: Int32, output: Int32, error: Int32) {
        self.input = input
        self.output = output
        self.error = error
    }

    /// Those that this program was started with.
    package static let standard = CallerStreams(input: 0, output: 1, error: 2)

    package func sink(of stream: LogStream) -> Int32 { stream == .stdout ? output : error }

    /// Of the terminal at which the caller sits, if any.
    package var terminalSize: TerminalSize? { Terminal.size(of: input) ?? Terminal.size(of: output) }
}
