import Foundation
import Testing

/// What firewalld is asked. (The real one, and what it then lets pass: `scripts/beside firewalld`.)
extension CLI {
    @Suite struct BesideFirewalld {
        /// A bus that says what was asked; and the chain that firewalld has from when it starts.
        private static var scene: String {
            let server = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../Servers/firewalld_bus.py").standardizedFileURL.path
            return """
                exec 2>&1; m=$MYDOCKER; socket=/run/dbus/system_bus_socket
                python3 \(server) $socket /run/log &
                nft 'table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; }; }'
                for try in {1..100}; do [ -S $socket ] && break; sleep 0.05; done
                changed() { grep -E '^(add|remove)Interface' /run/log; local found=$?; : >/run/log; return $found; }

                """
        }

        private func beside(_ script: String) -> Outcome { Host.elsewhere(Self.scene + script) }

        @Test func bridgesAreInTheZoneThatLetsThemPass() {
            let outcome = beside(
                """
                nft 'add rule inet firewalld filter_FORWARD drop'
                $m network create --dry-run fd0 2>&1 | grep firewall; nft flush chain inet firewalld filter_FORWARD
                $m network create fd0 >/dev/null; $m network create --internal fd1 >/dev/null; changed
                $m run --rm --net fd0 true; changed || echo once
                $m network explain fd0 | grep firewall
                $m system check && echo clean
                $m network rm fd0 fd1 >/dev/null; changed
                """)
            #expect(
                outcome.lines == [
                    "firewall-cmd --zone=trusted --add-interface=fd0", "addInterface trusted fd0",
                    "addInterface trusted fd1", "once", "firewall-cmd --zone=trusted --add-interface=fd0", "clean",
                    "removeInterface trusted fd0", "removeInterface trusted fd1",
                ], "\(outcome.text)")
        }

        @Test func whatFirewalldForgotIsAskedAnew() {
            let outcome = beside(
                """
                $m network create fd0 >/dev/null
                busy=$(jobs -p); kill -9 $busy; wait $busy 2>/dev/null; rm $socket; : >/run/log
                \(Self.scene.split(separator: "\n").first { $0.hasPrefix("python3") } ?? "")
                until [ -S $socket ]; do sleep 0.05; done
                $m system check; echo $?
                $m run --rm --net fd0 true; changed
                $m system check && echo clean
                touch $socket.refuses; $m network create fd1 >/dev/null; echo $?; rm $socket.refuses
                $m network doctor fd1 | tail -n 1
                $m network reload >/dev/null; changed | tail -n 1
                nft delete table inet firewalld; $m network rm fd0 fd1 >/dev/null; echo $?; changed || echo unasked
                """)
            #expect(
                outcome.lines == [
                    "rule firewalld zone trusted fd0: missing; network \"fd0\" needs it", "3",
                    "addInterface trusted fd0", "clean", "0",
                    "fd1       rule      firewalld zone trusted fd1: missing; network \"fd1\" needs it; "
                        + "mydocker network doctor --repair",
                    "addInterface trusted fd1", "0", "unasked",
                ], "\(outcome.text)")
        }

        /// A zone that somebody has chosen is the one; who does not answer is not waited for without end.
        @Test func nothingOfItsOwnIsChanged() {
            let outcome = beside(
                """
                python3 - <<'END'
                import socket, struct
                def text(value): return struct.pack("<I", len(value)) + value.encode() + b"\\0"
                def field(code, kind, value): return bytes([code, 1]) + kind.encode() + b"\\0" + value
                pad = lambda data, to: data + b"\\0" * (-len(data) % to)
                bus = socket.socket(socket.AF_UNIX); bus.connect("/run/dbus/system_bus_socket")
                bus.sendall(b"\\0AUTH EXTERNAL 30\\r\\n"); bus.recv(100); bus.sendall(b"BEGIN\\r\\n")
                body = pad(text("public"), 4) + text("fd0")
                fields = b""
                for part in (field(1, "o", text("/org/fedoraproject/FirewallD1")), field(3, "s", text("addInterface")),
                             field(8, "g", b"\\2ss\\0")):
                    fields = pad(fields, 8) + part
                head = struct.pack("<cBBBII", b"l", 1, 0, 1, len(body), 1) + struct.pack("<I", len(fields)) + fields
                bus.sendall(pad(head, 8) + body); bus.recv(100)
                END
                changed
                $m network create fd0 >/dev/null; changed || echo left
                $m system check && echo clean
                $m network rm fd0 >/dev/null; changed || echo left
                touch $socket.silent; timeout 60 $m network create fd1 >/dev/null; echo $?
                timeout 60 $m network rm fd1; echo $?
                """)
            #expect(
                outcome.lines == ["addInterface public fd0", "left", "clean", "left", "0", "fd1", "0"],
                "\(outcome.text)")
        }
    }
}
