import Core
import Foundation
import Glibc
import Linux
import Testing

@testable import Supervisor

/// A program as clients see it.
private final class NotedProgram: AttachableProgram {
    private(set) var signals: [Int32] = []
    private(set) var sizes: [TerminalSize] = []
    func pass(_ signal: Int32) { signals.append(signal) }
    func resize(_ size: TerminalSize) { sizes.append(size) }
}

/// A client with pipes of its own.
private final class AttachingClient {
    let client: Client
    private var output: Linux.Pipe
    private var error: Linux.Pipe
    private var input: Linux.Pipe

    init(_ place: AttachingPlace, more: String = "") throws {
        client = try place.place.client()
        output = try Descriptor.pipe()
        error = try Descriptor.pipe()
        input = try Descriptor.pipe()
        client.send(
            #"{"version":1,"verb":"attach","input":true\#(more)}"#,
            passing: [output.writeNumber, error.writeNumber, input.readNumber])
        output.closeWrite()
        error.closeWrite()
        input.closeRead()
        place.settle()
    }

    var outputText: String { Self.text(output.read) }
    var errorText: String { Self.text(error.read) }
    private static func text(_ end: borrowing Descriptor?) -> String {
        switch end {
        case .some(let end): String(decoding: readNow(end), as: UTF8.self)
        case .none: ""
        }
    }
    func type(_ text: String) { _ = write(input.writeNumber, Array(text.utf8), text.utf8.count) }
    func endInput() { input.closeWrite() }
    func stopReading() { output.closeRead() }
}

private final class AttachingPlace {
    let place: ServerPlace
    let audience = Audience()
    let program = NotedProgram()
    private var input: Linux.Pipe

    init() throws {
        place = try ServerPlace()
        input = try Descriptor.pipe()
        place.server.on("attach") { [audience] request, passed throws(OperationError) in
            try audience.attach(request, passed)
        }
        audience.begin(program, input: input.takeWrite())
    }

    func settle() { place.settle(audience) }

    func send(_ text: String, to stream: Bool = true) {
        Array(text.utf8).withUnsafeBytes { audience.send(stream ? .stdout : .stderr, $0) }
        settle()
    }

    var typed: String {
        switch input.read {
        case .some(let end): String(decoding: readNow(end), as: UTF8.self)
        case .none: ""
        }
    }
}

@Suite struct AudienceTests {
    @Test func everybodyGetsWhatComesFromThenOn() throws {
        let place = try AttachingPlace()
        place.send("before\n")
        let first = try AttachingClient(place)
        place.send("one\n")
        let second = try AttachingClient(place)
        place.send("two\n")
        place.send("wrong\n", to: false)
        #expect(first.outputText == "one\ntwo\n")
        #expect(second.outputText == "two\n")
        #expect(first.errorText == "wrong\n" && second.errorText == "wrong\n")
    }

    @Test func theProgramReadsAllOfThem() throws {
        let place = try AttachingPlace()
        let (first, second) = (try AttachingClient(place), try AttachingClient(place))
        first.type("a")
        place.settle()
        first.endInput()
        place.settle()
        // The end of one is not the end of all.
        second.type("b")
        place.settle()
        #expect(place.typed == "ab")
    }

    @Test func aClientThatFallsBehindHasToGoAndIsTold() throws {
        let place = try AttachingPlace()
        let (slow, good) = (try AttachingClient(place), try AttachingClient(place))
        #expect(slow.client.next()?["result"] != nil)
        let chunk = String(repeating: "x", count: 60_000)
        var got = ""
        var sent = ""
        while !place.audience.isFull, sent.utf8.count < 8 << 20 {
            place.send(chunk)
            sent += chunk
            got += good.outputText
        }
        #expect(place.audience.isFull, "the program has to wait a moment")
        #expect(sent.utf8.count > 1 << 20)
        let end = Date(timeIntervalSinceNow: 10)
        while place.audience.isFull, Date() < end { EventLoop([place.place.server, place.audience]).turn() }
        #expect(Date() < end)
        #expect(slow.client.next()?["event"] == "behind")
        #expect(slow.client.isLetGo)
        #expect(sent.hasPrefix(slow.outputText), "what it has got is whole")
        place.send("last")
        got += good.outputText
        #expect(got == sent + "last")
    }

    @Test func whatIsLeftIsDeliveredAfterTheEnd() throws {
        let place = try AttachingPlace()
        let client = try AttachingClient(place)
        let chunk = String(repeating: "y", count: 200_000)
        place.send(chunk)
        place.audience.endRound()
        place.audience.tell(7, patience: 2000)
        // Of another round it gets nothing.
        place.audience.begin(place.program, input: nil)
        place.send("another")
        var text = ""
        while !place.audience.isEmpty {
            text += client.outputText
            place.settle()
        }
        text += client.outputText
        #expect(text == chunk)
        #expect(client.client.next()?["result"] != nil)
        let event = client.client.next()
        #expect(event?["event"] == "ended" && event?["exitCode"] == 7)
        #expect(client.client.isLetGo)
    }

    @Test func whoeverReadsNothingAfterTheEndKeepsNobody() throws {
        let place = try AttachingPlace()
        let client = try AttachingClient(place)
        place.send(String(repeating: "z", count: 200_000))
        place.audience.endRound()
        place.audience.tell(0, patience: 50)
        let end = Date(timeIntervalSinceNow: 5)
        while !place.audience.isEmpty, Date() < end {
            EventLoop([place.place.server, place.audience]).turn(within: 1000)
        }
        #expect(place.audience.isEmpty)
        withExtendedLifetime(client) {}
    }

    @Test func aReaderThatGoesIsForgotten() throws {
        let place = try AttachingPlace()
        let client = try AttachingClient(place)
        client.stopReading()
        place.send("x")
        place.send("x")
        #expect(!place.audience.isFull)
        place.audience.endRound()
        place.audience.tell(0, patience: 1000)
        #expect(place.audience.isEmpty)
    }

    @Test func signalsAndSizesReachTheProgram() throws {
        let place = try AttachingPlace()
        let client = try AttachingClient(place, more: #","rows":30,"columns":90"#)
        client.client.send(#"{"version":1,"verb":"signal","signal":15}"#)
        client.client.send(#"{"version":1,"verb":"signal","signal":99}"#)
        client.client.send(#"{"version":1,"verb":"resize","rows":40,"columns":100}"#)
        client.client.send(#"{"version":1,"verb":"resize","rows":-1,"columns":100000}"#)
        place.settle()
        #expect(place.program.signals == [15])
        #expect(place.program.sizes.map(\.rows) == [31, 30, 40])
        #expect(place.program.sizes.map(\.columns) == [90, 90, 100])
    }

    @Test func onlyPipesAreTaken() throws {
        let place = try AttachingPlace()
        for path in ["/dev/null", "/proc/self/exe", "/"] {
            let file = try Descriptor.open(path, O_RDONLY)
            let client = try place.place.client()
            client.send(
                #"{"version":1,"verb":"attach","input":false}"#, passing: [file.number, file.number])
            place.settle()
            #expect(client.next()?["error"]?["kind"] == "invalid", "\(path)")
        }
        #expect(try place.place.answer(#"{"version":1,"verb":"attach","input":false}"#)?["error"] != nil)
    }

    @Test func betweenRoundsNobodyIsLetIn() throws {
        let place = try AttachingPlace()
        place.audience.endRound()
        let client = try AttachingClient(place)
        let text = client.client.next()?["error"]?["text"]
        #expect(text == "You cannot attach to a restarting container, wait until it is running")
    }
}
