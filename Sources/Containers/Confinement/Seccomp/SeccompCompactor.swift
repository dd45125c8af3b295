/// Makes a filter shorter that decides the same.
///
/// The kernel translates a filter and runs it for every call number when it is set, before the container's
/// first program. libseccomp compares with every number it was given: 1300 instructions, 400 µs of each
/// start. Most calls that neighbour each other are treated alike, so a tree over spans of numbers does it
/// with a quarter of that. What looks at arguments is kept as libseccomp wrote it.
struct SeccompCompactor {
    private let program: [SeccompInstruction]
    /// AUDIT_ARCH_*
    private let architectures: [UInt32]

    init(program: [SeccompInstruction], architectures: [String]) {
        self.program = program
        self.architectures = architectures.compactMap { SeccompPrologue.audit[$0] }
    }

    /// The shorter filter, or the same one when it has something that we do not understand.
    func shorter() -> [SeccompInstruction] {
        guard case .finish(let elsewhere)? = spans(of: 0).map(\.outcome).only else { return program }
        var blocks: [(token: UInt32, spans: [Span])] = []
        for token in architectures {
            let spans = spans(of: token)
            guard !spans.isEmpty else { return program }
            blocks.append((token, spans))
        }
        var assembler = SeccompAssembler()
        assembler.copy(program, from: blocks.flatMap { $0.spans.compactMap(\.outcome.start) })
        assembler.dispatch(blocks, elsewhere: elsewhere)
        let result = assembler.program
        return result.count < program.count ? result : program
    }

    /// How an architecture's numbers are treated, every number once, neighbours of one kind together.
    /// Empty when that cannot be told.
    private func spans(of architecture: UInt32) -> [Span] {
        var spans: [Span] = []
        for number in boundaries {
            guard let outcome = outcome(architecture, number) else { return [] }
            if spans.last?.outcome != outcome { spans.append(Span(first: number, outcome: outcome)) }
        }
        return spans
    }

    /// Between two of these the filter cannot tell numbers apart, because it compares with no other ones.
    private var boundaries: [UInt32] {
        let compared = program.filter { $0.test != nil }.map(\.value)
        return Set([0] + compared + compared.filter { $0 < .max }.map { $0 + 1 }).sorted()
    }

    /// Runs the filter until it decides or looks at an argument.
    private func outcome(_ architecture: UInt32, _ number: UInt32) -> Outcome? {
        var position = 0
        var accumulator: UInt32 = 0
        while position < program.count {
            let instruction = program[position]
            switch instruction.code {
            case SeccompInstruction.Code.finish: return .finish(instruction.value)
            case SeccompInstruction.Code.skip: position += Int(instruction.value)
            case SeccompInstruction.Code.load:
                switch instruction.value {
                case SeccompInstruction.Offset.number: accumulator = number
                case SeccompInstruction.Offset.architecture: accumulator = architecture
                default: return .examine(position)
                }
            default:
                // A test of bits would need boundaries of another kind.
                guard instruction.test != .anyBit, let holds = instruction.holds(for: accumulator) else { return nil }
                position += Int(holds ? instruction.then : instruction.otherwise)
            }
            position += 1
        }
        return nil
    }
}

extension SeccompCompactor {
    enum Outcome: Equatable {
        case finish(UInt32)
        /// To be decided by the arguments; the instruction of the long filter that begins with it.
        case examine(Int)

        var start: Int? { if case .examine(let start) = self { start } else { nil } }
    }

    /// The numbers from `first` to the next span's.
    struct Span {
        var first: UInt32
        var outcome: Outcome
    }
}

extension Collection {
    fileprivate var only: Element? { count == 1 ? first : nil }
}
