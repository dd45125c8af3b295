import Core
import Foundation
import Glibc
import Linux
import Testing

/// What comes to one socket from several others, and goes back.
@Suite struct DatagramTests {
    /// A socket that sends to a port of this host's and hears what comes back at once: all is on loopback.
    private final class Client {
        private let socket: Descriptor

        init(to port: UInt16) throws {
            socket = try MessageSocket.connect(to: .internet(.loopbackIPv4, port: port, isStream: false))
                .intoDescriptor()
        }

        func send(_ bytes: [UInt8]) { #expect(UnblockedTransfer.send(bytes[...], to: socket.number) == bytes.count) }

        /// All that has come.
        func received() -> [[UInt8]] {
            var all: [[UInt8]] = []
            while let bytes = UnblockedTransfer.receive(socket.number, limit: 65_535), !bytes.isEmpty {
                all.append(bytes)
            }
            return all
        }
    }

    @Test func whatComesSoonIsAwaited() throws {
        let port = try ServedPort(.loopbackIPv4, port: 0, isTCP: false)
        let early = port.expectsMore(within: 20)
        #expect(!early)
        try Client(to: port.port).send([1])
        let (soon, now) = (port.expectsMore(within: 20), port.expectsMore(within: 0))
        #expect(soon && now)
        #expect(port.receive(limit: 10).map(\.bytes) == [[1]])
        let late = port.expectsMore(within: 0)
        #expect(!late)
    }

    @Test func asManyAsHaveComeAreReadAtOnce() throws {
        let port = try ServedPort(.loopbackIPv4, port: 0, isTCP: false)
        let clients = [try Client(to: port.port), try Client(to: port.port)]
        #expect(port.receive(limit: 10).isEmpty)
        for number in 0..<20 { clients[number % 2].send([UInt8(number)]) }
        let first = port.receive(limit: 10)
        #expect(first.map(\.bytes) == (0..<16).map { [UInt8($0)] })
        #expect(Set(first.map(\.peer)).count == 2 && first[0].peer == first[2].peer && first[0].peer != first[1].peer)
        #expect(first[0].peer.address == .loopbackIPv4)
        #expect(port.receive(limit: 10).map(\.bytes) == (16..<20).map { [UInt8($0)] })
        #expect(port.receive(limit: 10).isEmpty)
    }

    @Test func eachHasRoomOfItsOwn() throws {
        let port = try ServedPort(.loopbackIPv4, port: 0, isTCP: false)
        let client = try Client(to: port.port)
        for length in [4, 9, 5] { client.send([UInt8](repeating: UInt8(length), count: length)) }
        #expect(port.receive(limit: 5).map(\.bytes) == [[4, 4, 4, 4], [9, 9, 9, 9, 9], [5, 5, 5, 5, 5]])
    }

    @Test func eachGetsItsOwnAnswers() throws {
        let port = try ServedPort(.loopbackIPv4, port: 0, isTCP: false)
        let clients = [try Client(to: port.port), try Client(to: port.port)]
        for client in clients { client.send([0]) }
        let peers = port.receive(limit: 10).map(\.peer)
        try #require(peers.count == 2)
        var answers = UnsentDatagrams()
        for number in 1...40 {
            answers.add([UInt8](repeating: UInt8(number), count: number), to: peers[number % 2])
            // The kernel takes none of this length.
            if number % 10 == 5 { answers.add([UInt8](repeating: 1, count: 65_535), to: peers[0]) }
        }
        port.send(&answers)
        // They have gone.
        port.send(&answers)
        for (index, client) in clients.enumerated() {
            let own = (1...40).filter { $0 % 2 == index }
            #expect(client.received() == own.map { [UInt8](repeating: UInt8($0), count: $0) })
        }
    }

    @Test func answersDoNotWaitWithoutEnd() throws {
        let port = try ServedPort(.loopbackIPv4, port: 0, isTCP: false)
        try Client(to: port.port).send([0])
        let peer = try #require(port.receive(limit: 10).first?.peer)
        for (length, most) in [(1, 16), (1600, 11)] {
            var answers = UnsentDatagrams()
            var count = 0
            while !answers.isFull, count < 100 {
                answers.add([UInt8](repeating: 0, count: length), to: peer)
                count += 1
            }
            #expect(count == most)
            port.send(&answers)
            #expect(!answers.isFull)
        }
    }
}
