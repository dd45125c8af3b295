import Core
import Foundation
import Glibc
import Linux
import Testing

@testable import Supervisor

/// A server at a socket of the test's own, and the clients that it has.
final class ServerPlace {
    let directory: String
    let path: String
    let server: ControlServer

    /// - Parameter prefix: of the directory's name.
    init(_ limits: ControlServer.Limits = .init(), prefix: String = "", mayConnect: Bool = true) throws {
        // As in a supervisor.
        signal(SIGPIPE, SIG_IGN)
        directory = NSTemporaryDirectory() + prefix + "control-" + UUID().uuidString
        path = "\(directory)/control"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        server = ControlServer(limits: limits) { _ in mayConnect }
        try server.listen(at: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func client() throws -> Client { Client(try LocalSocket.connect(to: path)) }

    /// Has the server do all that it can do now.
    func settle(_ others: any EventSource...) {
        let loop = EventLoop([server] + others)
        while loop.turn(within: 20) {}
    }

    /// - Returns: the answer to a packet.
    func answer(_ text: String) throws -> JSON? {
        let client = try client()
        client.send(text)
        settle()
        return client.next()
    }
}

final class Client {
    private let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    func send(_ text: String, passing descriptors: [Int32] = []) {
        #expect(LocalSocket.send(Array(text.utf8), passing: descriptors, to: descriptor.number) == 0)
    }

    /// The next packet; nil when there is none.
    func next() -> JSON? {
        guard case .packet(let bytes, _) = LocalSocket.receive(descriptor.number, limit: 1 << 16) else { return nil }
        return try? JSON(parsing: bytes)
    }

    /// Whether the server has let go of it.
    var isLetGo: Bool {
        if case .end = LocalSocket.receive(descriptor.number, limit: 1 << 16) { true } else { false }
    }
}

/// Notes what becomes of a session.
final class NotedSession: ControlSession {
    private(set) var notes: [String] = []
    private(set) var connection: ControlConnection?

    func begin(_ connection: ControlConnection) {
        notes.append("begin")
        self.connection = connection
    }
    func receive(_ request: ControlRequest) { notes.append(request.verb) }
    func end() { notes.append("end") }
}

/// A pipe's end that is read as far as there is something.
func readNow(_ descriptor: borrowing Descriptor) -> [UInt8] {
    descriptor.setNonBlocking()
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(descriptor.number, &part, part.count)
        guard count > 0 else { return all }
        all += part[..<count]
    }
}
