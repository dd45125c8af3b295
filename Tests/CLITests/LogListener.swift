import Foundation
import Glibc
import Synchronization

/// Takes messages in place of journald or a syslog server, for as long as it is there.
final class LogListener: Sendable {
    private let state = Mutex<[String]>([])
    private let isOver = Atomic(false)
    private let number: Int32
    private let path: String?

    /// - Parameter path: of a datagram socket that is made.
    init(path: String) {
        self.path = path
        number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        withUnsafePointer(to: &name) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, size) }
        }
        begin { [number] in number }
    }

    /// At 127.0.0.1; TCP takes one connection.
    init(port: UInt16, isStream: Bool) {
        path = nil
        number = socket(AF_INET, Int32((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue), 0)
        var one: Int32 = 1
        setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafePointer(to: &name) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, size) }
        }
        if isStream { listen(number, 5) }
        begin { [number] in isStream ? accept(number, nil, nil) : number }
    }

    private func begin(_ source: @escaping @Sendable () -> Int32) {
        let thread = Thread { [weak self] in
            let source = source()
            var bytes = [UInt8](repeating: 0, count: 100_000)
            while let self, !isOver.load(ordering: .acquiring) {
                var request = [pollfd(fd: source, events: Int16(POLLIN), revents: 0)]
                guard poll(&request, 1, 20) > 0 else { continue }
                let count = recv(source, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                guard count > 0 else { continue }
                let text = String(decoding: bytes.prefix(count), as: UTF8.self)
                state.withLock { $0.append(text) }
            }
        }
        thread.start()
    }

    /// What has come by now.
    var messages: [String] { state.withLock { $0 } }

    func close() {
        guard !isOver.exchange(true, ordering: .acquiringAndReleasing) else { return }
        shutdown(number, Int32(SHUT_RDWR))
        usleep(50_000)
        Glibc.close(number)
        if let path { unlink(path) }
    }
}
