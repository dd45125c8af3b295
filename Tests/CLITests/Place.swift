import Foundation
import Testing

/// What a client got.
enum Answer: Equatable, CustomStringConvertible {
    /// The server's words.
    case said(String)
    case refused
    /// Nothing at all until the time was over.
    case silence
    /// A connection that was taken up and then gave nothing.
    case nothing
    case failed(Int32)

    var description: String {
        switch self {
        case .said(let text): "said \(text)"
        case .refused: "refused"
        case .silence: "silence"
        case .nothing: "connected, but no answer"
        case .failed(let number): String(cString: strerror(number))
        }
    }
}

enum Transport: String, CaseIterable {
    case tcp, udp
    fileprivate var type: Int32 { Int32((self == .tcp ? SOCK_STREAM : SOCK_DGRAM).rawValue) | 0o2000000 }
}

/// setns(2), which the Swift module of the C library leaves out.
private let setNamespace: (@convention(c) (Int32, Int32) -> Int32)? = dlsym(nil, "setns").map {
    unsafeBitCast($0, to: (@convention(c) (Int32, Int32) -> Int32).self)
}

/// A network namespace as somewhere to serve and to ask from: sockets stay in the one that they were opened in.
struct Place {
    /// Nil is this host.
    let namespace: String?

    static let host = Place(namespace: nil)
    static func process(_ pid: Int) -> Place { Place(namespace: "/proc/\(pid)/ns/net") }

    /// Runs a command in there.
    @discardableResult
    func run(_ command: [String], sourceLocation: SourceLocation = #_sourceLocation) -> Outcome {
        Host.run((namespace.map { ["nsenter", "--net=\($0)"] } ?? []) + command, sourceLocation: sourceLocation)
    }

    /// On a thread of its own, which ends with it: no other one may end up in the namespace.
    fileprivate func socket(_ type: Int32) -> Int32 {
        guard let namespace else { return Glibc.socket(AF_INET, type, 0) }
        let result = Slot(Int32(-1))
        let done = DispatchSemaphore(value: 0)
        Thread {
            let file = open(namespace, O_RDONLY | O_CLOEXEC)
            if file >= 0, setNamespace?(file, 0x4000_0000) == 0 { result.value = Glibc.socket(AF_INET, type, 0) }
            if file >= 0 { close(file) }
            done.signal()
        }.start()
        done.wait()
        return result.value
    }

    /// Connects, and reads what the server has to say.
    /// - Parameters:
    ///   - source: the address to ask from.
    ///   - seconds: the time until it counts as silence.
    func ask(
        _ transport: Transport, _ address: String, _ port: UInt16, from source: String? = nil, seconds: Double = 3
    ) -> Answer {
        let client = socket(transport.type | 0o4000)
        guard client >= 0 else { return .failed(errno) }
        defer { close(client) }
        if let source, bind(client, source, 0) != 0 { return .failed(errno) }
        if connect(client, address, port) != 0, errno != EINPROGRESS { return Answer(errno) }
        let end = Date(timeIntervalSinceNow: seconds)
        if transport == .tcp {
            guard wait(client, POLLOUT, until: end) else { return .silence }
            var failure: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(client, SOL_SOCKET, SO_ERROR, &failure, &size)
            guard failure == 0 else { return Answer(failure) }
            return read(client, until: end) ?? .nothing
        }
        repeat {
            if send(client, "?", 1, 0) < 0, errno == ECONNREFUSED { return .refused }
            if let answer = read(client, until: min(end, Date(timeIntervalSinceNow: 0.1))) { return answer }
        } while Date() < end
        return .silence
    }

    private func read(_ client: Int32, until end: Date) -> Answer? {
        guard wait(client, POLLIN, until: end) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(client, &bytes, bytes.count, 0)
        if count < 0 { return Answer(errno) }
        return count == 0 ? .nothing : .said(String(decoding: bytes[..<count], as: UTF8.self))
    }

    private func wait(_ client: Int32, _ events: Int32, until end: Date) -> Bool {
        var request = pollfd(fd: client, events: Int16(events), revents: 0)
        return poll(&request, 1, Int32(max(0, end.timeIntervalSinceNow * 1000))) > 0
    }
}

extension Answer {
    fileprivate init(_ number: Int32) { self = number == ECONNREFUSED ? .refused : .failed(number) }
}

private final class Slot<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
}

private func withAddress(_ text: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32
{
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    guard inet_pton(AF_INET, text, &name.sin_addr) == 1 else {
        errno = EINVAL
        return -1
    }
    return withUnsafePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

private func bind(_ socket: Int32, _ address: String, _ port: UInt16) -> Int32 {
    withAddress(address, port) { Glibc.bind(socket, $0, $1) }
}

private func connect(_ socket: Int32, _ address: String, _ port: UInt16) -> Int32 {
    withAddress(address, port) { Glibc.connect(socket, $0, $1) }
}

/// A server that tells each client its own name and the address that it sees the client come from.
final class Server: @unchecked Sendable {
    private let name: String
    private let transport: Transport
    private let socket: Int32
    private let ended = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var isEnding = false
    private var seen: [String] = []

    /// Who came, in order.
    var clients: [String] { lock.withLock { seen } }

    private init?(_ place: Place, _ transport: Transport, _ address: String, _ port: UInt16, _ name: String) {
        self.name = name
        self.transport = transport
        socket = place.socket(transport.type)
        var one: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        guard socket >= 0, bind(socket, address, port) == 0, transport == .udp || listen(socket, 16) == 0 else {
            let number = errno
            if socket >= 0 { close(socket) }
            errno = number
            return nil
        }
    }

    /// Why one cannot serve there; nil when one can.
    static func failure(_ place: Place, _ transport: Transport, _ port: UInt16, address: String = "0.0.0.0") -> Int32? {
        guard let server = Server(place, transport, address, port, "") else { return errno }
        close(server.socket)
        return nil
    }

    /// Serves as long as `body` runs.
    static func with<Result>(
        _ place: Place, _ transport: Transport, _ port: UInt16, address: String = "0.0.0.0", name: String,
        sourceLocation: SourceLocation = #_sourceLocation, _ body: (Server) throws -> Result
    ) throws -> Result {
        let server = try #require(
            Server(place, transport, address, port, name), "cannot serve: \(String(cString: strerror(errno)))",
            sourceLocation: sourceLocation)
        Thread { server.serve() }.start()
        defer { server.end() }
        return try body(server)
    }

    private func serve() {
        while !lock.withLock({ isEnding }) {
            var request = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, 20) > 0 else { continue }
            answerOne()
        }
        close(socket)
        ended.signal()
    }

    private func answerOne() {
        var client = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var question: UInt8 = 0
        let connection = withUnsafeMutablePointer(to: &client) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                transport == .tcp
                    ? accept(socket, $0, &size) : Int32(recvfrom(socket, &question, 1, 0, $0, &size))
            }
        }
        guard connection >= 0 else { return }
        var text = [CChar](repeating: 0, count: 16)
        inet_ntop(AF_INET, &client.sin_addr, &text, 16)
        let peer = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        lock.withLock { seen.append(peer) }
        let words = Array("\(name) to \(peer)".utf8)
        if transport == .tcp {
            send(connection, words, words.count, Int32(MSG_NOSIGNAL))
            close(connection)
        } else {
            _ = withUnsafePointer(to: &client) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(socket, words, words.count, 0, $0, size)
                }
            }
        }
    }

    /// Its socket would keep the container's network namespace.
    private func end() {
        lock.withLock { isEnding = true }
        ended.wait()
    }
}
