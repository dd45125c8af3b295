import Glibc
import Linux

/// A connection of TCP whose two halves are passed on, each until its own end: a client and the container do not know of each other.
final class PassedConnection {
    private let client: Descriptor
    private let container: Descriptor
    private var there = Stream()
    private var back = Stream()
    private var isConnected = false
    private(set) var hasEnded = false
    /// When one of its ends had something to do: milliseconds of the monotonic clock.
    private(set) var lastMoved = Deadline.millisecondsNow

    /// - Parameter container: it may not be connected yet.
    init(_ client: consuming Descriptor, _ container: consuming Descriptor) {
        self.client = client
        self.container = container
    }

    /// Of the client, and of the container.
    var requests: [pollfd] {
        let ofContainer = isConnected ? back.wantsToRead | there.wantsToWrite : POLLOUT
        let ofClient = isConnected ? there.wantsToRead | back.wantsToWrite : 0
        // Of an end that nothing is wanted of poll(2) would say without end that it is broken.
        return [
            pollfd(fd: isConnected && ofClient == 0 ? -1 : client.number, events: Int16(ofClient), revents: 0),
            pollfd(fd: ofContainer == 0 ? -1 : container.number, events: Int16(ofContainer), revents: 0),
        ]
    }

    func advance(_ ofClient: Int16, _ ofContainer: Int16) {
        if ofClient == 0, ofContainer == 0 { return }
        lastMoved = Deadline.millisecondsNow
        if !isConnected {
            guard ofContainer != 0 else { return hasEnded = Int32(ofClient) & (POLLERR | POLLHUP) != 0 }
            // Of one that nobody takes an error comes, and the client is told the same.
            guard MessageSocket.isConnected(container.number) else { return refuse() }
            isConnected = true
        }
        let goesOn =
            there.advance(from: client.number, to: container.number)
            && back.advance(from: container.number, to: client.number)
        if !goesOn || (there.isOver && back.isOver) { hasEnded = true }
    }

    private func refuse() {
        Socket.makeReset(client.number)
        hasEnded = true
    }

    /// Both ends are told that it is broken, once nobody has this value any more.
    func breakOff() {
        Socket.makeReset(container.number)
        refuse()
    }

    /// What the container has said is passed on to the end, and nothing waits for the container.
    func endWithContainer() { Socket.makeReset(container.number) }
}

/// One half of a connection.
private struct Stream {
    /// Read, and not written yet.
    private var pending: ArraySlice<UInt8> = []
    private var hasEnded = false
    /// Its end has been passed on.
    private(set) var isOver = false

    /// Bytes at a time.
    private static let limit = 1 << 16

    var wantsToRead: Int32 { pending.isEmpty && !hasEnded ? POLLIN : 0 }
    var wantsToWrite: Int32 { pending.isEmpty ? 0 : POLLOUT }

    /// Passes on what there is.
    /// - Returns: false when the connection is of no use any more.
    mutating func advance(from source: Int32, to sink: Int32) -> Bool {
        // Not for ever: others wait, too, and the container's output.
        for _ in 0..<16 where !isOver {
            if pending.isEmpty, !hasEnded {
                switch UnblockedTransfer.read(source, limit: Self.limit) {
                case .bytes(let bytes): pending = bytes[...]
                case .nothing: return true
                case .end: hasEnded = true
                case .failure: return false
                }
            }
            if pending.isEmpty {
                shutdown(sink, Int32(SHUT_WR))
                isOver = true
                return true
            }
            guard let sent = UnblockedTransfer.send(pending, to: sink) else { return false }
            pending = pending.dropFirst(sent)
            if !pending.isEmpty { return true }
        }
        return true
    }
}
