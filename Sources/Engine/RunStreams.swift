import Containers
import Core
import Glibc
import Linux

/// A container's standard streams: its own ends, and ours.
final class RunStreams {
    /// Becomes 0, 1 and 2 of the program.
    private(set) var inside: StandardStreams
    private var insideEnds: DescriptorSet?
    /// What the program writes; absent with a terminal.
    private(set) var output: Descriptor?
    private(set) var error: Descriptor?
    /// What the program reads, when we copy it.
    private(set) var input: Descriptor?

    /// - Parameters:
    ///   - terminal: the child makes its streams itself.
    ///   - input: whether the program reads the caller's standard input.
    ///   - isDetached: then nobody ever writes into the program's input.
    ///   - owner: the program's user, who may open them anew as /dev/stdout.
    init(terminal: Bool, input wantsInput: Bool, isDetached: Bool, owner: UInt32) throws(OperationError) {
        let ends = DescriptorSet()
        insideEnds = ends
        inside = StandardStreams(input: -1, output: -1, error: -1)
        if terminal { return }
        var outputPipe = try Descriptor.pipe()
        var errorPipe = try Descriptor.pipe()
        inside.output = outputPipe.writeNumber
        inside.error = errorPipe.writeNumber
        if let end = outputPipe.takeWrite() { ends.insert(end) }
        if let end = errorPipe.takeWrite() { ends.insert(end) }
        output = outputPipe.takeRead()
        error = errorPipe.takeRead()
        try setInput(wantsInput, isDetached, ends)
        if owner == 0 { return }
        for pipe in [inside.output, inside.error] + (input.number >= 0 ? [inside.input] : []) {
            fchown(pipe, owner, gid_t.max)
        }
    }

    private func setInput(_ wanted: Bool, _ isDetached: Bool, _ ends: DescriptorSet) throws(OperationError) {
        if wanted, isDetached || Terminal.isTerminal(0) {
            var pipe = try Descriptor.pipe()
            inside.input = pipe.readNumber
            if let end = pipe.takeRead() { ends.insert(end) }
            input = pipe.takeWrite()
        } else if wanted {
            // A file or pipe is the program's own: it reads as much as it wants and no more.
            inside.input = 0
        } else {
            let null = try Descriptor.open("/dev/null", O_RDONLY)
            inside.input = null.number
            ends.insert(null)
        }
    }

    /// For a program that nobody listens to.
    static func nowhere() throws(OperationError) -> RunStreams {
        let ends = DescriptorSet()
        let null = ends.insert(try Descriptor.open("/dev/null", O_RDWR))
        return RunStreams(inside: StandardStreams(input: null, output: null, error: null), ends)
    }

    private init(inside: StandardStreams, _ ends: DescriptorSet) {
        self.inside = inside
        insideEnds = ends
    }

    /// The program has its copies: ours would keep its pipes open.
    func closeInside() { insideEnds = nil }

    func takeOutput() -> Descriptor? { output.take() }
    func takeError() -> Descriptor? { error.take() }
    func takeInput() -> Descriptor? { input.take() }
}
