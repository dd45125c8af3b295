import CNetlink
import Core
import Glibc

/// The answers to one batch while they come in: which request has got its verdict, and what came before it.
struct Exchange {
    private let first: UInt32
    private let port: UInt32
    private var verdicts: [Verdict?]
    private var missing: Int
    private let unanswered: Set<Int>
    /// For each request what was sent back besides the verdict.
    private(set) var replies: [[Message]]
    /// Something changed while the kernel listed it: the list may lack entries or have some twice.
    private(set) var isInterrupted = false

    /// - Parameters:
    ///   - first: sequence number of the first request.
    ///   - port: port number of the socket.
    ///   - unanswered: places of requests that get no verdict.
    init(first: UInt32, count: Int, port: UInt32, unanswered: Set<Int> = []) {
        self.first = first
        self.port = port
        verdicts = (0..<count).map { unanswered.contains($0) ? Verdict(errno: 0, text: nil) : nil }
        missing = count - unanswered.count
        self.unanswered = unanswered
        replies = Array(repeating: [], count: count)
    }

    /// Whether every request has its verdict.
    var isComplete: Bool { missing <= 0 }

    /// Takes what belongs to this exchange. Answers to an earlier one that was given up, notifications
    /// and messages for another socket are dropped.
    mutating func accept(_ datagram: [UInt8]) throws(OperationError) {
        for message in try Message.all(in: datagram) {
            let index = Int(message.header.sequence &- first)
            guard message.header.port == port, index < verdicts.count else { continue }
            if unanswered.contains(index), try refuseAll(message, index) { continue }
            guard verdicts[index] == nil else { continue }
            if Int32(message.header.flags) & NLM_F_DUMP_INTR != 0 { isInterrupted = true }
            switch Int32(message.header.type) {
            case NLMSG_ERROR, NLMSG_DONE:
                verdicts[index] = try message.verdict()
                missing -= 1
            case NLMSG_MIN_TYPE...:
                replies[index].append(message)
            default: break
            }
        }
    }

    /// Of what gets no answer of its own nothing is said, unless it is refused, and all with it.
    private mutating func refuseAll(_ message: Message, _ index: Int) throws(OperationError) -> Bool {
        guard Int32(message.header.type) == NLMSG_ERROR else { return false }
        verdicts[index] = try message.verdict()
        missing = 0
        return true
    }

    /// Asks again for as long as the answer is a list that changed meanwhile; nil after many times.
    static func settled(
        attempts: Int = 32, _ ask: () throws(OperationError) -> Exchange
    ) throws(OperationError) -> Exchange? {
        for _ in 0..<attempts {
            let exchange = try ask()
            if !exchange.isInterrupted || exchange.failure != nil { return exchange }
        }
        return nil
    }

    /// Place and verdict of the first request that the kernel refused.
    var failure: (index: Int, verdict: Verdict)? { failure(missing: []) }

    private func failure(missing: Set<Int32>) -> (index: Int, verdict: Verdict)? {
        for (index, verdict) in verdicts.enumerated() {
            if let verdict, verdict.errno != 0, !missing.contains(verdict.errno) { return (index, verdict) }
        }
        return nil
    }

    /// - Parameters:
    ///   - labels: of the requests, in their order.
    ///   - missing: errnos that are no refusal.
    func check(_ labels: [RequestBatch.Label], missing: Set<Int32> = []) throws(OperationError) {
        if let failure = failure(missing: missing), failure.index < labels.count {
            throw OperationError(labels[failure.index], failure.verdict)
        }
        // Whether all was done is not known.
        guard isComplete else { throw OperationError("receive netlink reply", errno: ENOBUFS) }
    }
}

extension OperationError {
    /// Keeps the errno, which callers ask for; the kernel's own words go on the line below.
    init(_ label: RequestBatch.Label, _ verdict: Verdict) {
        self.init(
            label.operation, label.subject, errno: verdict.errno, remedy: verdict.text.map { "the kernel says: \($0)" })
    }
}
