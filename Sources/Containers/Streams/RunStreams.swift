import Core
import Glibc
import Linux

/// A container's standard streams: its own ends, and ours. None of the caller's open files is among them, and no pipe of the
/// caller's either: what a program may read from a pipe, it may open for writing by /proc/self/fd.
package final class RunStreams {
    /// Becomes 0, 1 and 2 of the program.
    package private(set) var inside = StandardStreams.null
    private var insideEnds: DescriptorSet?
    /// What the program writes; absent with a terminal.
    private var output: Descriptor?
    private var error: Descriptor?
    /// What the program reads, when we copy it.
    private var input: Descriptor?
    /// The program's end of `input`, when what the program leaves is left to the caller.
    private var inputMeter: Descriptor?

    /// - Parameters:
    ///   - terminal: the child makes its streams itself.
    ///   - input: whether there is anything to be read.
    ///   - caller: nil when there is none that stays.
    ///   - owner: the program's user, who may open them anew as /dev/stdout.
    package init(terminal: Bool, input wantsInput: Bool, caller: CallerStreams?, owner: UInt32) throws(OperationError) {
        let ends = DescriptorSet()
        insideEnds = ends
        if terminal { return }
        var outputPipe = try Descriptor.pipe()
        var errorPipe = try Descriptor.pipe()
        inside.output = outputPipe.writeNumber
        inside.error = errorPipe.writeNumber
        if let end = outputPipe.takeWrite() { ends.insert(end) }
        if let end = errorPipe.takeWrite() { ends.insert(end) }
        output = outputPipe.takeRead()
        error = errorPipe.takeRead()
        if wantsInput { try setInput(caller, ends) }
        if owner == 0 { return }
        for pipe in [inside.output, inside.error] + (inside.input >= 0 ? [inside.input] : []) {
            fchown(pipe, owner, gid_t.max)
        }
    }

    /// Our ends of the streams of a program that runs.
    package init(output: consuming Descriptor?, error: consuming Descriptor?, input: consuming Descriptor?) {
        self.output = output
        self.error = error
        self.input = input
    }

    /// For a program that nobody listens to.
    private init() {}
    package static func nowhere() -> RunStreams { RunStreams() }

    /// - Throws: when standard input is a directory, which cannot be read.
    package static func checkInput(of caller: CallerStreams, isWanted: Bool) throws(OperationError) {
        guard isWanted, Files.kind(of: caller.input) == S_IFDIR else { return }
        throw OperationError(
            "read standard input", reason: "it is a directory",
            remedy: "redirect it from a file or pipe, or leave out -i")
    }

    private func setInput(_ caller: CallerStreams?, _ ends: DescriptorSet) throws(OperationError) {
        var pipe = try Descriptor.pipe()
        inside.input = pipe.readNumber
        if let end = pipe.takeRead() {
            if let caller, InputSource.canLeaveRest(of: caller.input) { inputMeter = try end.duplicate() }
            ends.insert(end)
        }
        input = pipe.takeWrite()
    }

    /// The program has its copies: ours would keep its pipes open.
    package func closeInside() { insideEnds = nil }

    package func takeOutput() -> Descriptor? { output.take() }
    package func takeError() -> Descriptor? { error.take() }
    package func takeInput() -> Descriptor? { input.take() }
    package func takeInputMeter() -> Descriptor? { inputMeter.take() }
}
