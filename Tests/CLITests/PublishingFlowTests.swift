import Foundation
import Testing

extension CLI.Publishing {
    /// Sends from one port, every 10 ms, and prints each answer that is not the one before: one flow, which never
    /// comes to rest.
    private static func sender(_ port: UInt16, seconds: Int) -> [String] {
        let script = """
            import socket, time
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            client.bind(("", 40000))
            client.settimeout(0.01)
            before, end = None, time.monotonic() + \(seconds)
            while time.monotonic() < end:
                client.sendto(b"?", ("\(Outside.hostAddress)", \(port)))
                try:
                    answer = client.recv(100)
                    if answer != before: print(answer.decode(), flush=True)
                    before = answer
                except OSError: pass
            """
        return ["/usr/bin/env", "python3", "-c", script]
    }

    /// R20.1: a flow that was there before the container, and one to a container that is gone.
    @Test func R20_udpFlowsFollowThePort() throws {
        try Outside.with { outside in
            let network = try TestNetwork("cpflow", "10.201.96.1/24")
            defer { network.remove() }
            let namespace = try #require(outside.place.namespace)
            let sender = try Background(["/usr/bin/nsenter", "--net=\(namespace)"] + Self.sender(20196, seconds: 4))
            // It has sent to a port that nobody has.
            usleep(200_000)
            for (name, inner) in [("first", "90"), ("second", "90"), ("third", "91")] {
                let box = try Box("cpflow-\(name)", on: "cpflow", ["-p", "20196:\(inner)/udp"])
                try Server.with(box.place, .udp, UInt16(inner) ?? 0, name: name) { _ in
                    sender.expect("\(name) to \(Outside.address)")
                }
                box.remove()
            }
            #expect(sender.end() == 0, "\(sender.errorText)")
        }
    }
}
