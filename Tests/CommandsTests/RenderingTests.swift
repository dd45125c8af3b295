import Core
import Testing

@testable import Commands

@Suite struct RenderingTests {
    private func mapping(_ host: UInt16, _ container: UInt16, _ address: String = "0.0.0.0", udp: Bool = false)
        -> PortMapping
    {
        PortMapping(
            hostAddress: IPAddress(address) ?? .anyIPv4, hostPort: host, containerPort: container,
            transport: udp ? .udp : .tcp)
    }

    // MARK: ps

    private static let now = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    private func ago(_ seconds: Int64) -> Timestamp {
        Timestamp(nanoseconds: Self.now.nanoseconds - seconds * 1_000_000_000)
    }

    private var containers: [ContainerSummary] {
        get throws {
            let web = try #require(ContainerID(String(repeating: "4f", count: 32)))
            let job = try #require(ContainerID(String(repeating: "0a1b", count: 16)))
            var all = [
                ContainerSummary(
                    id: web, name: "web", image: "nginx:local", command: ["nginx", "-g", "daemon off;"],
                    created: ago(5),
                    phase: .running(since: ago(3)), ports: [mapping(8080, 80)], address: IPAddress("192.168.10.2"),
                    pid: 42, networks: ["br0"], labels: ["tier": "front"]),
                ContainerSummary(
                    id: job, name: "job", image: "busybox", command: ["true"], created: ago(150),
                    phase: .exited(code: 3, finished: ago(120)), ports: [], address: nil, pid: nil,
                    networks: ["bridge"], labels: [:]),
            ]
            all[0].binds = [
                BindMount(source: "/a/long/directory", target: "/in", readOnly: false),
                BindMount(source: "/b", target: "/c", readOnly: true),
            ]
            all[1].networkIDs = [job]
            all[1].ancestors = ["base"]
            all[0].exposedPorts = ["80/tcp", "81/tcp"]
            all[0].size = (1, 2_000_000)
            return all
        }
    }

    private func ps(_ words: String...) throws -> String {
        try PsCommand.parse(words[...]).command.text(of: containers, now: Self.now)
    }

