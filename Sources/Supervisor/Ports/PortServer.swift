import Core
import Glibc
import Lifecycle
import Linux

/// Passes on what comes to published ports that the kernel does not send on: connections and datagrams, in both directions.
final class PortServer: EventSource {
    private let run: ContainerRun
    private var ports: [ListenedPort] = []
    private var connections = PassedConnections(limit: min(512, Descriptor.limit / 8))
    private var conversations: [PassedDatagrams] = []

    /// Each takes one descriptor, and a connection two. The oldest conversation gives way.
    private static let mostConversations = 64
    /// Of connections, too, that come to one port in one turn: the container's output is waited for.
    private static let mostAtOnce = 64
    /// It is on record that sockets may keep the namespace.
    private var isNoted = false

    init(_ run: ContainerRun) { self.run = run }

    /// Nothing of it is open any more when this returns.
    func close() {
        connections.endWithContainer()
        conversations = []
        _ = run.loopbackPorts.follow([])
    }

    // MARK: Part of an event loop

    func watch(_ requests: inout [pollfd]) {
        // Before anything is opened: new sockets may get the numbers of those that are closed.
        if !conversations.isEmpty {
            let open = Set(run.listenedPorts.map(\.socket))
            conversations.removeAll { !open.contains($0.listener) }
        }
        let former = run.loopbackPorts.held.map(\.socket)
        if run.loopbackPorts.follow(run.portsAtLoopback) { conversations.removeAll { former.contains($0.listener) } }
        ports = run.listenedPorts
        for port in ports { requests.append(pollfd(fd: port.socket, events: Int16(POLLIN), revents: 0)) }
        for connection in connections.all { requests += connection.requests }
        for conversation in conversations { requests.append(conversation.request) }
    }

    var deadline: Deadline? { conversations.lazy.map(\.deadline).min() }

    func advance(_ events: ArraySlice<pollfd>) {
        var events = events
        let come = ports.filter { _ in (events.popFirst()?.revents ?? 0) != 0 }
        for connection in connections.all {
            connection.advance(events.popFirst()?.revents ?? 0, events.popFirst()?.revents ?? 0)
        }
        for conversation in conversations { conversation.advance(events.popFirst()?.revents ?? 0) }
        connections.removeEnded()
        conversations.removeAll(where: \.hasEnded)
        for port in come { port.transport == .tcp ? accept(at: port) : receive(at: port) }
    }

    // MARK: What comes

    private func accept(at port: ListenedPort) {
        for _ in 0..<Self.mostAtOnce {
            guard let client = Socket.accept(port.socket) else { return }
            let ends = Socket.ends(of: client.number)
            let isRefused = ends.peer.map { run.refuses($0, at: ends.own) } ?? true
            let peer = port.address.map { MessagePeer.internet($0, port: port.port, isStream: true) }
            guard !isRefused, let peer, let container = try? MessageSocket.connect(to: peer) else {
                Socket.makeReset(client.number)
                continue
            }
            if !isNoted { isNoted = run.noteKeptNamespace() }
            for end in [client.number, container.descriptor.number] { Socket.sendAtOnce(end) }
            connections.add(PassedConnection(client, container.intoDescriptor()))
        }
    }

    private func receive(at port: ListenedPort) {
        for _ in 0..<Self.mostAtOnce {
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
