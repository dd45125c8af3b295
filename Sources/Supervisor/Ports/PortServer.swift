import Core
import Glibc
import Lifecycle
import Linux

/// Passes on what comes to published ports that the kernel does not send on: connections and datagrams, in both directions.
final class PortServer: EventSource {
    private let run: ContainerRun
    private var ports: [ListenedPort] = []
    private var connections: [PassedConnection] = []
    private var conversations: [PassedDatagrams] = []

    /// Each takes two descriptors. More connections wait; of datagrams the oldest conversation gives way.
    private static let mostConnections = min(512, Descriptor.limit / 8)
    private static let mostConversations = 64

    init(_ run: ContainerRun) { self.run = run }

    /// Nothing of it is open any more when this returns.
    func close() {
        connections = []
        conversations = []
    }

    // MARK: Part of an event loop

    func watch(_ requests: inout [pollfd]) {
        ports = run.listenedPorts
        if ports.isEmpty, connections.isEmpty, conversations.isEmpty { return }
        let isFull = connections.count >= Self.mostConnections
        for port in ports {
            let isWaiting = port.transport == .tcp && isFull
            requests.append(pollfd(fd: port.socket, events: isWaiting ? 0 : Int16(POLLIN), revents: 0))
        }
        for connection in connections { requests += connection.requests }
        for conversation in conversations { requests.append(conversation.request) }
    }

    var deadline: Deadline? {
        conversations.map(\.deadline).min { $0.millisecondsLeft < $1.millisecondsLeft }
    }

    func advance(_ events: ArraySlice<pollfd>) {
        var events = events
        let come = ports.filter { _ in (events.popFirst()?.revents ?? 0) != 0 }
        for connection in connections {
            connection.advance(events.popFirst()?.revents ?? 0, events.popFirst()?.revents ?? 0)
        }
        for conversation in conversations { conversation.advance(events.popFirst()?.revents ?? 0) }
        connections.removeAll(where: \.hasEnded)
        conversations.removeAll(where: \.hasEnded)
        for port in come { port.transport == .tcp ? accept(at: port) : receive(at: port) }
    }

    // MARK: What comes

    private func accept(at port: ListenedPort) {
        while connections.count < Self.mostConnections, let client = Socket.accept(port.socket) {
            let ends = Socket.ends(of: client.number)
            let isRefused = ends.peer.map { run.refuses($0, at: ends.own) } ?? true
            let peer = port.address.map { MessagePeer.internet($0, port: port.port, isStream: true) }
            guard !isRefused, let peer, let container = try? MessageSocket.connect(to: peer) else {
                Socket.makeReset(client.number)
                continue
            }
            connections.append(PassedConnection(client, container.intoDescriptor()))
        }
    }

    /// Not for ever: the container's output is waited for, too.
    private func receive(at port: ListenedPort) {
        for _ in 0..<64 {
            guard let (bytes, peer) = Datagrams.receive(port.socket, limit: 65_535) else { return }
            conversation(of: peer, at: port)?.send(bytes)
        }
    }

    private func conversation(of peer: Datagrams.Peer, at port: ListenedPort) -> PassedDatagrams? {
        guard let address = port.address else { return nil }
        if let known = conversations.first(where: { $0.peer == peer && $0.listener == port.socket }) { return known }
        // Once for each conversation.
        guard let client = peer.address, !run.refuses(client, at: nil) else { return nil }
        let container = MessagePeer.internet(address, port: port.port, isStream: false)
        guard let socket = try? MessageSocket.connect(to: container) else { return nil }
        if conversations.count >= Self.mostConversations { conversations.removeFirst() }
        let conversation = PassedDatagrams(of: peer, at: port.socket, socket.intoDescriptor())
        conversations.append(conversation)
        return conversation
    }
}
