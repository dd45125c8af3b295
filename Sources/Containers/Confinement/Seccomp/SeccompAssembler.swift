/// Writes a filter from its end to its beginning: jumps go forward only, so that every target is there
/// before the jump to it.
struct SeccompAssembler {
    private typealias Outcome = SeccompCompactor.Outcome
    typealias Span = SeccompCompactor.Span

    /// Last one first. A position is an index here.
    private var reversed: [SeccompInstruction] = []
    /// Where the instructions of the long filter went that were copied.
    private var copied: [Int: Int] = [:]
    /// The last place where an action is taken.
    private var finishes: [UInt32: Int] = [:]

    /// Tests jump over 255 instructions at most; this leaves room for what comes between.
    private static let reach = 240

    var program: [SeccompInstruction] { reversed.reversed() }

    // MARK: - Parts

    /// Copies what can be reached from `starts`.
    mutating func copy(_ program: [SeccompInstruction], from starts: [Int]) {
        for position in Self.reachable(in: program, from: starts).sorted(by: >) {
            var instruction = program[position]
            if instruction.code == SeccompInstruction.Code.skip {
                instruction.value = UInt32(distance(to: copied[position + 1 + Int(instruction.value)] ?? 0))
            } else if instruction.test != nil {
                // Never more than it was: instructions between are left out, not added.
                instruction.then = UInt8(distance(to: copied[position + 1 + Int(instruction.then)] ?? 0))
                instruction.otherwise = UInt8(distance(to: copied[position + 1 + Int(instruction.otherwise)] ?? 0))
            }
            copied[position] = append(instruction)
        }
    }

    /// The rest: for each architecture a tree over its spans, for others `elsewhere`.
    mutating func dispatch(_ blocks: [(token: UInt32, spans: [Span])], elsewhere: UInt32) {
        let entries = blocks.map { block in
            let top = tree(block.spans[...])
            if distance(to: top) > 0 { append(.skip(distance(to: top))) }
            return (token: block.token, position: append(.load(SeccompInstruction.Offset.number)))
        }
        append(.finish(elsewhere))
        for entry in entries.reversed() {
            append(.skip(distance(to: entry.position)))
            append(.jump(.equal, entry.token, otherwise: 1))
        }
        append(.load(SeccompInstruction.Offset.architecture))
    }

    private static func reachable(in program: [SeccompInstruction], from starts: [Int]) -> Set<Int> {
        var found: Set<Int> = []
        var pending = starts
        while let position = pending.popLast() {
            guard found.insert(position).inserted else { continue }
            let instruction = program[position]
            switch instruction.code {
            case SeccompInstruction.Code.finish: break
            case SeccompInstruction.Code.skip: pending.append(position + 1 + Int(instruction.value))
            default:
                pending.append(position + 1 + Int(instruction.then))
                pending.append(position + 1 + Int(instruction.otherwise))
            }
        }
        return found
    }

    // MARK: - Trees

    private mutating func tree(_ spans: ArraySlice<Span>) -> Int {
        let first = spans.startIndex
        guard spans.count > 1 else { return position(of: spans[first].outcome) }
        if spans.count == 3, spans[first].outcome == spans[first + 2].outcome,
            spans[first + 1].first + 1 == spans[first + 2].first
        {
            let common = position(of: spans[first].outcome)
            return test(.equal, spans[first + 1].first, then: position(of: spans[first + 1].outcome), otherwise: common)
        }
        let middle = Self.middle(of: spans)
        let upper = tree(spans[middle...])
        let lower = tree(spans[..<middle])
        return test(.greaterOrEqual, spans[middle].first, then: upper, otherwise: lower)
    }

    /// The kernel tries every number that exists, so wide spans belong near the top: halves the numbers.
    private static func middle(of spans: ArraySlice<Span>) -> Int {
        func weight(_ index: Int) -> Int {
            let end = index + 1 < spans.endIndex ? spans[index + 1].first : spans[index].first
            return min(max(Int(end) - Int(spans[index].first), 1), 64)
        }
        let half = spans.indices.reduce(0) { $0 + weight($1) } / 2
        var sum = weight(spans.startIndex)
        var middle = spans.startIndex + 1
        while middle < spans.endIndex - 1, sum + weight(middle) / 2 < half {
            sum += weight(middle)
            middle += 1
        }
        return middle
    }

    private mutating func position(of outcome: Outcome) -> Int {
        switch outcome {
        case .examine(let start): return near(copied[start] ?? 0)
        case .finish(let action):
            if let position = finishes[action], distance(to: position) < Self.reach { return position }
            let position = append(.finish(action))
            finishes[action] = position
            return position
        }
    }

    // MARK: - Instructions

    private mutating func test(
        _ test: SeccompInstruction.Test, _ value: UInt32, then: Int, otherwise: Int
    ) -> Int {
        let then = near(then)
        let otherwise = near(otherwise)
        return append(
            .jump(test, value, then: UInt8(distance(to: then)), otherwise: UInt8(distance(to: otherwise))))
    }

    /// `position`, or that of a jump to it when it is too far for a test.
    private mutating func near(_ position: Int) -> Int {
        let distance = distance(to: position)
        return distance < Self.reach ? position : append(.skip(distance))
    }

    /// From the instruction to be written next.
    private func distance(to position: Int) -> Int { reversed.count - position - 1 }

    @discardableResult
    private mutating func append(_ instruction: SeccompInstruction) -> Int {
        reversed.append(instruction)
        return reversed.count - 1
    }
}
