import Core
import Testing

@testable import Forms

/// What a container was asked to be.
@Suite struct InspectConfigTests {
    private func inspected(_ definition: ContainerDefinition) -> JSON {
        Example.details(definition, .created).inspected
    }

    @Test func aPlainOne() throws {
        let json = inspected(try Example.definition())
        try expect(
            json["Config"],
            is: """
                {"Hostname": "box", "Domainname": "", "User": "daemon", "AttachStdin": false, "AttachStdout": false,
                "AttachStderr": false, "ExposedPorts": null, "Tty": false, "OpenStdin": false, "StdinOnce": false,
                "Env": ["PATH=/bin"], "Cmd": ["sleep", "1000"], "Healthcheck": null, "Image": "busybox",
                "Volumes": null, "WorkingDir": "/srv", "Entrypoint": null, "MacAddress": null, "OnBuild": null,
                "Labels": {}, "StopSignal": "SIGTERM", "StopTimeout": 10}
                """)
        #expect(json["Mounts"] == [])
        try expect(
            json["HostConfig"],
            is: """
                {"Binds": [], "ContainerIDFile": "",
                "LogConfig": {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}},
                "NetworkMode": "none", "PortBindings": {}, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
                "AutoRemove": false, "VolumeDriver": "", "VolumesFrom": null, "Mounts": null, "ConsoleSize": [0, 0],
                "Dns": [], "DnsOptions": [], "DnsSearch": [], "ExtraHosts": null, "GroupAdd": null, "Links": null,
                "PublishAllPorts": false, "ReadonlyRootfs": false, "Tmpfs": null, "CapAdd": null, "CapDrop": null,
                "CapEffective": [], "CgroupnsMode": "private", "Cgroup": "", "IpcMode": "private", "PidMode": "",
                "UTSMode": "", "UsernsMode": "", "OomScoreAdj": 0, "Privileged": false, "SecurityOpt": null,
                "ShmSize": 67108864, "Sysctls": null, "StorageOpt": null, "Runtime": "mydocker", "Isolation": "",
                "Init": false, "CpuShares": 0, "Memory": 0, "NanoCpus": 0, "CgroupParent": "", "BlkioWeight": 0,
                "CpuPeriod": 0, "CpuQuota": 0, "CpuRealtimePeriod": 0, "CpuRealtimeRuntime": 0, "CpusetCpus": "",
                "CpusetMems": "", "Devices": [], "Annotations": null, "DeviceCgroupRules": null, "DeviceRequests": null,
                "MemoryReservation": 0, "MemorySwap": 0, "MemorySwappiness": null, "OomKillDisable": null,
                "PidsLimit": null, "Ulimits": []}
                """)
    }

    @Test func processAndStreams() throws {
        var definition = try Example.definition()
        definition.arguments = ["/entry", "-x", "serve", "now"]
        definition.environment = ["PATH=/bin", "HOME=/root", "A=b"]
        definition.terminal = true
        definition.openStdin = true
        definition.labels = ["k": "v"]
        definition.stopSignal = 10
        definition.stopTimeout = -1
        definition.asked.isAttached = true
        definition.asked.entrypointCount = 2
        definition.asked.environmentAdded = ["PATH", "HOME"]
        definition.asked.volumes = ["/data"]
        definition.asked.exposedPorts = ["80", "53/udp"]
        try expect(
            inspected(definition)["Config"],
            is: """
                {"Hostname": "box", "Domainname": "", "User": "daemon", "AttachStdin": true, "AttachStdout": true,
                "AttachStderr": true, "ExposedPorts": {"53/udp": {}, "80/tcp": {}}, "Tty": true, "OpenStdin": true,
                "StdinOnce": true, "Env": ["A=b"], "Cmd": ["serve", "now"], "Healthcheck": null, "Image": "busybox",
                "Volumes": {"/data": {}}, "WorkingDir": "/srv", "Entrypoint": ["/entry", "-x"], "MacAddress": null,
                "OnBuild": null, "Labels": {"k": "v"}, "StopSignal": "SIGUSR1", "StopTimeout": -1}
                """)
        definition.asked.isAttached = false
        definition.asked.entrypointCount = 4
        let detached = try #require(inspected(definition)["Config"])
        #expect(detached["AttachStdin"] == false && detached["StdinOnce"] == false && detached["OpenStdin"] == true)
        #expect(detached["Cmd"] == .null && detached["Entrypoint"]?.array?.count == 4)
    }

