/// The connections that are passed on at one time. When there is no room for one more, the one that has been idle for longest gives way:
/// whoever opens many and says nothing shuts out nobody who does speak.
struct PassedConnections {
    private(set) var all: [PassedConnection] = []
    /// How many there are at most.
    let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func add(_ connection: PassedConnection) {
        if all.count >= limit, let idlest = all.indices.min(by: { all[$0].lastMoved < all[$1].lastMoved }) {
            all.remove(at: idlest).breakOff()
        }
        all.append(connection)
    }

    mutating func removeEnded() { all.removeAll(where: \.hasEnded) }

    /// The container has ended. Its sockets that still wait for us go at once, and clients read what is on its way to them.
    mutating func endWithContainer() {
        for connection in all { connection.endWithContainer() }
        all = []
    }
}
