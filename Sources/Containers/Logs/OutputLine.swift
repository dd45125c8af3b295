import Core

/// A line of a container's output on its way to whoever gets it beside the log.
struct OutputLine {
    /// Without its newline. Only to be used while the call that got it goes on.
    let text: UnsafeRawBufferPointer
    let stream: LogStream
    /// Another part of the same line follows.
    let isPart: Bool
    let time: Timestamp

    /// In syslog's numbers: informational, or an error.
    var priority: Int { stream == .stdout ? 6 : 3 }
}
