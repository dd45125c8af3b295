import Foundation
import Testing

/// What a container can make its neighbours on the same bridge believe. It has CAP_NET_RAW.
extension CLI.Security {
    @Test func nobodyElseIsTheGateway() throws {
        succeed("network", "create", "--subnet", "10.79.1.0/24", "sec-spoof")
        defer { succeed("network", "remove", "sec-spoof") }
        let gateway = Host.run(["cat", "/sys/class/net/sec-spoof/address"]).word
        for (name, flags) in [("sec-victim", []), ("sec-attacker", Probe.flags)] {
            let started = Host.run(
                [Host.mydocker, "run", "-d", "-net", "sec-spoof", "--name", name] + flags + ["sleep", "1000"])
            #expect(started.code == 0, "\(started.error)")
        }
        defer { succeed("rm", "-f", "sec-victim", "sec-attacker") }
        let attacker = succeed("exec", "sec-attacker", "cat", "/sys/class/net/eth0/address").word
        let attacks = [
            // The gateway's address at the attacker's MAC; frames with the gateway's MAC; both.
            [attacker, attacker, "10.79.1.1"], [gateway, attacker, "10.79.1.99"], [gateway, attacker, "10.79.1.1"],
        ]
        for attack in attacks {
            let sent = Host.run([Host.mydocker, "exec", "sec-attacker", "/probe", "arp"] + attack)
            #expect(sent.lines.contains("sent=OK"), "\(sent.error)")
            let table = succeed("exec", "sec-victim", "cat", "/proc/net/arp").text
            let entry = table.split(separator: "\n").first { $0.hasPrefix("10.79.1.1 ") } ?? ""
            #expect(entry.contains(gateway), "\(attack): \(table)")
            #expect(mydocker("exec", "sec-victim", "ping", "-c", "1", "-W", "2", "10.79.1.1").code == 0, "\(attack)")
        }
        // Nor is anybody else: what is sent under another address does not arrive, and what is one's own does.
        let other = "10.79.1.77"
        succeed("exec", "sec-victim", "sh", "-c", "ping -c 1 -W 1 \(other) > /dev/null; true")
        succeed("exec", "sec-attacker", "/probe", "arp", attacker, attacker, other)
        #expect(!succeed("exec", "sec-victim", "cat", "/proc/net/arp").text.contains(attacker))
        let own = succeed("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "sec-attacker")
            .word
        succeed("exec", "sec-victim", "ping", "-c", "1", "-W", "2", own)
        #expect(succeed("exec", "sec-victim", "cat", "/proc/net/arp").text.contains(attacker))
    }
}
