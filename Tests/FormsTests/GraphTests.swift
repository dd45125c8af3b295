import Core
import Foundation
import Testing

@testable import Forms

/// Drawings of networks, from values.
@Suite struct GraphTests {
    private func graph() throws -> NetworkGraph {
        var networks: [NetworkGraph.Network] = []
        for (name, gateway, isInternal) in [("front", "10.9.1.1/24", false), ("back", "10.9.2.1/24", true)] {
            var network = NetworkDefinition(
                id: .random(), name: try #require(Name(name)), driver: "bridge", gateway: Subnet(gateway),
                device: name, mtu: nil, isInternal: isInternal, labels: [:], created: .now())
            if isInternal { network.gateway6 = Subnet("fd00:9::1/64") }
            let address = try #require(Subnet(gateway.replacing(".1/", with: ".2/")))
            var endpoint = Endpoint(
                id: .random(), network: network.name, networkID: network.id, address: address,
                gateway: network.gateway?.address, mac: MACAddress(for: address.address), interface: "eth0",
                bridge: name, mtu: nil, ports: isInternal ? [] : [PortMapping(hostPort: 8080, containerPort: 80)])
            if isInternal { endpoint.address6 = Subnet("fd00:9::2/64") }
            networks.append(.init(network, [.init(container: "w\"<b>&\\", endpoint)]))
        }
        return NetworkGraph(host: "vm", networks)
    }

    @Test func aTree() throws {
        #expect(
            GraphText.text(try graph()) == """
                vm
                ├── front  bridge front  10.9.1.1/24
                │   └── w"<b>&\\  eth0  10.9.1.2/24  02:42:0a:09:01:02
                │       └── 0.0.0.0:8080->80/tcp
                └── back  bridge back  10.9.2.1/24  fd00:9::1/64  internal
                    └── w"<b>&\\  eth0  10.9.2.2/24  fd00:9::2/64  02:42:0a:09:02:02

                """)
        #expect(GraphText.text(NetworkGraph(host: "vm", [])) == "vm\n")
    }

    /// One node for a container on two networks.
    @Test func forGraphviz() throws {
        let lines = GraphDOT.text(try graph()).split(separator: "\n").map(String.init)
        #expect(lines.first == "graph networks {" && lines.last == "}")
        #expect(lines.contains(#"  container0 [label="w\"<b>&\\"];"#))
        #expect(lines.filter { $0.contains("container") && $0.contains("--") }.count == 2)
        #expect(!lines.contains { $0.contains("container1") })
        #expect(
            lines.contains(
                #"  network0 -- container0 [label="eth0\n10.9.1.2/24\n02:42:0a:09:01:02\n0.0.0.0:8080->80/tcp"];"#))
        #expect(lines.contains("  host -- network1 [style=dashed];"))
    }

    @Test func aPictureIsWellFormed() throws {
        let text = GraphSVG.text(try graph())
        #expect(text.contains(#">w"&lt;b&gt;&amp;\</text>"#))
        let document = try XMLDocument.read(text)
        #expect(document.root == "svg" && document.texts.contains("w\"<b>&\\") && document.texts.contains("vm"))
    }
}

/// What a parser that is not ours finds in a text.
private final class XMLDocument {
    let root: String
    let texts: [String]

    private init(_ root: String, _ texts: [String]) { (self.root, self.texts) = (root, texts) }

    static func read(_ text: String) throws -> XMLDocument {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [
            "-c",
            "import sys, xml.etree.ElementTree as e; r = e.fromstring(sys.stdin.buffer.read())\n"
                + "print(r.tag.split('}')[1]); [print(x.text) for x in r.iter() if x.text and x.tag.endswith('}text')]",
        ]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(Data(text.utf8))
        try input.fileHandleForWriting.close()
        let lines = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        return XMLDocument(try #require(lines.first), Array(lines.dropFirst()))
    }
}
