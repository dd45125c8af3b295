import Foundation
import Testing

extension CLI {
    /// The socket at which a supervisor takes requests: whoever may connect can do no harm there.
    @Suite struct ControlSocket {
        init() { #expect(Host.hasDefaultImage) }

        private func path(_ id: String) -> String { "/run/mydocker/containers/\(id)/control" }

        /// A connection; -1 when there is none to be had now.
        private func connect(_ id: String, waiting: Bool = true) -> Int32 {
            let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let number = socket(AF_UNIX, kind | (waiting ? 0 : Int32(SOCK_NONBLOCK.rawValue)), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path(id).utf8) }
            let result = withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { return number }
            close(number)
            return -1
        }

        /// - Returns: what is answered; nil when the connection is closed without a word.
        private func ask(_ id: String, _ bytes: [UInt8]) -> String? {
            let connection = connect(id)
            defer { close(connection) }
            guard connection >= 0, send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0 else {
                return nil
            }
            var limit = timeval(tv_sec: 10, tv_usec: 0)
            setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var answer = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(connection, &answer, answer.count, 0)
            return count > 0 ? String(decoding: answer[..<count], as: UTF8.self) : nil
        }

        private func expectAlive(_ name: String, _ id: String, sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(inspect("{{.State.Running}}", name) == "true", sourceLocation: sourceLocation)
            let answer = ask(id, Array(#"{"version":1,"verb":"nothing"}"#.utf8))
            #expect(answer?.contains("unsupported") == true, "\(answer ?? "nothing")", sourceLocation: sourceLocation)
        }

        @Test func itIsTheOwnersAloneAndGoesWithTheContainer() throws {
            try Ledger.expectUnchanged {
                try withContainer("ctlown", "sleep", "1000") { id in
                    var status = stat()
                    #expect(lstat(path(id), &status) == 0)
                    #expect(status.st_mode & S_IFMT == S_IFSOCK)
                    #expect(status.st_mode & 0o777 == 0o600)
                    // Nor is it anybody's by inheritance.
                    let node = Host.shell("awk '$8 == \"\(path(id))\" {print $7}' /proc/net/unix").word
                    #expect(!node.isEmpty)
                    let pid = inspect("{{.State.Pid}}", "ctlown")
                    let inside = Host.shell("ls -l /proc/\(pid)/fd | grep -c socket").word
                    #expect(inside == "0")
                    let stranger = Host.shell("setpriv --reuid 65534 --clear-groups test -w \(path(id))")
                    #expect(stranger.code == 1)
                    succeed("stop", "-t", "0", "ctlown")
                    #expect(lstat(path(id), &status) != 0)
                }
            }
        }

        @Test func garbageIsAnsweredAndHarmsNobody() throws {
            try Ledger.expectUnchanged {
                try withContainer("ctlgarbage", "sleep", "1000") { id in
                    let garbage: [[UInt8]] = [
                        Array("GET / HTTP/1.1\r\n\r\n".utf8), [0], [0xff, 0xfe], Array(#"{"version":1,"verb":"#.utf8),
                        Array("{}".utf8), Array(#"{"version":1,"verb":"attach"}"#.utf8),
                        Array(#"{"version":1,"verb":"attach","input":true}"#.utf8),
                        Array(repeating: UInt8(ascii: "["), count: 60_000),
                        Array(repeating: UInt8(ascii: "x"), count: 100_000),
                    ]
                    for bytes in garbage {
                        let answer = ask(id, bytes)
                        #expect(answer?.contains(#""kind":"invalid""#) == true, "\(answer ?? "nothing")")
                    }
                    let newer = ask(id, Array(#"{"version":2,"verb":"attach"}"#.utf8))
                    #expect(newer?.contains("newerVersion") == true)
                    expectAlive("ctlgarbage", id)
                }
            }
        }

        /// They say nothing, or go at once; others are served meanwhile, and afterwards nothing is open any more.
        @Test func aThousandConnectionsHoldNothingUp() throws {
            try Ledger.expectUnchanged {
                try withContainer("ctlflood", "-i", "sh", "-c", "while read x; do echo got $x; done") { id in
                    let supervisor = String(try Host.supervisor(of: "ctlflood"))
                    func open() -> Int {
                        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(supervisor)/fd").count) ?? -1
                    }
                    let before = open()
                    var held: [Int32] = []
                    for _ in 0..<1000 {
                        var connection = connect(id, waiting: false)
                        while connection < 0 {
                            usleep(200)
                            connection = connect(id, waiting: false)
                        }
                        held.append(connection)
                    }
                    #expect(open() < before + 40, "only so many are let in")
                    // Somebody who has something to say is heard at once.
                    let start = Date()
                    expectAlive("ctlflood", id)
                    let client = try Background([Host.mydocker, "attach", "ctlflood"], hasInput: true)
                    client.write("word\n")
                    client.expect("got word")
                    #expect(Date().timeIntervalSince(start) < 4)
                    for connection in held { close(connection) }
                    for _ in 0..<1000 { close(connect(id)) }
                    kill(client.pid, SIGKILL)
                    _ = client.end()
                    Host.eventually("as many descriptors as before") { open() == before }
                    expectAlive("ctlflood", id)
                }
            }
        }

        /// Nobody waits for the one who is held still.
        @Test func aStoppedSupervisorIsWokenUp() throws {
            try withContainer("ctlstop", "-i", "sh", "-c", "while read x; do echo got $x; done") { _ in
                let supervisor = Int32(try Host.supervisor(of: "ctlstop"))
                kill(supervisor, SIGSTOP)
                let client = try Background([Host.mydocker, "attach", "ctlstop"], hasInput: true)
                client.write("word\n")
                client.expect("got word")
                kill(client.pid, SIGKILL)
                _ = client.end()
            }
        }

        /// One that was made by a mydocker without such a socket.
        @Test func anOlderSupervisorIsNamed() throws {
            try withContainer("ctlold", "sleep", "1000") { id in
                #expect(unlink(path(id)) == 0)
                let outcome = mydocker("attach", "ctlold")
                #expect(outcome.code == 1)
                #expect(outcome.error.contains("older mydocker"))
                #expect(outcome.error.contains("stop the container, then start it"))
                #expect(inspect("{{.State.Running}}", "ctlold") == "true")
            }
        }
    }
}
