import Glibc
import Linux

/// What one peer and the container send each other by UDP. It ends when both have been silent for a while, as in connection
/// tracking (nf_conntrack_udp_timeout_stream).
final class PassedDatagrams {
    let peer: Datagrams.Peer
    /// The socket that the peer sends to, which is another's.
    let listener: Int32
    private let container: Descriptor
    private(set) var deadline = Deadline(seconds: patience)

    private static let patience: Int64 = 120

    init(of peer: Datagrams.Peer, at listener: Int32, _ container: consuming Descriptor) {
        self.peer = peer
        self.listener = listener
        self.container = container
    }

    var hasEnded: Bool { deadline.millisecondsLeft == 0 }
    var request: pollfd { pollfd(fd: container.number, events: Int16(POLLIN), revents: 0) }

    func send(_ bytes: [UInt8]) {
        deadline = Deadline(seconds: Self.patience)
        _ = UnblockedTransfer.send(bytes[...], to: container.number)
    }

    func advance(_ events: Int16) {
        if events == 0 { return }
        for _ in 0..<64 {
            switch UnblockedTransfer.read(container.number, limit: 65_535) {
            case .bytes(let bytes): reply(bytes)
            // An empty datagram, which is no end of anything.
            case .end: reply([])
            // Nobody listens there yet: the next one may find somebody.
            case .nothing, .failure: return
            }
        }
    }

    private func reply(_ bytes: [UInt8]) {
        deadline = Deadline(seconds: Self.patience)
        Datagrams.send(bytes, by: listener, to: peer)
    }
}
