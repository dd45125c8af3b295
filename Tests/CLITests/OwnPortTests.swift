import Foundation
import Testing

extension CLI.Networks {
    /// F8: nothing else is in a container's network namespace whose ports could be taken.
    @Test(arguments: ["none", "bridge"]) func F8_anyUserMayHaveAnyPort(network: String) throws {
        let box = try Box(
            "cnlow", on: network, ["-u", "1000", "--cap-drop", "ALL"],
            command: ["httpd", "-f", "-p", "80", "-h", "/etc"])
        defer { box.remove() }
        let address = network == "none" ? "127.0.0.1" : box.address
        // busybox waits for the question, so a connection is all there is to see.
        Host.wait { box.place.ask(.tcp, address, 80, seconds: 0.1) == .nothing || Host.state(of: box.pid) == nil }
        #expect(Host.state(of: box.pid) == "S")
        let refused = mydocker("run", "--rm", "--net", "host", "-u", "1000", "httpd", "-f", "-p", "80")
        #expect(refused.code != 0 && refused.error.contains("Permission denied"), "\(refused.error)")
    }

    /// `ping` of a program that needs no capability (icmp(7)).
    @Test(arguments: [["--cap-drop", "NET_RAW"], ["-u", "1000", "--cap-drop", "ALL"]])
    func pingNeedsNoCapability(flags: [String]) throws {
        let network = try TestNetwork("cnping", "10.201.101.0/24")
        defer { network.remove() }
        let arguments = ["run", "--rm", "--net", "cnping"] + flags + Frames.flags
        let outcome = Host.run([Host.mydocker] + arguments + ["/frames", "ping", "10.201.101.1"])
        #expect(outcome.code == 0, "\(outcome.error)")
    }
}
