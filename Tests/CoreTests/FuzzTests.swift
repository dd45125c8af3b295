import Core
import Fuzzing
import Testing

/// See `Fuzz` for what is expected of a parser.
@Suite struct FuzzTests {
    @Test func addresses() {
        Fuzz.texts(["192.168.10.1", "255.255.255.255", "::", "fd00::1:2", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1"]) {
            text in
            guard let address = IPAddress(text) else { return }
            _ = (address.isLoopback, address.isPrivate, address.isUnicast, MACAddress(for: address))
            expectSame(IPAddress(address.description), address, text)
        }
        Fuzz.texts(["02:42:c0:a8:0a:02", "fe:ff:ff:ff:ff:ff"]) { text in
            guard let address = MACAddress(text) else { return }
            expectSame(MACAddress(address.description), address, text)
        }
    }

    @Test func subnets() {
        let examples = [
            "192.168.10.1/24", "0.0.0.0/0", "255.255.255.255/32", "10.0.0.0/31", "fd00::1/64", "::/0", "ffff::/128",
        ]
        Fuzz.texts(examples) { text in
            guard let subnet = Subnet(text) else { return }
            _ = (subnet.mask, subnet.network, subnet.hasHostBits, subnet.broadcast, subnet.hosts)
            if !subnet.contains(subnet.last) || !subnet.overlaps(subnet.network) { Issue.record("\(text)") }
            expectSame(Subnet(subnet.description), subnet, text)
        }
    }

    @Test func names() {
        Fuzz.texts(["web", "a_b.c-d", String(repeating: "x", count: 128)]) { text in
            if let name = Name(text), name.text != text || text.contains("/") { Issue.record("\(text)") }
        }
        Fuzz.texts([String(repeating: "0af9", count: 16)]) { text in
            if let id = ContainerID(text), id.prefixBytes.count != 16 || id.hex != text { Issue.record("\(text)") }
        }
    }

    @Test func amounts() {
        Fuzz.texts(["64m", "1.5g", "512", "100KiB", "8p"]) { text in
            for base: Int64 in [1000, 1024] {
                if let bytes = ByteCount.parse(text, base: base), bytes < 0 { Issue.record("\(text)") }
            }
        }
        Fuzz.texts(["max-size=10m", "max-file=3", "max-size=-1"]) { text in
            refuses(text) { () throws(OperationError) in
                var limits = LogLimits()
                try limits.setOption(text)
                var again = LogLimits()
                for (key, value) in limits.options { try again.setOption("\(key)=\(value)") }
                expectSame(again, limits, text)
            }
        }
        Fuzz.texts(["nofile=1024:2048", "core=unlimited", "nproc=-1", "cpu=5"]) { text in
            refuses(text) { () throws(OperationError) in
                let limit = try ResourceUlimit(parsing: text)
                let again = try ResourceUlimit(parsing: "\(limit.name)=\(limit.soft):\(limit.hard)")
                expectSame(again, limit, text)
            }
        }
    }

    @Test func ports() {
        let examples = [
            "80:8080", "80", "127.0.0.1:80:80/udp", "1000-1010:2000-2010/tcp", "8000-8010:80", "0:1", "::1",
        ]
        Fuzz.texts(examples, cost: 2) { text in
            refuses(text) { () throws(OperationError) in
                let request = try PublishRequest(parsing: text)
                _ = (request.choices.count, request.collides(with: request, hasIPv6: true))
                expectSame(try PublishRequest(parsing: request.words), request, text)
            }
        }
    }

    @Test func mounts() {
        Fuzz.texts(["/a:/b", "/a/b:/c/d:ro", "/a:/b:rw,z", "/a:/b:ro,Z,rslave"]) { text in
            refuses(text) { () throws(OperationError) in
                let mount = try BindMount(parsing: text)
                let words =
                    "\(mount.source):\(mount.target)\(mount.readOnly ? ":ro," : ":")\(mount.propagation.rawValue)"
                expectSame(try BindMount(parsing: words), mount, text)
            }
        }
        Fuzz.texts(["/a", "/a:size=64m,mode=1777", "/a:ro,exec,uid=5"]) { text in
            refuses(text) { () throws(OperationError) in
                let mount = try TemporaryMount(parsing: text)
                let options = [mount.data, mount.isExecutable ? "exec" : "", mount.readOnly ? "ro" : ""]
                let words = mount.target + ":" + options.filter { !$0.isEmpty }.joined(separator: ",")
                expectSame(try TemporaryMount(parsing: words), mount, text)
            }
        }
    }

    @Test func documents() {
        let examples = [
            #"{"a":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00\n"],"b":{"c":""}}"#, "[]", "0", #""\\\"""#,
            String(repeating: "[", count: 127) + String(repeating: "]", count: 127), "9223372036854775807", "1E-7",
        ]
        Fuzz.bytes(examples.map { Array($0.utf8) }) { bytes in
            do throws(JSONError) {
                let json = try JSON(parsing: bytes)
                expectSame(try JSON(parsing: json.compact), json, json.compact)
                expectSame(try JSON(parsing: json.pretty), json, json.compact)
            } catch {
                if error.reason.isEmpty || error.offset > bytes.count { Issue.record("\(bytes): \(error)") }
            }
        }
    }
}

// MARK: - Records

extension FuzzTests {
    @Test func containerRecords() throws {
        var definition = ContainerDefinition(
            id: .random(), name: try #require(Name("web")), created: Timestamp(nanoseconds: 1), image: "busybox:latest",
            imageID: nil, layers: ["/a", "/b"], arguments: ["sh", "-c", "true"], environment: ["A=1"],
            workingDirectory: "/", user: "1:2", hostname: "h", networkMode: .none)
        definition.binds = [try BindMount(parsing: "/a:/b:ro")]
        definition.temporaryMounts = [try TemporaryMount(parsing: "/t:size=1m")]
        definition.ulimits = [try ResourceUlimit(parsing: "nofile=10:20")]
        definition.limits.memory = 1 << 30
        definition.limits.milliCPUs = 1500
        definition.labels = ["k": "v"]
        var wish = EndpointWish(network: try #require(Name("br0")), address: IPAddress("10.0.0.7"))
        wish.publish = [try PublishRequest(parsing: "1.2.3.4:80-81:90-91/udp")]
        definition.networkMode = .networks([wish, EndpointWish(network: try #require(Name("br1")))])
        definition.asked.environmentAdded = ["A"]
        try fuzz(definition)
        try fuzz(ContainerExit(exitCode: 137, started: nil, finished: Timestamp(nanoseconds: 5), error: "x"))
    }

    @Test func stateRecords() throws {
        let endpoint = Endpoint(
            id: .random(), network: try #require(Name("br0")), networkID: .random(),
            address: Subnet("10.0.0.2/24"),
            gateway: IPAddress("10.0.0.1"), mac: try #require(MACAddress("02:42:0a:00:00:02")),
            interface: "eth1", bridge: "br0", mtu: 1500,
            ports: [PortMapping(hostPort: 80, containerPort: 8080), PortMapping(hostPort: 1, containerPort: 2)])
        var state = ContainerState(status: .running, supervisor: 17, cgroups: ["/sys/fs/cgroup/x"])
        state.endpoints = [endpoint, endpoint]
        state.pid = 18
        state.pidStartTime = 1000
        state.started = Timestamp(nanoseconds: 77)
        try fuzz(state)
    }

    @Test func networkRecords() throws {
        try fuzz(
            NetworkDefinition(
                id: .random(), name: try #require(Name("br0")), driver: "bridge",
                gateway: Subnet("192.168.10.1/24"), device: "br0", mtu: 1450, isInternal: false,
                labels: ["a": "b"], created: Timestamp(nanoseconds: 1)))
    }

    private func fuzz<Value: Record & Equatable>(_ value: Value) throws {
        #expect(try Value(RecordReader(JSON(parsing: value.json.compact))) == value)
        Fuzz.bytes([Array(value.json.compact.utf8)], cost: 20) { bytes in
            // What is no JSON at all is looked for in `documents`.
            guard let json = try? JSON(parsing: bytes) else { return }
            do throws(RecordError) {
                let read = try Value(RecordReader(json))
                expectSame(try Value(RecordReader(read.json)), read, json.compact)
            } catch {
                if error.description.isEmpty { Issue.record("\(json.compact)") }
            }
        }
    }
}

// MARK: - Expectations

/// Without the cost of `#expect`, which is called millions of times here.
private func expectSame<Value: Equatable>(_ value: Value?, _ expected: Value, _ input: String) {
    if value != expected { Issue.record("\(input.debugDescription): \(String(describing: value)), not \(expected)") }
}

/// A refusal says why.
private func refuses(_ input: String, _ body: () throws(OperationError) -> Void) {
    do throws(OperationError) { try body() } catch {
        if error.description.isEmpty { Issue.record("\(input.debugDescription)") }
    }
}

extension PublishRequest {
    fileprivate var words: String {
        func text(_ range: ClosedRange<UInt16>) -> String { "\(range.lowerBound)-\(range.upperBound)" }
        return "\(hostAddress?.inURL ?? ""):\(hostPorts.map(text) ?? ""):\(text(containerPorts))/\(transport.rawValue)"
    }
}
