import Core
import Foundation
import Glibc
import Linux
import Testing

@testable import Supervisor

@Suite struct ControlServerTests {
    private let echo = #"{"version":1,"verb":"echo","text":"hello"}"#

    private func place(
        _ limits: ControlServer.Limits = .init(), prefix: String = "", mayConnect: Bool = true
    ) throws -> ServerPlace {
        let place = try ServerPlace(limits, prefix: prefix, mayConnect: mayConnect)
        place.server.on("echo") { request, _ throws(OperationError) in
            .done(["text": .string(try request.value("text", \.string))])
        }
        return place
    }

    private func kind(of answer: JSON?) -> String? { answer?["error"]?["kind"]?.string }

    @Test func aVerbIsAnswered() throws {
        let place = try place()
        let client = try place.client()
        client.send(echo)
        place.settle()
        #expect(client.next()?["result"]?["text"] == "hello")
        #expect(client.isLetGo, "one request, one answer")
    }

    @Test func whatIsWrongIsAnsweredAndHarmsNobody() throws {
        let place = try place()
        #expect(kind(of: try place.answer("garbage")) == "invalid")
        #expect(kind(of: try place.answer(#"{"version":1,"verb":"echo"}"#)) == "invalid")
        #expect(kind(of: try place.answer(#"{"version":9,"verb":"echo"}"#)) == "newerVersion")
        #expect(kind(of: try place.answer(#"{"version":1,"verb":"fly"}"#)) == "unsupported")
        let long = #"{"version":1,"verb":"echo","text":"\#(String(repeating: "x", count: 70_000))"}"#
        #expect(kind(of: try place.answer(long)) == "invalid")
        #expect(try place.answer(echo)?["result"]?["text"] == "hello")
    }

    @Test func aClientThatSaysNothingHasToGo() throws {
        var limits = ControlServer.Limits()
        limits.patience = 60
        let place = try place(limits)
        let silent = try place.client()
        place.settle()
        #expect(!silent.isLetGo)
        let end = Date(timeIntervalSinceNow: 5)
        while !silent.isLetGo, Date() < end { EventLoop([place.server]).turn() }
        #expect(Date() < end)
        #expect(place.server.deadline == nil, "nobody is waited for any more")
    }

    @Test func whoeverSaysNothingGivesWayToOthers() throws {
        var limits = ControlServer.Limits()
        limits.silent = 3
        let place = try place(limits)
        let silent = try (0..<10).map { _ in try place.client() }
        place.settle()
        #expect(silent.map(\.isLetGo) == Array(repeating: true, count: 7) + Array(repeating: false, count: 3))
        #expect(try place.answer(echo)?["result"] != nil)
        // The others have their say yet.
        silent[9].send(echo)
        place.settle()
        #expect(silent[9].next()?["result"] != nil)
    }

    @Test func aStrangerIsNotHeard() throws {
        let place = try place(mayConnect: false)
        let client = try place.client()
        client.send(echo)
        place.settle()
        #expect(client.isLetGo, "without a word")
    }

    @Test func onlyTheOwnerMayConnect() throws {
        let place = try place()
        let attributes = try FileManager.default.attributesOfItem(atPath: place.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func aPathMayBeLong() throws {
        let place = try place(prefix: String(repeating: "x", count: 100))
        #expect(place.path.utf8.count > 107)
        #expect(try place.answer(echo)?["result"] != nil)
    }

    @Test func whatComesAlongIsHandedOnOrClosed() throws {
        let place = try place()
        var taken: Int32 = -1
        place.server.on("take") { _, passed throws(OperationError) in
            #expect(passed.count == 2)
            taken = passed.take()?.release() ?? -1
            return .done([:])
        }
        var first = try Descriptor.pipe()
        var second = try Descriptor.pipe()
        let client = try place.client()
        client.send(#"{"version":1,"verb":"take"}"#, passing: [first.writeNumber, second.writeNumber])
        first.closeWrite()
        second.closeWrite()
        place.settle()
        var request = [
            pollfd(fd: first.readNumber, events: Int16(POLLIN), revents: 0),
            pollfd(fd: second.readNumber, events: Int16(POLLIN), revents: 0),
        ]
        Polling.wait(for: &request, milliseconds: 1000)
        #expect(request.map { $0.revents & Int16(POLLHUP) != 0 } == [false, true])
        close(taken)
    }

    @Test func aSessionStaysUntilItsClientGoes() throws {
        var limits = ControlServer.Limits()
        limits.sessions = 1
        let place = try place(limits)
        let session = NotedSession()
        place.server.on("stay") { _, _ throws(OperationError) in .session(session) }
        var client: Client? = try place.client()
        client?.send(#"{"version":1,"verb":"stay"}"#)
        client?.send(#"{"version":1,"verb":"more"}"#)
        place.settle()
        #expect(client?.next()?["result"] != nil)
        #expect(session.notes == ["begin", "more"])
        #expect(kind(of: try place.answer(#"{"version":1,"verb":"stay"}"#)) == "exhausted")
        session.connection?.send(ControlEvent("news").packet)
        #expect(client?.next()?["event"] == "news")
        client = nil
        place.settle()
        #expect(session.notes == ["begin", "more", "end"])
        #expect(try place.answer(#"{"version":1,"verb":"echo","text":"x"}"#)?["result"] != nil)
    }

    /// A session that is told more than its client reads must not keep it all.
    @Test func aSessionThatIsNotReadEnds() throws {
        let place = try place()
        let session = NotedSession()
        place.server.on("stay") { _, _ throws(OperationError) in .session(session) }
        let client = try place.client()
        client.send(#"{"version":1,"verb":"stay"}"#)
        place.settle()
        let packet = ControlEvent("news", [("text", .string(String(repeating: "x", count: 10_000)))]).packet
        for _ in 0..<1000 { session.connection?.send(packet) }
        #expect(session.notes == ["begin", "end"])
    }

    @Test func manyAtOnceAreAllAnswered() throws {
        let place = try place()
        for _ in 0..<10 {
            let clients = try (0..<40).map { _ in try place.client() }
            for client in clients { client.send(echo) }
            place.settle()
            #expect(clients.allSatisfy { $0.next()?["result"] != nil })
        }
    }
}
