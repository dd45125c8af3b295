import Core
import Forms
import Testing

/// The fields of lists, by the names that `--format` uses.
@Suite struct RowTests {
    private let now = Example.seconds(later: 125)

    private func container(_ phase: ContainerPhase) throws -> ContainerSummary {
        ContainerSummary(
            id: try Example.id("4f"), name: "web", image: "nginx:1", command: ["nginx", "-g", "daemon off;"],
            created: Example.moment, phase: phase, ports: [PortMapping(hostPort: 8080, containerPort: 80)],
            address: IPAddress("10.9.1.5"), pid: 42, networks: ["br0", "br1"], labels: ["b": "2", "a": "1"])
    }

    @Test func aContainer() throws {
        var container = try container(.running(since: Example.seconds(later: 122)))
        container.binds = [
            BindMount(source: "/a/long/directory", target: "/in", readOnly: false),
            BindMount(source: "/b", target: "/c", readOnly: true),
        ]
        try expect(
            container.row(now: now, isWhole: false).fields,
            is: #"""
                {"Command": "\"nginx -g 'daemon of…\"", "CreatedAt": "2023-11-14 22:13:20 +0000 UTC",
                "ID": "4f4f4f4f4f4f", "IPAddress": "10.9.1.5", "Image": "nginx:1", "Labels": "a=1,b=2",
                "LocalVolumes": "0", "Mounts": "/a/long/direct…,/b", "Names": "web", "Networks": "br0,br1",
                "Pid": "42", "Ports": "0.0.0.0:8080->80/tcp", "RunningFor": "2 minutes ago", "Size": "0B",
                "State": "running", "Status": "Up 3 seconds"}
                """#)
        container.size = (1234, 5_000_000)
        container.image = "sha256:" + String(repeating: "0a", count: 32)
        #expect(container.row(now: now, isWhole: false).text("Image") == "0a0a0a0a0a0a")
        let whole = container.row(now: now, isWhole: true)
        #expect(whole.text("ID") == String(repeating: "4f", count: 32))
        #expect(whole.text("Command") == #""nginx -g 'daemon off;'""#)
        #expect(whole.text("Image") == container.image)
        #expect(whole.text("Mounts") == "/a/long/directory,/b")
        #expect(whole.text("Size") == "1.23kB (virtual 5MB)")
        #expect(whole.labels == ["b": "2", "a": "1"])
        #expect(whole.text("Nope") == "")
    }

    @Test func eachPhaseInDockersWords() throws {
        let (began, ended) = (Example.seconds(later: 5), Example.seconds(later: 65))
        for (phase, state, status): (ContainerPhase, String, String) in [
            (.created, "created", "Created"), (.starting, "created", "Created"),
            (.running(since: began), "running", "Up 2 minutes"),
            (.paused(since: began), "paused", "Up 2 minutes (Paused)"),
            (.restarting(code: 3, finished: ended), "restarting", "Restarting (3) About a minute ago"),
            (.exited(code: 137, finished: ended), "exited", "Exited (137) About a minute ago"),
            (.lost, "exited", "Exited (137)"),
        ] {
            let row = try container(phase).row(now: now, isWhole: false)
            #expect(row.text("State") == state && row.text("Status") == status, "\(phase)")
        }
        #expect(ContainerPhase.exited(code: 3, finished: ended).exitCode == 3)
        #expect(
            ContainerPhase.restarting(code: 3, finished: ended).exitCode == nil && ContainerPhase.lost.exitCode == 137)
    }

    @Test func anImageHasALineForEachName() throws {
        var image = ImageSummary(
            id: "sha256:" + String(repeating: "c0", count: 32),
            references: ["registry:5000/tools/box:1", "busybox:latest"],
            created: Example.moment, size: 4_260_000)
        let rows = image.rows(wanted: nil, now: now, isWhole: false)
        #expect(rows.map { $0.text("Repository") } == ["busybox", "registry:5000/tools/box"])
        try expect(
            rows[1].fields,
            is: """
                {"Containers": "N/A", "SharedSize": "N/A", "UniqueSize": "N/A",
                "CreatedAt": "2023-11-14 22:13:20 +0000 UTC", "CreatedSince": "2 minutes ago", "Digest": "<none>",
                "ID": "c0c0c0c0c0c0", "Repository": "registry:5000/tools/box", "Size": "4.26MB", "Tag": "1",
                "VirtualSize": "4.26MB"}
                """)
        #expect(image.rows(wanted: "busybox", now: now, isWhole: true).map { $0.text("ID") } == [image.id])
        #expect(image.rows(wanted: "busybox:latest", now: now, isWhole: false).count == 1)
        #expect(image.rows(wanted: "busybox:1", now: now, isWhole: false).isEmpty)
        for pattern in ["busy*", "b?sybox:l*", "[ab]usybox"] {
            #expect(image.rows(wanted: pattern, now: now, isWhole: false).count == 1, "\(pattern)")
        }
        #expect(image.rows(wanted: "*/*", now: now, isWhole: false).isEmpty)
        image.references = ["box:1", "box:2", "box:3"]
        image.sources = ["box@sha256:a", "box@sha256:b"]
        image.sourcesOfNames = ["box:1": "box@sha256:b", "box:2": "box@sha256:a"]
        let digests = image.rows(wanted: nil, now: now, isWhole: false).map { $0.text("Digest") }
        #expect(digests == ["sha256:b", "sha256:a", "sha256:a"])
        (image.references, image.sources, image.sourcesOfNames) = ([], [], [:])
        let nameless = image.rows(wanted: nil, now: now, isWhole: false)
        #expect(nameless.map { [$0.text("Repository"), $0.text("Tag")] } == [["<none>", "<none>"]])
        #expect(ImageSummary.parts("localhost:5000/x") == ("localhost:5000/x", "latest"))
    }

    @Test func aNetwork() throws {
        let network = NetworkDefinition(
            id: try Example.id("ab"), name: try #require(Name("br0")), driver: "bridge",
            gateway: Subnet("192.168.10.1/24"), device: "br0", mtu: nil, isInternal: true,
            labels: ["k": "v"], created: Example.moment)
        try expect(
            network.row(isWhole: false).fields,
            is: """
                {"CreatedAt": "2023-11-14 22:13:20 +0000 UTC", "Driver": "bridge", "ID": "abababababab",
                "IPv4": "true", "IPv6": "false", "Internal": "true", "IpRange": "192.168.10.1/24", "Labels": "k=v",
                "Name": "br0", "Scope": "local"}
                """)
        #expect(network.row(isWhole: true).text("ID") == String(repeating: "ab", count: 32))
        #expect(network.row(isWhole: true).labels == ["k": "v"])
    }
}
