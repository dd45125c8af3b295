import Core
import Foundation
import Glibc
import Linux
import Testing

@testable import Transfer

/// Servers on the sandbox's loopback that do not do what one expects of them.
@Suite struct TransferSandboxTests {
    /// It takes connections, says `answer` at once, and nothing more.
    private final class Server {
        let port: Int
        private let socket: Int32

        init(answer: String?) throws {
            let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            socket = listener
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
                }
            }
            try #require(bound && listen(listener, 5) == 0)
            port = Int(UInt16(bigEndian: address.sin_port))
            guard let answer else { return }
            Thread.detachNewThread {
                let client = accept(listener, nil, nil)
                _ = answer.withCString { write(client, $0, strlen($0)) }
                sleep(60)
            }
        }

        deinit { close(socket) }
    }

    private func request(_ server: Server) -> TransferRequest {
        var request = TransferRequest(.get, ResourceURL(.http, host: "127.0.0.1", port: server.port, target: "/"))
        request.limits.stall = 1
        request.limits.connect = 2
        return request
    }

    private func kind(_ request: TransferRequest) throws -> TransferError.Kind? {
        let connection = try Connection()
        do throws(TransferError) {
            _ = try connection.transfer(request)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test(arguments: [nil, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"])
    func silenceHasAnEnd(_ answer: String?) throws {
        let begin = Date()
        let server = try Server(answer: answer)
        let found = try withExtendedLifetime(server) { try kind(request(server)) }
        guard case .timedOut? = found else {
            Issue.record("it does not end by time: \(String(describing: found))")
            return
        }
        #expect(Date().timeIntervalSince(begin) < 10)
    }

    @Test func aBodyHasALimit() throws {
        let server = try Server(answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789")
        var request = request(server)
        request.limits.answer = 9
        guard case .refused? = try kind(request) else {
            Issue.record("it is not refused")
            return
        }
    }

    @Test func someAddressesAreNotConnectedTo() throws {
        let server = try Server(answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        var request = request(server)
        request.refusedAddresses = .loopback
        guard case .addressRefused? = try kind(request) else {
            Issue.record("it is connected to")
            return
        }
        // By another way to this host.
        request.url = ResourceURL(.http, host: "0.0.0.0", port: server.port, target: "/")
        guard case .addressRefused? = try kind(request) else {
            Issue.record("0.0.0.0 is connected to")
            return
        }
        for (address, kinds) in [
            ("::", RefusedAddresses.loopback), ("::ffff:127.0.0.1", .loopback), ("192.0.2.1", []),
            ("169.254.1.1", .linkLocal), ("::ffff:169.254.169.254", .linkLocal), ("febf::1", .linkLocal),
            ("fec0::1", []),
        ] {
            #expect(RefusedAddresses.kinds(of: address) == kinds, "\(address)")
        }
        request.refusedAddresses = .linkLocal
        guard try kind(request) == nil else {
            Issue.record("it is not connected to")
            return
        }
    }

    @Test func whatIsNotWantedAnyMoreEnds() throws {
        let server = try Server(answer: nil)
        var request = request(server)
        request.limits.stall = 60
        let cancellation = Cancellation()
        request.cancellation = cancellation
        Thread.detachNewThread {
            usleep(300_000)
            cancellation.cancel()
        }
        let begin = Date()
        guard case .stopped? = try kind(request) else {
            Issue.record("it was not stopped")
            return
        }
        #expect(Date().timeIntervalSince(begin) < 10)
    }
}
