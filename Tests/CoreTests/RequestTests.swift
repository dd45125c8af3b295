import Testing

@testable import Core

@Suite struct PublishRequestTests {
    private func parse(_ text: String) throws -> PublishRequest { try PublishRequest(parsing: text) }

    @Test func everyFormOfTheGrammar() throws {
        #expect(
            try parse("80")
                == PublishRequest(hostAddress: nil, hostPorts: nil, containerPorts: 80...80, transport: .tcp))
        #expect(try PublishRequest(parsing: "36412:36412/SCTP").transport == .sctp)
        let here = try #require(IPAddress("10.9.9.9"))
        for (text, address) in [("80:80", "10.9.9.9"), ("0.0.0.0:80:80", "0.0.0.0"), ("127.0.0.1::80", "127.0.0.1")] {
            let request = try PublishRequest(parsing: text)
            #expect(request.settled(usual: here).hostAddress?.description == address)
            #expect(request.settled(usual: nil) == request)
        }
        #expect(
            try parse("8080:80")
                == PublishRequest(
                    hostAddress: nil, hostPorts: 8080...8080, containerPorts: 80...80, transport: .tcp))
        #expect(try parse("53:53/udp").transport == .udp)
        #expect(try parse("127.0.0.1:8080:80").hostAddress == .loopbackIPv4)
        #expect(try parse("127.0.0.1::80").hostPorts == nil)
        #expect(try parse("[::1]:8080:80").hostAddress == .loopbackIPv6)
        #expect(try parse("[::]::80/udp").hostAddress == .anyIPv6)
        #expect(try parse("0.0.0.0:80:80").addresses(hasIPv6: true) == [.anyIPv4])
        #expect(try parse("80:80").addresses(hasIPv6: true) == [.anyIPv4, .anyIPv6])
        #expect(try parse("80:80").addresses(hasIPv6: false) == [.anyIPv4])
        #expect(try parse("0:80").hostPorts == nil)
        #expect(try parse("8000-8002:80-82").choices.map(\.containerPort) == [80, 81, 82])
        #expect(try parse("8000-8002:80-82").choices.map { $0.hostPorts?.lowerBound } == [8000, 8001, 8002])
        #expect(try parse("8000-8002:80").choices.count == 1)
        #expect(try parse("7000-7001").choices.map(\.containerPort) == [7000, 7001])
    }

    @Test(arguments: [
        "", ":", "a:80", "80:", "80:0", "65536:80", "80:65536", "-1:80", "80:80/icmp", "80:80/tcp/udp", "1.2.3:80:80",
        "1.2.3.256:80:80", "8000-8002:80-81", "8002-8000:80-82", "+80:80", "080:80", "[::1]:80", "[::1]80:80",
        "[::1:80:80", "[1.2.3:80:80", "[ff02::1]:80:80", "::1:80:80", "[]:80:80", "[fe80::1]:80:80",
        "[::ffff:10.0.0.1]:80:80", "80:80:80:80", " 80:80",
    ])
    func B59b_badSpecificationIsAnError(_ text: String) {
        #expect(throws: OperationError.self) { try PublishRequest(parsing: text) }
    }

    /// At one address of this host alone is not at a container's own, which whoever has a route reaches.
    @Test func whatIsOpenAtAContainersOwnAddresses() throws {
        func opened(_ text: String, _ families: Set<AddressFamily>, hasIPv6: Bool = true) throws -> [String] {
            try parse(text).openPorts(of: families, hasIPv6: hasIPv6).map(\.description)
        }
        #expect(try opened("8080-8081:80-81", [.ipv4]) == ["0.0.0.0:80->80/tcp", "0.0.0.0:81->81/tcp"])
        #expect(try opened("80:80/udp", [.ipv4, .ipv6]) == ["0.0.0.0:80->80/udp", "[::]:80->80/udp"])
        #expect(try opened("80:80", [.ipv4, .ipv6], hasIPv6: false) == ["0.0.0.0:80->80/tcp"])
        #expect(try opened("0.0.0.0:80:80", [.ipv4, .ipv6]) == ["0.0.0.0:80->80/tcp"])
        #expect(try opened("[::]:80:80", [.ipv4, .ipv6]) == ["[::]:80->80/tcp"])
        #expect(try opened("[::]:80:80", [.ipv4]) == [])
        for text in ["127.0.0.1:80:80", "10.1.2.3::80", "[::1]:80:80", "[fd00::1]:80:80"] {
            #expect(try opened(text, [.ipv4, .ipv6]) == [], "\(text)")
            #expect(try parse(text).isBound(amongst: [.ipv4, .ipv6]), "\(text)")
            #expect(try !parse(text).isBound(amongst: []), "\(text)")
        }
        for text in ["80:80", "0.0.0.0:80:80", "[::1]:80:80"] {
            #expect(try !parse(text).isBound(amongst: [.ipv4]), "\(text)")
        }
    }

    @Test func collisions() throws {
        func collide(_ text: String, _ other: String, hasIPv6: Bool = false) throws -> Bool {
            let (left, right) = (try parse(text), try parse(other))
            let collides = left.collides(with: right, hasIPv6: hasIPv6)
            #expect(right.collides(with: left, hasIPv6: hasIPv6) == collides)
            return collides
        }
        #expect(try collide("80:1", "127.0.0.1:80:2"))
        #expect(try !collide("127.0.0.1:80:1", "127.0.0.2:80:1"))
        #expect(try !collide("80:1", "80:1/udp"))
        #expect(try !collide("80:1", "[::1]:80:1"))
        #expect(try collide("80:1", "[::1]:80:1", hasIPv6: true))
        #expect(try !collide("80:1", "[::]:80:1"))
        #expect(try collide("80:1", "[::]:80:1", hasIPv6: true))
        #expect(try !collide("0.0.0.0:80:1", "[::]:80:1", hasIPv6: true))
        #expect(try collide("[::]:80:1", "[::1]:80:1"))
        #expect(try !collide("80", "80"))
        #expect(try collide("8000-8002:80-82", "8002:1"))
        // One of several will do: that is no collision yet.
        #expect(try !collide("8000-8002:80", "8002:1"))
    }

    @Test(arguments: [
        ("8002-8000:80-82", #"invalid host port "8002-8000" (the range is reversed)"#),
        ("80-82:8002-8000", #"invalid container port "8002-8000" (the range is reversed)"#),
        ("0-80:80", #"invalid host port "0-80" (1 to 65535)"#),
        ("::1:8080:80", "an address of IPv6 is in brackets: [::1]:8080:80"),
        ("fd00:1::2:8000-8001:80-81", "an address of IPv6 is in brackets: [fd00:1::2]:8000-8001:80-81"),
        ("1:2:3:4", "use [HOST-IP:]HOST-PORT:CONTAINER-PORT"),
    ])
    func whatIsWrongWithASpecification(text: String, reason: String) {
        let error = #expect(throws: OperationError.self) { try PublishRequest(parsing: text) }
        #expect(error?.description == "invalid port specification \"\(text)\": \(reason)")
    }
}

@Suite struct MountRequestTests {
    @Test func volumes() throws {
        let mount = try BindMount(parsing: "/data:/mnt/x:ro")
        #expect(mount == BindMount(source: "/data", target: "/mnt/x", readOnly: true))
        #expect(try BindMount(parsing: "/data:/mnt/x:rw,z").readOnly == false)
    }

    @Test(arguments: [
        "", "/a", "a:/b", "/a:b", "/a:/", "/a:/./", "/a:/b:xx", "/a:/b:ro:ro", "/a:/b/../../c", ":/b", "/a:",
    ])
    func B84_badVolumeIsAnError(_ text: String) {
        #expect(throws: OperationError.self) { try BindMount(parsing: text) }
    }

    @Test func temporary() throws {
        let mount = try TemporaryMount(parsing: "/run:size=64m,mode=1777,exec,ro")
        #expect(mount.target == "/run" && mount.data == "size=64m,mode=1777" && mount.isExecutable && mount.readOnly)
    }

    @Test(arguments: ["run", "/", "/a/../b", "/a:bogus", "/a:size", "/a:size=1,overlay=x"])
    func badTemporaryMountIsAnError(_ text: String) {
        #expect(throws: OperationError.self) { try TemporaryMount(parsing: text) }
    }
}

@Suite struct LimitRequestTests {
    @Test func bytes() {
        #expect(ByteCount.parse("512") == 512)
        let texts: [(Int64, String)] = [
            (0, "0B"), (1023, "1023B"), (1024, "1KiB"), (24 << 20, "24MiB"), ((24 << 20) - 1, "23.9MiB"),
            (3 << 29, "1.5GiB"), (Int64.max, "8388607.9TiB"),
        ]
        for (bytes, text) in texts { #expect(ByteCount.text(bytes) == text) }
        #expect(ByteCount.parse("64m") == 64 << 20)
        #expect(ByteCount.parse("1.5g") == 3 << 29)
        #expect(ByteCount.parse("100KiB") == 100 << 10)
        #expect(ByteCount.parse("1T") == 1 << 40)
        for text in ["", "m", "-1m", "1x", "1mm", "0x10", "9999999999g", "1e3", "nan", "inf"] {
            #expect(ByteCount.parse(text) == nil, "\(text)")
        }
    }

    @Test func ulimits() throws {
        let limit = try ResourceUlimit(parsing: "nofile=1024:2048")
        #expect(limit.soft == 1024 && limit.hard == 2048 && limit.resource == 7)
        #expect(try ResourceUlimit(parsing: "core=unlimited").hard == -1)
        for text in ["", "nofile", "nofile=", "bogus=1", "nofile=2:1", "nofile=-1:5", "nofile=1:2:3", "nofile=x"] {
            #expect(throws: OperationError.self, "\(text)") { try ResourceUlimit(parsing: text) }
        }
    }
}

@Suite struct RecordTests {
    private var definition: ContainerDefinition {
        get throws {
            var definition = ContainerDefinition(
                id: .random(), name: try #require(Name("web")), created: .now(), image: "nginx:local",
                imageID: "sha256:00", layers: ["/l1", "/l2"], arguments: ["sh", "-c", "echo \"a  b\"\n"],
                environment: ["A=1", "B="], workingDirectory: "/", user: "1000:1000", hostname: "h",
                networkMode: .networks(try wishes))
            definition.binds = [BindMount(source: "/a", target: "/b", readOnly: true)]
            definition.temporaryMounts = [try TemporaryMount(parsing: "/run:size=1m")]
            definition.volumes = [
                try VolumeMount(parsing: "data:/data:ro,nocopy"), VolumeMount(anonymousAt: "/srv"), try labelledVolume,
            ]
            definition.limits.memory = 1 << 30
            definition.ulimits = [try ResourceUlimit(parsing: "nofile=1:2")]
            definition.labels = ["k": "v", "": ""]
            definition.capabilities = ["CHOWN"]
            definition.restart = RestartPolicy(.onFailure, maximumRetryCount: 3)
            definition.asked = try asked
            return definition
        }
    }

    private var labelledVolume: VolumeMount {
        get throws {
            var volume = VolumeMount(try #require(Name("more")), at: "/more")
            volume.subpath = "a/b"
            volume.labels = ["k": "v"]
            volume.options = ["o": "bind", "device": "/x"]
            return volume
        }
    }

    private var wishes: [EndpointWish] {
        get throws {
            var first = EndpointWish(
                network: try #require(Name("br0")), address: IPAddress("10.0.0.7"),
                mac: MACAddress("02:42:0a:00:00:07"))
            first.publish = try ["80", "1.2.3.4:8000-8010:90/udp", "5000-5001:6000-6001"].map {
                try PublishRequest(parsing: $0)
            }
            return [first, EndpointWish(network: try #require(Name("br1")))]
        }
    }

    private var asked: ContainerRequestRecord {
        get throws {
            var asked = ContainerRequestRecord()
            asked.isAttached = true
            asked.entrypointCount = 1
            asked.publishesExposed = true
            asked.capabilitiesAdded = ["ALL"]
            asked.capabilitiesDropped = ["CAP_CHOWN"]
            asked.cidFile = "/tmp/cid"
            asked.exposedPorts = ["80/tcp"]
            asked.volumes = ["/data"]
            asked.volumesFrom = ["other:ro"]
            asked.environmentAdded = ["B"]
            return asked
        }
    }

    /// Records of before it was kept say nothing of it, and their environment is shown whole (W7).
    @Test func D8_W7_recordsWithoutWhatWasAskedAreRead() throws {
        guard case .object(let members) = try definition.json else { return }
        let old = try ContainerDefinition(RecordReader(.object(members.filter { $0.key != "asked" })))
        #expect(old.asked == ContainerRequestRecord())
        #expect(old.ownEnvironment == ["A=1", "B="])
        #expect(try definition.ownEnvironment == ["A=1"])
    }

    @Test(arguments: ["0", "1-0", "x", "", "1-2-3", "65536"]) func portsInRecordsAreChecked(ports: String) throws {
        let request: JSON = [
            "hostAddress": "0.0.0.0", "hostPorts": nil, "containerPorts": .string(ports), "protocol": "tcp",
        ]
        #expect(throws: RecordError.self) { try PublishRequest(RecordReader(request)) }
    }

    private func reread<Value: Record>(_ value: Value) throws -> Value {
        try Value(RecordReader(JSON(parsing: value.json.compact)))
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let definition = try definition
        #expect(try reread(definition) == definition)
        var state = ContainerState(
            status: .running, supervisor: 12, cgroups: ["/sys/fs/cgroup/mydocker/x"])
        for number in 0...1 {
            var endpoint = Endpoint(
                id: .random(), network: try #require(Name("br\(number)")), networkID: .random(),
                address: Subnet("10.0.\(number).2/24"), gateway: IPAddress("10.0.\(number).1"),
                mac: try #require(MACAddress("02:42:0a:00:00:02")), interface: "eth\(number)", bridge: "br\(number)",
                mtu: 1400, ports: [PortMapping(hostPort: 80, containerPort: 90)])
            endpoint.hostInterface = "abcde12345"
            state.endpoints.append(endpoint)
        }
        state.cgroupParents = ["/sys/fs/cgroup/a", "/sys/fs/cgroup/a/mydocker"]
        state.pid = 13
        state.pidStartTime = UInt64.max >> 1
        state.started = .now()
        #expect(try reread(state) == state)
        var exit = ContainerExit(exitCode: 137, started: nil, finished: .now(), oomKilled: true, error: "x")
        exit.restartCount = 2
        exit.signal = 9
        exit.memoryPeak = 1 << 40
        exit.refusedProcesses = 7
        #expect(try reread(exit) == exit)
        state.status = .restarting
        state.restartCount = 3
        state.lastExit = exit
        #expect(try reread(state) == state)
    }

    @Test func everyMissingOrWrongMemberIsNamed() throws {
        guard case .object(let members) = try definition.json else { return }
        let optional: Set = [
            "imageID", "log", "restart", "asked", "devices", "withheld", "volumes", "namespaces", "names", "kernel",
            "groupsAdded", "pidFile", "timeLimit", "healthCheck", "cgroupParent", "isBuild",
        ]
        for (index, member) in members.enumerated() where !optional.contains(member.key) {
            var broken = members
            broken.remove(at: index)
            let error = #expect(throws: RecordError.self) { try ContainerDefinition(RecordReader(.object(broken))) }
            #expect(error?.description == "\(member.key) is missing")
            broken.insert((member.key, .object([("no", .null)])), at: index)
            if member.key != "limits", member.key != "labels" {
                #expect(throws: RecordError.self, "\(member.key)") {
                    try ContainerDefinition(RecordReader(.object(broken)))
                }
            }
        }
        #expect(throws: RecordError.self) { try ContainerDefinition(RecordReader([])) }
    }

    @Test func namesInRecordsAreChecked() throws {
        guard case .object(var members) = try definition.json else { return }
        let index = try #require(members.firstIndex { $0.key == "name" })
        for name in ["../../etc", "", ".", "a/b", "-x", "a\n"] {
            members[index].value = .string(name)
            #expect(throws: RecordError.self, "\(name)") { try ContainerDefinition(RecordReader(.object(members))) }
        }
    }
}
