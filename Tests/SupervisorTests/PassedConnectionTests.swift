import Glibc
import Linux
import Testing

@testable import Supervisor

/// Connections that are passed on, over sockets that have no other end than this test's.
@Suite struct PassedConnectionTests {
    /// A client's own end, and the container's, of a connection that is passed on between them.
    private struct Ends {
        let client: Int32
        let container: Int32

        /// Bytes that have come; 0 is the end, -1 nothing.
        static func read(_ end: Int32) -> Int {
            var byte: UInt8 = 0
            return recv(end, &byte, 1, 0)
        }
    }

    private func pair() throws -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        let result = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
        try #require(result == 0)
        return (ends[0], ends[1])
    }

    private func add(to connections: inout PassedConnections) throws -> Ends {
        let (client, container) = (try pair(), try pair())
        connections.add(PassedConnection(Descriptor(owning: client.0), Descriptor(owning: container.0)))
        usleep(2000)
        return Ends(client: client.1, container: container.1)
    }

    /// Poll(2) says of a broken end that it is, whatever is asked: it is asked of what something is wanted of.
    @Test func anEndThatIsOverIsNotAskedForAgain() throws {
        let (client, container) = (try pair(), try pair())
        let connection = PassedConnection(Descriptor(owning: client.0), Descriptor(owning: container.0))
        connection.advance(0, Int16(POLLOUT))
        close(client.1)
        connection.advance(Int16(POLLIN | POLLHUP), 0)
        #expect(connection.requests.map(\.fd) == [-1, container.0] && !connection.hasEnded)
        var requests = connection.requests
        let ready = poll(&requests, 2, 20)
        #expect(ready == 0, "it waits")
        close(container.1)
    }

    @Test func theOneThatIsIdleForLongestGivesWay() throws {
        var connections = PassedConnections(limit: 2)
        let first = try add(to: &connections)
        let second = try add(to: &connections)
        let sent = send(first.client, "x", 1, 0)
        #expect(sent == 1)
        connections.all[0].advance(Int16(POLLIN), Int16(POLLOUT))
        let third = try add(to: &connections)
        #expect(connections.all.count == 2)
        #expect(Ends.read(second.client) == 0 && Ends.read(second.container) == 0, "it is broken off")
        #expect(Ends.read(first.container) == 1 && Ends.read(first.client) == -1, "it goes on")
        #expect(Ends.read(third.client) == -1 && Ends.read(third.container) == -1)
        connections.endWithContainer()
        #expect(connections.all.isEmpty)
        #expect(Ends.read(first.client) == 0 && Ends.read(third.container) == 0)
        for ends in [first, second, third] {
            close(ends.client)
            close(ends.container)
        }
    }
}