    @Test func psTable() throws {
        #expect(
            try ps("-a") == """
                CONTAINER ID   IMAGE         COMMAND                  CREATED         STATUS                     PORTS                          NAMES
                4f4f4f4f4f4f   nginx:local   "nginx -g 'daemon of…"   5 seconds ago   Up 3 seconds               81/tcp, 0.0.0.0:8080->80/tcp   web
                0a1b0a1b0a1b   busybox       "true"                   2 minutes ago   Exited (3) 2 minutes ago                                  job

                """)
    }

    /// The header that scripts know from Docker: no column is narrower than ten.
    @Test func psWithoutContainers() throws {
        #expect(
            try PsCommand.parse([]).command.text(of: [], now: Self.now)
                == "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n")
    }

    @Test func psSelections() throws {
        #expect(try ps("-q") == "4f4f4f4f4f4f\n0a1b0a1b0a1b\n")
        #expect(try ps("-q", "--no-trunc", "-l") == String(repeating: "4f", count: 32) + "\n")
        #expect(try ps("-aqf", "name=^/job$") == "0a1b0a1b0a1b\n")
        #expect(try ps("-qn1") == "4f4f4f4f4f4f\n")
        #expect(try ps("-q", "-f", "status=exited") == "0a1b0a1b0a1b\n")
        #expect(try ps("-q", "-f", "exited=3", "-f", "exited=4") == "0a1b0a1b0a1b\n")
        #expect(try ps("-q", "-f", "exited=0") == "")
        #expect(try ps("-q", "-f", "id=4f4f") == "4f4f4f4f4f4f\n")
        #expect(try ps("-q", "-f", "label=tier=front") == "4f4f4f4f4f4f\n")
        #expect(try ps("-q", "-f", "network=bridge") == "0a1b0a1b0a1b\n")
        for id in ["0a1b", "0a1b0a1b0a1b", String(repeating: "0a1b", count: 16)] {
            #expect(try ps("-q", "-f", "network=\(id)") == "0a1b0a1b0a1b\n")
        }
        #expect(try ps("-q", "-f", "network=") == "")
        // What an image is called says nothing.
        #expect(try ps("-q", "-f", "ancestor=base") == "0a1b0a1b0a1b\n")
        #expect(try ps("-q", "-f", "ancestor=busybox") == "")
        #expect(try PsCommand.parse(["-f", "status=exited"]).command.showsStopped)
        #expect(try PsCommand.parse(["-l"]).command.showsStopped)
        #expect(try PsCommand.parse(["-f", "name=x"]).command.showsStopped == false)
    }

    @Test func psFormats() throws {
        #expect(try ps("--format", "{{.Names}}: {{.State}}") == "web: running\njob: exited\n")
        #expect(try ps("--format", #"{{.Label "tier"}}"#) == "front\n\n")
        #expect(
            try ps("--format", #"table {{.Names}}\t{{.Status}}"#) == """
                NAMES     STATUS
                web       Up 3 seconds
                job       Exited (3) 2 minutes ago

                """)
        #expect(try ps("--format", "table {{truncate .ID 3}}\t{{.Names}}").hasPrefix("CONTAINER ID   NAMES\n4f4"))
        let lines = try ps("--format", "json").split(separator: "\n")
        #expect(lines.count == 2)
        let first = try JSON(parsing: String(lines[0]))
        #expect(first["ID"] == "4f4f4f4f4f4f")
        #expect(first["Ports"] == "81/tcp, 0.0.0.0:8080->80/tcp")
        #expect(first["CreatedAt"] == "2023-11-14 22:13:15 +0000 UTC")
    }

    /// The newest of those that are asked for, not those among the newest.
    @Test func lastCountsWhatTheFiltersLeave() throws {
        #expect(try ps("-n", "1", "-f", "status=exited", "--format", "{{.Names}}") == "job\n")
        #expect(try ps("-l", "-f", "name=job", "--format", "{{.Names}}") == "job\n")
    }

    @Test func psFieldsOfMounts() throws {
        #expect(
            try ps("--format", "{{.Mounts}}|{{.LocalVolumes}}|{{.Size}}")
                == "/a/long/direct…,/b|0|1B (virtual 2MB)\n|0|0B\n")
        #expect(try ps("--no-trunc", "--format", "{{.Mounts}}").hasPrefix("/a/long/directory,/b\n"))
        #expect(try ps("-s").split(separator: "\n").first?.hasSuffix("NAMES     SIZE") == true)
        for (filter, names) in [
            ("volume=/b", "web\n"), ("volume=/in", "web\n"), ("volume=/", ""), ("publish=8080", "web\n"),
            ("publish=8080/udp", ""), ("publish=8000-8080/tcp", "web\n"), ("publish=80", ""), ("expose=81", "web\n"),
            ("health=none", "web\njob\n"), ("health=healthy", ""),
        ] {
            #expect(try ps("-f", filter, "--format", "{{.Names}}") == names, "\(filter)")
        }
    }

    @Test func psOfAge() throws {
        func names(_ filter: String) throws -> [String] {
            try PsCommand.parse(["-f", filter]).command.ofAge(containers).map(\.name)
        }
        #expect(try names("before=web") == ["job"])
        #expect(try names("since=job") == ["web"])
        #expect(try names("since=4f4f4f") == [])
        let error = #expect(throws: OperationError.self) { try names("before=nope") }
        #expect(error?.kind == .notFound)
    }

    // MARK: network list

    private func network(_ name: String, _ gateway: String) throws -> NetworkDefinition {
        NetworkDefinition(
            id: try #require(ContainerID(String(repeating: "ab", count: 32))), name: try #require(Name(name)),
            driver: "bridge", gateway: Subnet(gateway), device: name, mtu: nil, isInternal: false,
            labels: [:],
            created: ago(0))
    }

    private func networks(_ words: String...) throws -> String {
        let all = [try network("testbridge", "192.168.10.1/24"), try network("br0", "10.0.0.1/8")]
        return try NetworkListCommand.parse(words[...]).command.text(of: all)
    }

    @Test func networkTable() throws {
        #expect(
            try networks() == """
                NAME         IpRange           Driver
                br0          10.0.0.1/8        bridge
                testbridge   192.168.10.1/24   bridge

                """)
        #expect(try NetworkListCommand.parse([]).command.text(of: []) == "NAME        IpRange     Driver\n")
        #expect(
            try networks("--format", "table") == """
                NETWORK ID     NAME         DRIVER    SCOPE
                abababababab   br0          bridge    local
                abababababab   testbridge   bridge    local

                """)
        #expect(try networks("-q") == "abababababab\nabababababab\n")
        #expect(try networks("--format", "{{.Name}} {{.IpRange}}") == "br0 10.0.0.1/8\ntestbridge 192.168.10.1/24\n")
        #expect(try networks("-q", "-f", "name=br0", "--no-trunc") == String(repeating: "ab", count: 32) + "\n")
    }

    // MARK: images

    @Test func imageTable() throws {
        let images = [
            ImageSummary(
                id: "sha256:" + String(repeating: "c0", count: 32),
                references: ["busybox:latest", "localhost:5000/tools/box:1"], created: ago(3600), size: 4_260_000),
            ImageSummary(id: "sha256:" + String(repeating: "d1", count: 32), references: [], created: ago(1), size: 12),
        ]
        func list(_ words: [String], _ wanted: String? = nil) throws -> String {
            try ImagesCommand.parse(words[...]).command.text(of: images, wanted: wanted, now: Self.now)
        }
        #expect(
            try list([]) == """
                REPOSITORY                 TAG       IMAGE ID       CREATED             SIZE
                busybox                    latest    c0c0c0c0c0c0   About an hour ago   4.26MB
                localhost:5000/tools/box   1         c0c0c0c0c0c0   About an hour ago   4.26MB
                <none>                     <none>    d1d1d1d1d1d1   1 second ago        12B

                """)
        #expect(try list(["-q"], "busybox") == "c0c0c0c0c0c0\n")
        #expect(
            try list(["-q", "--no-trunc"], "busybox:latest") == "sha256:" + String(repeating: "c0", count: 32) + "\n")
    }

    // MARK: inspect

    private func inspect(_ names: [String], format: String? = nil) throws -> (Int32, String, String) {
        var context = CommandContext.recording()
        let status = try Inspection(format: format).run(names, &context) { name throws(OperationError) in
            try Inspection.first(of: [.container, .image]) { kind throws(OperationError) in
                guard kind == .image, name == "web" else {
                    throw OperationError("nothing of that name", kind: .notFound)
                }
                return ["Id": "1"]
            }
        }
        return (
            status, String(decoding: context.output.bytes, as: UTF8.self),
            String(decoding: context.errors.bytes, as: UTF8.self)
        )
    }

    @Test func inspections() throws {
        #expect(try inspect(["web"]) == (0, "[\n    {\n        \"Id\": \"1\"\n    }\n]\n", ""))
        #expect(try inspect(["no"]) == (1, "[]\n", "error: no such object: no\n"))
        #expect(
            try inspect(["no", "web"])
                == (1, "[\n    {\n        \"Id\": \"1\"\n    }\n]\n", "error: no such object: no\n"))
        #expect(try inspect(["web"], format: "{{.Id}}") == (0, "1\n", ""))
        #expect(try inspect(["web"], format: "json") == (0, "[{\"Id\":\"1\"}]\n", ""))
        let (status, output, errors) = try inspect(["web"], format: "{{.Nope}}")
        #expect(status == 1)
        #expect(output == "\n")
        #expect(errors.contains("map has no entry for key \"Nope\""))
    }
}
