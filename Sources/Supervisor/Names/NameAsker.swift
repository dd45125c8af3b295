import Core
import Linux

/// Who has put a question: by a datagram, or over a connection, which may be gone before there is an answer.
struct NameAsker {
    let peer: Datagrams.Peer?
    private(set) weak var conversation: NameConversation?

    init(_ peer: Datagrams.Peer) { self.peer = peer }

    init(_ conversation: NameConversation) {
        peer = nil
        self.conversation = conversation
    }

    var isStream: Bool { peer == nil }
}