    @Test func mountsAndDevices() throws {
        var definition = try Example.definition()
        definition.binds = [
            BindMount(source: "/a", target: "/in", readOnly: false),
            BindMount(source: "/b", target: "/ro", readOnly: true),
        ]
        definition.temporaryMounts = [
            TemporaryMount(target: "/t", data: "size=1m", isExecutable: true, readOnly: false),
            TemporaryMount(target: "/u", data: "", isExecutable: false, readOnly: true),
        ]
        definition.devices = [DeviceMapping(source: "/dev/fuse", target: "/dev/f", permissions: "rw")]
        let json = inspected(definition)
        try expect(
            json["Mounts"],
            is: """
                [{"Type": "bind", "Source": "/a", "Destination": "/in", "Mode": "", "RW": true,
                "Propagation": "rprivate"},
                {"Type": "bind", "Source": "/b", "Destination": "/ro", "Mode": "ro", "RW": false,
                "Propagation": "rprivate"},
                {"Type": "tmpfs", "Source": "", "Destination": "/t", "Mode": "", "RW": true, "Propagation": ""},
                {"Type": "tmpfs", "Source": "", "Destination": "/u", "Mode": "", "RW": false, "Propagation": ""}]
                """)
        #expect(json["HostConfig"]?["Binds"] == ["/a:/in", "/b:/ro:ro"])
        try expect(json["HostConfig"]?["Tmpfs"], is: #"{"/t": "exec,size=1m", "/u": "ro"}"#)
        try expect(
            json["HostConfig"]?["Devices"],
            is: #"[{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/f", "CgroupPermissions": "rw"}]"#)
    }

    @Test func limits() throws {
        var definition = try Example.definition()
        definition.limits.memory = 1 << 30
        definition.limits.milliCPUs = 1500
        definition.limits.cpuShares = 512
        definition.limits.cpuset = "0-1"
        definition.limits.pids = 100
        definition.ulimits = [try ResourceUlimit(parsing: "nofile=10:unlimited")]
        let json = try #require(inspected(definition)["HostConfig"])
        for (member, wanted): (String, JSON) in [
            ("Memory", 1_073_741_824), ("MemorySwap", 2_147_483_648), ("NanoCpus", 1_500_000_000), ("CpuShares", 512),
            ("CpusetCpus", "0-1"), ("PidsLimit", 100),
        ] {
            #expect(json[member] == wanted, "\(member)")
        }
        try expect(json["Ulimits"], is: #"[{"Name": "nofile", "Soft": 10, "Hard": -1}]"#)
    }

    /// Docker's names for whose its namespaces are, what it is told of names, and the kernel of it.
    @Test func surroundings() throws {
        var definition = try Example.definition(.container(try Example.id("77")))
        let other = "container:" + String(repeating: "77", count: 32)
        definition.namespaces.pid = .container(try Example.id("77"))
        definition.namespaces.ipcSharing = .shareable
        (definition.namespaces.uts, definition.namespaces.cgroup) = (.host, .host)
        definition.names.domain = "example"
        definition.names.servers = [try #require(ServerAddress("10.0.0.1"))]
        (definition.names.searches, definition.names.options) = (["a.org"], ["ndots:1"])
        definition.names.extraHosts = [try #require(ExtraHost("db=10.0.0.2"))]
        definition.names.links = [ContainerLink(try Example.id("88"), nil, as: try #require(Name("mysql")))]
        definition.kernel.sharedMemory = 4096
        definition.kernel.sysctls = ["net.core.somaxconn": "5"]
        definition.kernel.oomScore = -3
        definition.kernel.deviceRules = [try #require(DeviceCgroupRule("c 1:* r"))]
        definition.groupsAdded = ["audio"]
        (definition.limits.memoryReservation, definition.limits.memorySwappiness) = (8 << 20, 0)
        (definition.limits.cpuQuota, definition.limits.cpuPeriod) = (-1, 5000)
        (definition.limits.memoryNodes, definition.limits.blockWeight) = ("0", 10)
        definition.limits.disablesOutOfMemoryKills = true
        definition.asked.annotations = ["k": "v"]
        definition.asked.idleSecurityOptions = ["label=disable"]
        (definition.asked.isAttached, definition.asked.attached) = (true, ["stderr"])
        let json = inspected(definition)
        let wanted: [(String, JSON)] = [
            ("NetworkMode", .string(other)), ("PidMode", .string(other)), ("IpcMode", "shareable"), ("UTSMode", "host"),
            ("CgroupnsMode", "host"), ("UsernsMode", ""), ("Dns", ["10.0.0.1"]), ("DnsSearch", ["a.org"]),
            ("DnsOptions", ["ndots:1"]), ("ExtraHosts", ["db:10.0.0.2"]), ("Links", ["/888888888888:/web/mysql"]),
            ("ShmSize", 4096), ("Sysctls", ["net.core.somaxconn": "5"]), ("OomScoreAdj", -3),
            ("DeviceCgroupRules", ["c 1:* r"]), ("GroupAdd", ["audio"]), ("MemoryReservation", 8_388_608),
            ("MemorySwappiness", 0), ("CpuQuota", -1), ("CpuPeriod", 5000), ("CpusetMems", "0"), ("BlkioWeight", 10),
            ("OomKillDisable", true), ("Annotations", ["k": "v"]), ("SecurityOpt", ["label=disable"]),
        ]
        for (member, value) in wanted { #expect(json["HostConfig"]?[member] == value, "\(member)") }
        let configuration = try #require(json["Config"])
        #expect(configuration["Domainname"] == "example" && configuration["AttachStdout"] == false)
        #expect(configuration["AttachStderr"] == true && json["NetworkSettings"]?["Networks"] == [:])
        // And of one that asked for nothing.
        let usual = try #require(inspected(try Example.definition())["HostConfig"])
        for (member, value) in [
            ("PidMode", ""), ("IpcMode", "private"), ("UTSMode", ""), ("CgroupnsMode", "private"),
            ("ShmSize", 67_108_864),
            ("CpuQuota", 0), ("GroupAdd", nil), ("Sysctls", nil), ("Dns", []),
        ] as [(String, JSON)] { #expect(usual[member] == value, "\(member)") }
    }

    @Test func rights() throws {
        var definition = try Example.definition()
        definition.asked.capabilitiesAdded = ["NET_ADMIN"]
        definition.asked.capabilitiesDropped = ["CAP_CHOWN"]
        definition.capabilities = ["NET_ADMIN", "KILL"]
        definition.readOnlyRoot = true
        definition.usesInit = true
        definition.noNewPrivileges = true
        definition.seccomp = "/profile.json"
        definition.restart = try RestartPolicy(parsing: "on-failure:4")
        definition.log.isKept = false
        var json = try #require(inspected(definition)["HostConfig"])
        #expect(json["CapAdd"] == ["NET_ADMIN"] && json["CapDrop"] == ["CAP_CHOWN"])
        #expect(json["CapEffective"] == ["CAP_NET_ADMIN", "CAP_KILL"])
        #expect(json["ReadonlyRootfs"] == true && json["Init"] == true)
        #expect(json["SecurityOpt"] == ["no-new-privileges", "seccomp=/profile.json"])
        try expect(json["RestartPolicy"], is: #"{"Name": "on-failure", "MaximumRetryCount": 4}"#)
        try expect(json["LogConfig"], is: #"{"Type": "none", "Config": {}}"#)
        // A privileged one is unconfined without having been asked to be.
        definition.noNewPrivileges = false
        definition.seccomp = "unconfined"
        #expect(inspected(definition)["HostConfig"]?["SecurityOpt"] == ["seccomp=unconfined"])
        definition.privileged = true
        json = try #require(inspected(definition)["HostConfig"])
        #expect(json["SecurityOpt"] == .null && json["Privileged"] == true)
    }

    @Test func publishedPorts() throws {
        var wish = EndpointWish(network: try #require(Name("br0")))
        wish.mac = MACAddress("02:42:00:00:00:77")
        wish.publish = try ["8080:80", "127.0.0.1::81/udp", "9000-9001:90-91", "0.0.0.0:8081:80"].map {
            try PublishRequest(parsing: $0)
        }
        var definition = try Example.definition(.networks([wish]))
        definition.asked.publishesExposed = true
        let json = inspected(definition)
        #expect(json["HostConfig"]?["NetworkMode"] == "br0" && json["HostConfig"]?["PublishAllPorts"] == true)
        try expect(
            json["HostConfig"]?["PortBindings"],
            is: """
                {"80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "0.0.0.0", "HostPort": "8081"}],
                "81/udp": [{"HostIp": "127.0.0.1", "HostPort": ""}],
                "90/tcp": [{"HostIp": "", "HostPort": "9000"}], "91/tcp": [{"HostIp": "", "HostPort": "9001"}]}
                """)
        try expect(
            json["Config"]?["ExposedPorts"], is: #"{"80/tcp": {}, "81/udp": {}, "90/tcp": {}, "91/tcp": {}}"#)
        #expect(json["Config"]?["MacAddress"] == "02:42:00:00:00:77")
    }

    /// As the other one is called now; of one that is gone, as it was.
    @Test func linkedContainers() throws {
        var definition = try Example.definition()
        let (alias, former) = (try #require(Name("mysql")), try #require(Name("db")))
        let other = try Example.id("88")
        definition.names.links = [ContainerLink(other, former, as: alias)]
        var details = Example.details(definition, .created)
        #expect(details.inspected["HostConfig"]?["Links"] == ["/db:/web/mysql"])
        details.linkNames = [other: try #require(Name("db2"))]
        #expect(details.inspected["HostConfig"]?["Links"] == ["/db2:/web/mysql"])
        let read = try ContainerLink(RecordReader(definition.names.links[0].json))
        #expect(read == definition.names.links[0])
    }

    @Test func whatIsNullAndLeftOut() {
        let json: JSON = ["Config": ["Healthcheck": nil, "Cmd": nil, "Tmpfs": nil, "Labels": [:]], "Mounts": nil]
        #expect(JSON.array([json]).withoutOmitted == [["Config": ["Cmd": nil, "Labels": [:]]]])
        #expect(JSON.list([]) == .null && JSON.set([]) == .null)
    }
}
