import Testing

@testable import Core

/// What a container has of others and of the kernel, as values and on record.
@Suite struct SurroundingsTests {
    private static let other = ContainerID(String(repeating: "cd", count: 32)) ?? .random()

    private func definition() throws -> ContainerDefinition {
        ContainerDefinition(
            id: .random(), name: try #require(Name("web")), created: Timestamp(nanoseconds: 0), image: "busybox",
            imageID: nil, layers: [], arguments: ["sh"], environment: [], workingDirectory: "/", user: "",
            hostname: "box", networkMode: .container(Self.other))
    }

    @Test func theyAreReadBackAsTheyWere() throws {
        var definition = try definition()
        definition.namespaces.pid = .container(Self.other)
        definition.namespaces.ipcSharing = .shareable
        (definition.namespaces.uts, definition.namespaces.cgroup) = (.host, .host)
        definition.names.domain = "example"
        definition.names.extraHosts = ["a:10.0.0.1", "b:host-gateway", "c:fd00::1"].compactMap(ExtraHost.init)
        definition.names.servers = ["127.0.0.1", "fd00::53", "fe80::53%eth0"].compactMap(ServerAddress.init)
        (definition.names.searches, definition.names.options) = (["x.org"], ["ndots:2"])
        definition.names.hasHostsFile = false
        definition.kernel.sharedMemory = 1 << 20
        definition.kernel.sysctls = ["net.core.somaxconn": "64"]
        definition.kernel.oomScore = -17
        definition.kernel.deviceRules = ["c *:3 rw", "a 7:* m"].compactMap(DeviceCgroupRule.init)
        (definition.groupsAdded, definition.pidFile) = (["audio", "1000"], "/tmp/pid")
        definition.asked.annotations = ["k": "v"]
        definition.asked.idleSecurityOptions = ["label=disable"]
        #expect(definition.names.servers.map(\.description) == ["127.0.0.1", "fd00::53", "fe80::53%eth0"])
        #expect(definition.names.extraHosts.count == 3 && definition.kernel.deviceRules.count == 2)
        definition.limits.memoryReservation = 7 << 20
        (definition.limits.memorySwappiness, definition.limits.disablesOutOfMemoryKills) = (0, true)
        (definition.limits.cpuQuota, definition.limits.cpuPeriod) = (-1, 5000)
        (definition.limits.memoryNodes, definition.limits.blockWeight) = ("0", 10)
        let text = definition.json.compact
        #expect(try ContainerDefinition(RecordReader(JSON(parsing: text))) == definition)
    }

    /// The release before knows them, but no server at a link: it reads the others, and what it writes is read here.
    @Test func theReleaseBeforeReadsTheServersThatItKnows() throws {
        let texts = ["fe80::53%eth0", "10.0.0.1", "fe80::53%2", "fe80::54%eth0", "fd00::53", "fe80::55%eth1"]
        var names = NameSettings()
        names.servers = texts.compactMap(ServerAddress.init)
        let json = names.json
        let known = try #require(json["servers"]?.strings)
        #expect(known == ["10.0.0.1", "fd00::53"] && known.allSatisfy { IPAddress($0) != nil })
        #expect(try NameSettings(RecordReader(json)).servers.map(\.description) == texts)
        let former = try #require(json.members).filter { $0.key != "serversAtLinks" }
        #expect(try NameSettings(RecordReader(.object(former))).servers.map(\.description) == known)
    }

    @Test(arguments: [
        #"[{"server":"fe80::53%eth0","place":1}]"#, #"[{"server":"fe80::53%eth0","place":-1}]"#,
        #"[{"server":"fe80::53%eth 0","place":0}]"#, #"[{"server":"10.0.0.1%eth0","place":0}]"#, #"["fe80::53%eth0"]"#,
    ]) func serversAtLinksThatAreNone(text: String) throws {
        let members = try #require(NameSettings().json.members).filter { $0.key != "serversAtLinks" }
        let atLinks = try JSON(parsing: text)
        let json = JSON.object(members + [(key: "serversAtLinks", value: atLinks)])
        #expect(throws: RecordError.self) { try NameSettings(RecordReader(json)) }
    }

