import CNetlink
import Core
import Glibc
import Linux

/// A conversation with one part of the kernel about one network namespace: the one in which the socket was opened,
/// whichever the caller is in later.
struct NetlinkSocket: ~Copyable {
    private let socket: OpaquePointer
    private let port: UInt32
    /// One of NETLINK_*.
    private let kind: Int32
    /// Each close of a netfilter socket waits for what nftables has still to take apart, whoever has deleted that.
    private let closesLater: Bool
    // Not from 1: an adopted socket may still hold answers to somebody else's first requests.
    private var sequence = UInt32.random(in: 1...UInt32.max)

    /// Opens one in the calling thread's network namespace.
    ///
    /// - Parameter protocol: one of NETLINK_*.
    init(protocol number: Int32) throws(OperationError) {
        var socket: OpaquePointer?
        let result = cnetlink_open(number, &socket)
        guard let socket, result == 0 else { throw OperationError("open netlink socket", errno: -result) }
        self.socket = socket
        port = cnetlink_port(socket)
        kind = number
        closesLater = number == NETLINK_NETFILTER
    }

    /// Uses an rtnetlink socket that a process in another network namespace opened and passed on, bound or not.
    ///
    /// - Throws: EPROTONOSUPPORT when it is a socket of another kind, ENOTSOCK when it is none. It is closed then.
    init(adopting descriptor: consuming Descriptor) throws(OperationError) {
        var socket: OpaquePointer?
        let result = cnetlink_adopt(descriptor.release(), &socket)
        guard let socket, result == 0 else { throw OperationError("use netlink socket", errno: -result) }
        self.socket = socket
        port = cnetlink_port(socket)
        kind = NETLINK_ROUTE
        closesLater = false
    }

    deinit { closesLater ? cnetlink_close_later(socket) : cnetlink_close(socket) }

    var number: Int32 { cnetlink_descriptor(socket) }

    mutating func renewRequests() { sequence = UInt32.random(in: 1...UInt32.max) }

    /// Sends all requests at once and waits for the verdict on each.
    ///
    /// - Returns: for each request the messages that the kernel answered with.
    /// - Parameter missing: errnos that mean that there is no such thing, which is an answer with nothing in it.
    /// - Throws: the first refusal, once all verdicts are there.
    @discardableResult
    mutating func perform(
        _ batch: consuming RequestBatch, missing: Set<Int32> = []
    ) throws(OperationError) -> [[Message]] {
        let labels = batch.labels
        if batch.isChange { try FaultPoint.pass(labels[0].operation, labels[0].subject) }
        let exchange = try exchange(&batch)
        try exchange.check(labels, missing: missing)
        return exchange.replies
    }

    /// Performs the batch for who wants to know which of its requests was refused first.
    mutating func refusal(
        of batch: consuming RequestBatch
    ) throws(OperationError) -> (request: Int, error: OperationError)? {
        let labels = batch.labels
        if batch.isChange { try FaultPoint.pass(labels[0].operation, labels[0].subject) }
        let exchange = try exchange(&batch)
        if let failure = exchange.failure, failure.index < labels.count {
            return (failure.index, OperationError(labels[failure.index], failure.verdict))
        }
        try exchange.check(labels)
        return nil
    }

    /// Performs one dump, and again for as long as the kernel says that things changed meanwhile.
    ///
    /// - Parameter build: puts the request into an empty batch.
    mutating func dump(_ build: (inout RequestBatch) -> Void) throws(OperationError) -> [Message] {
        var labels: [RequestBatch.Label] = []
        let exchange = try Exchange.settled { () throws(OperationError) in
            var batch = RequestBatch(capacity: 128)
            build(&batch)
            labels = batch.labels
            return try self.exchange(&batch)
        }
        guard let exchange else {
            throw OperationError(labels.first?.operation ?? "list", reason: "they keep changing")
        }
        try exchange.check(labels)
        return exchange.replies.first ?? []
    }

    private mutating func exchange(_ batch: inout RequestBatch) throws(OperationError) -> Exchange {
        try batch.check()
        let count = batch.labels.count
        var exchange = Exchange(first: sequence, count: count, port: port, unanswered: batch.unanswered)
        batch.addSequence(sequence)
        sequence &+= UInt32(count)
        let socket = socket
        KernelTrace.write(MessageText.lines(batch.bytes, protocol: kind, sign: ">"))
        let result = batch.withBytes { $0.isEmpty ? 0 : cnetlink_send(socket, $0.baseAddress, $0.count) }
        guard result == 0 else { throw OperationError("send netlink request", errno: -result) }
        try collect(&exchange)
        return exchange
    }

    /// The kernel has answered by now. Answers that found no room in the socket's buffer are lost, but those before them are there, and
    /// with them the first refusal. All of them are taken: what follows would be lost, too, as long as one is left.
    private func collect(_ exchange: inout Exchange) throws(OperationError) {
        var isLosing = false
        while isLosing ? hasMore : !exchange.isComplete {
            do throws(OperationError) {
                try exchange.accept(receive())
            } catch {
                guard error.errno == ENOBUFS else { throw error }
                isLosing = true
            }
        }
    }

    private var hasMore: Bool {
        var requests = [pollfd(fd: number, events: Int16(POLLIN), revents: 0)]
        return !Polling.wait(for: &requests, milliseconds: 0)
    }

    /// The next datagram. 32 KiB is the most that the kernel puts into one of a dump (netlink(7)).
    private func receive() throws(OperationError) -> [UInt8] {
        var result = 0
        let datagram = [UInt8](unsafeUninitializedCapacity: 32 << 10) { buffer, count in
            result = cnetlink_receive(socket, buffer.baseAddress, buffer.count)
            count = max(0, result)
        }
        guard result >= 0 else {
            let failure = Int32(-result)
            throw OperationError("receive netlink reply", errno: failure == EAGAIN ? ETIMEDOUT : failure)
        }
        KernelTrace.write(MessageText.lines(datagram, protocol: kind, sign: "<"))
        return datagram
    }
}
