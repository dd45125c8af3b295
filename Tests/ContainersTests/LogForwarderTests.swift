import CLinux
import Core
import Foundation
import Glibc
import Testing

@testable import Containers
@testable import Linux

/// A socket that takes what is sent to it, in place of journald or a syslog server.
final class LogTestReceiver {
    let number: Int32

    /// - Parameter path: of a datagram socket that is to be there.
    init(path: String) throws {
        number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw OperationError("bind", path, errno: errno) }
    }

    /// Listens for TCP, or takes UDP, at 127.0.0.1.
    init(isStream: Bool) throws {
        number = try Socket.reserve(
            IPAddress(ipv4: 0x7f00_0001), port: 0, transport: isStream ? .tcp : .udp, device: ""
        ).get()
    }

    deinit { close(number) }

    var port: UInt16 { Socket.port(of: number) }

    /// Nil when nothing is there.
    func next() -> String? {
        var bytes = [UInt8](repeating: 0, count: 70_000)
        let count = recv(number, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

/// Real sockets: full ones, ones that go and come again, and messages that are too large for them.
@Suite struct LogForwarderTests {
    private let directory: LogTestDirectory
    private var path: String { directory.path + "/socket" }
    init() throws { directory = try LogTestDirectory() }

    private func forwarder(_ peer: MessagePeer, journald: Bool = false) throws -> LogForwarder {
        let definition = ContainerDefinition(
            id: .random(), name: try #require(Name("web")), created: .now(), image: "", imageID: nil, layers: [],
            arguments: ["true"], environment: [], workingDirectory: "/", user: "", hostname: "", networkMode: .none)
        let receiver: LogReceiver =
            journald ? .journald(try JournalSettings([:])) : .syslog(try SyslogSettings(["tag": "t"]))
        return try LogForwarder(LogForm(receiver, definition, host: "h"), to: [peer])
    }

    private func send(_ text: String, by forwarder: LogForwarder) {
        Array(text.utf8).withUnsafeBytes { forwarder.send($0, .stdout, isPart: false) }
    }

    /// What comes of an event loop's turn.
    private func turn(_ forwarder: LogForwarder) { EventLoop([forwarder]).turn(within: 20) }

    private func text(_ message: String?) -> Substring? { message?.split(separator: ": ", maxSplits: 1).last }

    @Test func whatAFullSocketDoesNotTakeComesLaterInOrder() throws {
        let receiver = try LogTestReceiver(path: path)
        let forwarder = try forwarder(.path(path, isStream: false))
        for number in 0..<3000 { send("\(number)\n", by: forwarder) }
        var seen: [Substring] = []
        while seen.count < 3000 {
            guard let message = receiver.next() else {
                turn(forwarder)
                guard let more = receiver.next() else { break }
                seen.append(text(more) ?? "")
                continue
            }
            seen.append(text(message) ?? "")
        }
        #expect(seen == (0..<3000).map { "\($0)" } && forwarder.droppedLines == 0)
    }

    @Test func nobodyReadsAndNothingWaits() throws {
        let receiver = try LogTestReceiver(path: path)
        let forwarder = try forwarder(.path(path, isStream: false))
        let long = String(repeating: "x", count: 10_000)
        let start = Date()
        for _ in 0..<2000 { send(long, by: forwarder) }
        #expect(Date().timeIntervalSince(start) < 2)
        #expect(forwarder.droppedLines > 1000)
        forwarder.finish()
        #expect(Date().timeIntervalSince(start) < 4)
        // With what was still in the backlog.
        var taken = 0
        while receiver.next() != nil { taken += 1 }
        #expect(forwarder.droppedLines + taken == 2000)
    }

    @Test func oneThatComesAgainGetsWhatWasMissed() throws {
        var receiver: LogTestReceiver? = try LogTestReceiver(path: path)
        let forwarder = try forwarder(.path(path, isStream: false))
        send("one", by: forwarder)
        #expect(text(receiver?.next()) == "one")
        receiver = nil
        unlink(path)
        send("two", by: forwarder)
        send("three", by: forwarder)
        receiver = try LogTestReceiver(path: path)
        let end = Date(timeIntervalSinceNow: 5)
        var seen: [Substring] = []
        while seen.count < 2, Date() < end {
            turn(forwarder)
            if let message = receiver?.next() { seen.append(text(message) ?? "") }
        }
        #expect(seen == ["two", "three"] && forwarder.droppedLines == 0)
    }

    @Test func nobodyThereIsAnError() throws {
        for isStream in [true, false] {
            let error = #expect(throws: OperationError.self) { try forwarder(.path(path, isStream: isStream)) }
            #expect(error?.errno == ENOENT)
        }
        let port = try LogTestReceiver(isStream: false).port
        let peer = MessagePeer.internet(IPAddress(ipv4: 0x7f00_0001), port: port, isStream: true)
        #expect(#expect(throws: OperationError.self) { try forwarder(peer) }?.errno == ECONNREFUSED)
    }

    /// Nobody listens at that port any more: that is known from the message before.
    @Test func udpGoesOnWithoutAnybody() throws {
        let peer: MessagePeer
        let (one, two): (LogForwarder, Substring?)
        do {
            let receiver = try LogTestReceiver(isStream: false)
            peer = .internet(IPAddress(ipv4: 0x7f00_0001), port: receiver.port, isStream: false)
            one = try forwarder(peer)
            send("hello", by: one)
            two = text(receiver.next())
        }
        #expect(two == "hello")
        for _ in 0..<100 { send("x", by: one) }
        one.finish()
        #expect(one.droppedLines == 0)
    }

    @Test func aStreamHasALineForEachMessage() throws {
        let receiver = try LogTestReceiver(isStream: true)
        let peer = MessagePeer.internet(IPAddress(ipv4: 0x7f00_0001), port: receiver.port, isStream: true)
        let forwarder = try forwarder(peer)
        let connection = accept(receiver.number, nil, nil)
        defer { close(connection) }
        let long = String(repeating: "y", count: 16_000)
        for number in 0..<500 { send("\(number) \(long)\n", by: forwarder) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 100_000)
        let end = Date(timeIntervalSinceNow: 10)
        while Date() < end {
            turn(forwarder)
            let count = recv(connection, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count <= 0, bytes.count > 0 { break }
            if count > 0 { bytes += chunk.prefix(count) }
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count + forwarder.droppedLines == 500 && lines.count > 60)
        #expect(lines.enumerated().allSatisfy { $1.hasSuffix("]: \($0) \(long)") })
    }
}

extension LogForwarderTests {
    @Test func journaldGetsWhatIsTooLargeInSealedMemory() throws {
        let receiver = try LogTestReceiver(path: path)
        let forwarder = try forwarder(.path(path, isStream: false), journald: true)
        let long = String(repeating: "z", count: 3_000_000)
        send(long, by: forwarder)
        var (numbers, count, byte) = ([Int32](repeating: -1, count: 16), 0, UInt8(0))
        #expect(clinux_receive_packet(receiver.number, &byte, 1, &numbers, &count) == 0 && count == 1)
        let memory = Descriptor(owning: numbers[0])
        #expect(write(memory.number, "x", 1) < 0 && errno == EPERM)
        var content = [UInt8](repeating: 0, count: 4_000_000)
        count = pread(memory.number, &content, content.count, 0)
        #expect(String(decoding: content.prefix(count), as: UTF8.self).hasPrefix("MESSAGE=\(long)\nPRIORITY=6\n"))
    }

    @Test func syslogGetsItsBeginning() throws {
        let receiver = try LogTestReceiver(path: path)
        let forwarder = try forwarder(.path(path, isStream: false))
        send(String(repeating: "z", count: 3_000_000), by: forwarder)
        let text = try #require(receiver.next())
        #expect(text.utf8.count > 1024 && text.hasPrefix("<30>") && text.hasSuffix("zzz"))
        #expect(forwarder.droppedLines == 0)
        send("next", by: forwarder)
        #expect(self.text(receiver.next()) == "next")
    }

    @Test func linesGoToLogAndReceiver() throws {
        let receiver = try LogTestReceiver(path: path)
        let forwarder = try forwarder(.path(path, isStream: false), journald: true)
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: nil), forwarder: forwarder)
        writer.write(.stdout, "a\nb" + String(repeating: "c", count: 20_000) + "\nd")
        writer.write(.stderr, "\u{0}\n")
        writer.finish()
        var messages: [String] = []
        while let message = receiver.next() { messages.append(message) }
        #expect(messages.count == 5)
        #expect(messages[0].hasPrefix("MESSAGE=a\nPRIORITY=6"))
        #expect(messages[1].contains("\nCONTAINER_PARTIAL_MESSAGE=true\n") && messages[1].hasPrefix("MESSAGE=bccc"))
        #expect(messages[2].hasPrefix("MESSAGE=ccc") && !messages[2].contains("PARTIAL"))
        #expect(messages[3].contains("PRIORITY=3") && messages[3].hasPrefix("MESSAGE\n\u{1}\0\0\0\0\0\0\0\0\n"))
        #expect(messages[4].hasPrefix("MESSAGE=d\n"))
        #expect(try readRecords(directory.log).count == 5)
    }
}