    /// A release that knew none of them has written it.
    @Test func aRecordWithoutThemHasTheUsualOnes() throws {
        let definition = try definition()
        let former = try #require(definition.json.members).filter {
            !["namespaces", "names", "kernel", "groupsAdded", "pidFile"].contains($0.key)
        }
        #expect(try ContainerDefinition(RecordReader(.object(former))) == definition)
    }

    @Test(arguments: [
        #"{"pid":"other","ipc":"private","uts":"","cgroup":""}"#,
        #"{"pid":"container:x","ipc":"none","uts":"","cgroup":""}"#,
        #"{"pid":"","ipc":"private","uts":"container:x","cgroup":""}"#,
    ]) func whatIsUnknownIsRefused(text: String) throws {
        let json = try JSON(parsing: text)
        #expect(throws: RecordError.self) { try NamespaceModes<ContainerID>(RecordReader(json)) }
    }

    @Test func hosts() throws {
        #expect(ExtraHost("db:10.0.0.1")?.address == IPAddress("10.0.0.1"))
        #expect(ExtraHost("db=[::1]")?.address == IPAddress("::1"))
        #expect(ExtraHost("me:host-gateway")?.text == "me:host-gateway")
        for text in ["", "db", ":10.0.0.1", "db:", "db:x", "a b:10.0.0.1", "#a:10.0.0.1"] {
            #expect(ExtraHost(text) == nil, "\(text)")
        }
    }

    @Test func settingsOfNamespacesOnly() {
        #expect(SysctlScope(of: "net.ipv4.ip_forward") == .network)
        #expect(SysctlScope(of: "kernel.shmmax") == .ipc)
        #expect(SysctlScope(of: "fs.mqueue.msg_max") == .ipc)
        for name in ["kernel.panic", "vm.swappiness", "fs.file-max", "net.", "net", "net/core/x", "net..core", ""] {
            #expect(SysctlScope(of: name) == nil, "\(name)")
        }
        #expect(SysctlScope.path(of: "net.core.somaxconn") == "/proc/sys/net/core/somaxconn")
    }

    @Test func deviceRules() throws {
        let rule = try #require(DeviceCgroupRule("c 42:* rmw"))
        #expect(rule.major == 42 && rule.minor == nil && rule.reads && rule.writes)
        #expect(DeviceCgroupRule("a *:* m")?.reads == false)
        for text in ["", "c 42 rwm", "d 1:1 r", "c 1:1", "c 1:1 x", "c 1:1 rwmr", "c -1:1 r", "c 1:x r", "c  1:1 r"] {
            #expect(DeviceCgroupRule(text) == nil, "\(text)")
        }
    }

    @Test func limitsThatContradictEachOther() {
        func complaint(_ set: (inout ResourceLimits) -> Void) -> String? {
            var limits = ResourceLimits()
            set(&limits)
            do throws(OperationError) { try limits.check() } catch { return error.description }
            return nil
        }
        #expect(
            complaint { ($0.memory, $0.memoryReservation) = (8 << 20, 9 << 20) }
                == "Minimum memory limit can not be less than memory reservation limit, see usage")
        #expect(
            complaint { ($0.milliCPUs, $0.cpuQuota) = (500, 1000) }
                == "Conflicting options: Nano CPUs and CPU Quota cannot both be set")
        #expect(complaint { ($0.milliCPUs, $0.cpuPeriod) = (500, 1000) }?.contains("CPU Period") == true)
        #expect(complaint { ($0.cpuQuota, $0.cpuPeriod) = (1000, 2000) } == nil)
    }

    @Test func oneWayOfLimitingTheProcessorIsNotChangedByTheOther() {
        var (quota, whole) = (ResourceLimits(), ResourceLimits())
        (quota.cpuQuota, whole.milliCPUs) = (50_000, 500)
        var (byNumber, byQuota) = (LimitUpdate(), LimitUpdate())
        (byNumber.milliCPUs, byQuota.cpuQuota) = (700, 70_000)
        #expect(throws: OperationError.self) { try byNumber.applied(to: quota) }
        #expect(throws: OperationError.self) { try byQuota.applied(to: whole) }
        #expect(throws: Never.self) { try byQuota.applied(to: quota) }
        #expect(throws: Never.self) { try byNumber.applied(to: whole) }
    }
}
