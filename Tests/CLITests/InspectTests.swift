import Foundation
import Testing

extension CLI {
    /// What a container was asked to be and is, in Docker's words.
    @Suite(.serialized) struct Inspect {
        init() {
            Host.switchRoutingOn()
            #expect(Host.hasDefaultImage)
        }
    }
}

extension CLI.Inspect {
    /// Members that Docker has, of a container, with the type of each.
    private static let members: [(String, String)] = [
        ("Driver Platform AppArmorProfile MountLabel ProcessLabel Path Image Name LogPath", "String"),
        ("HostConfig.ContainerIDFile HostConfig.NetworkMode HostConfig.PidMode HostConfig.IpcMode", "String"),
        ("HostConfig.UTSMode HostConfig.UsernsMode HostConfig.CgroupParent HostConfig.Runtime", "String"),
        ("HostConfig.CpusetCpus HostConfig.CpusetMems HostConfig.VolumeDriver Config.Domainname", "String"),
        ("HostConfig.ShmSize HostConfig.CpuQuota HostConfig.CpuPeriod HostConfig.OomScoreAdj", "Number"),
        ("HostConfig.MemoryReservation HostConfig.BlkioWeight HostConfig.NanoCpus HostConfig.Memory", "Number"),
        ("HostConfig.PublishAllPorts HostConfig.Privileged HostConfig.ReadonlyRootfs HostConfig.AutoRemove", "Number"),
        ("Config.AttachStdin Config.AttachStdout Config.AttachStderr Config.StdinOnce Config.Tty", "Number"),
        (
            "HostConfig.Devices HostConfig.Dns HostConfig.DnsOptions HostConfig.DnsSearch HostConfig.ConsoleSize",
            "Array"
        ),
        ("ExecIDs HostConfig.CapAdd HostConfig.CapDrop HostConfig.SecurityOpt HostConfig.ExtraHosts", "Null"),
        ("HostConfig.Links HostConfig.VolumesFrom HostConfig.GroupAdd HostConfig.PidsLimit", "Null"),
        (
            "HostConfig.OomKillDisable HostConfig.MemorySwappiness Config.Entrypoint Config.Volumes Config.OnBuild",
            "Null"
        ),
        ("NetworkSettings.SandboxKey NetworkSettings.SandboxID NetworkSettings.Bridge GraphDriver.Name", "String"),
        ("NetworkSettings.IPv6Gateway NetworkSettings.GlobalIPv6Address NetworkSettings.EndpointID", "String"),
        ("NetworkSettings.Networks.none.Aliases NetworkSettings.Networks.none.Links", "Null"),
        ("NetworkSettings.Networks.none.IPAMConfig NetworkSettings.Networks.none.DNSNames", "Null"),
        ("GraphDriver.Data.LowerDir GraphDriver.Data.UpperDir GraphDriver.Data.MergedDir", "String"),
    ]

    private func object(_ name: String, _ words: [String] = ["inspect"]) throws -> [String: Any] {
        let output = Host.run([Host.mydocker] + words + [name]).output
        let objects = try #require(try JSONSerialization.jsonObject(with: output) as? [[String: Any]])
        return try #require(objects.first)
    }

    private func type(of path: String, in object: [String: Any]) -> String {
        var value: Any? = object
        for part in path.split(separator: ".") { value = (value as? [String: Any])?[String(part)] }
        switch value {
        case nil: return "missing"
        case is NSNull: return "Null"
        case is String: return "String"
        case is [Any]: return "Array"
        case is NSNumber: return "Number"
        default: return "Object"
        }
    }

    @Test func containersHaveDockersMembers() throws {
        try withContainer("insall", "sleep", "1000") { id in
            let object = try object("insall")
            for (paths, expected) in Self.members {
                for path in paths.split(separator: " ") {
                    #expect(type(of: String(path), in: object) == expected, "\(path)")
                    // None is an unknown field to a template.
                    #expect(mydocker("inspect", "-f", "{{.\(path)}}", "insall").code == 0, "\(path)")
                }
            }
            // What Docker leaves out while it is not set is left out, and known to templates all the same.
            for path in [
                "State.Health", "Config.Healthcheck", "Config.ExposedPorts", "HostConfig.Tmpfs", "HostConfig.Sysctls",
            ] {
                #expect(type(of: path, in: object) == "missing", "\(path)")
                #expect(mydocker("inspect", "-f", "{{if .\(path)}}y{{end}}", "insall").text == "\n", "\(path)")
            }
            let pid = inspect("{{.State.Pid}}", "insall")
            #expect(inspect("{{.NetworkSettings.SandboxKey}}", "insall") == "/proc/\(pid)/ns/net")
            #expect(inspect("{{.NetworkSettings.SandboxID}}", "insall") == id)
            #expect(
                Host.run(["test", "-e", inspect("{{.GraphDriver.Data.MergedDir}}", "insall") + "/bin/sleep"]).code == 0)
            // W5, W6 and W13.
            #expect(inspect("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "insall") == "none")
            #expect(inspect("{{.HostConfig.PidsLimit}} {{.Config.Entrypoint}}", "insall") == "<nil> []")
            #expect(inspect(#"{{printf "%.12s|%-4s|" .Id "a"}}"#, "insall") == "\(id.prefix(12))|a   |")
            #expect(mydocker("inspect", "-f", "{{.State.Nope}}", "insall").code == 1)
        }
    }

    /// W7: what every container is given is not what somebody has set, though its programs have it.
    @Test func W7_environmentIsTheImagesAndTheCallers() throws {
        try withContainer("insenv", "-e", "A=b", "sh", "-c", "env; exec sleep 1000") { _ in
            let image = inspect("{{range .Config.Env}}{{println .}}{{end}}", "busybox").split(separator: "\n").map(
                String.init)
            let own = inspect("{{range .Config.Env}}{{println .}}{{end}}", "insenv").split(separator: "\n").map(
                String.init)
            #expect(own.sorted() == (image + ["A=b"]).sorted())
            waitForLog("insenv", "HOSTNAME=")
            for name in ["HOSTNAME=", "HOME=", "PATH=", "A=b"] {
                #expect(succeed("exec", "insenv", "env").text.contains(name))
            }
        }
        // Set by the caller it is the caller's.
        try withContainer("insenv2", "-e", "HOME=/h", "-e", "HOSTNAME=x", "sleep", "1000") { _ in
            #expect(inspect("{{json .Config.Env}}", "insenv2").contains("HOME=/h"))
            #expect(inspect("{{json .Config.Env}}", "insenv2").contains("HOSTNAME=x"))
        }
    }

    /// A record of before it was kept has the environment whole, and no word of what was asked.
    @Test func D8_anOlderRecordIsStillRead() throws {
        succeed("run", "--net", "none", "--name", "insold", "true")
        defer { succeed("rm", "insold") }
        let record = "/var/lib/mydocker/containers/\(inspect("{{.Id}}", "insold"))/record.json"
        let text = Host.read(record)
        var members = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(members.removeValue(forKey: "asked") != nil)
        try JSONSerialization.data(withJSONObject: members).write(to: URL(fileURLWithPath: record))
        #expect(inspect("{{.HostConfig.PortBindings}} {{.Config.Cmd}}", "insold") == "map[] [true]")
        #expect(inspect("{{.Config.Env}}", "insold").contains("HOSTNAME="))
        #expect(succeed("ps", "-a", "--format", "{{.Names}}").lines.contains("insold"))
    }

    /// Defect 8: what was asked for is there when the container has ended.
    @Test func D8_whatWasAskedOutlivesTheRun() throws {
        let network = try TestNetwork("insnet", "10.201.200.1/24")
        defer { network.remove() }
        try withScratch { scratch in
            let outcome = mydocker(
                "run", "--name", "insended", "--net", "insnet", "-p", "20300:80", "-p", "127.0.0.1::81/udp", "--ip",
                "10.201.200.77", "--mac-address", "02:42:0a:00:00:77", "--cap-add", "NET_ADMIN", "--cap-drop",
                "CAP_CHOWN",
                "--security-opt", "no-new-privileges", "--tmpfs", "/t:size=1m", "--cidfile", scratch + "/id",
                "--entrypoint", "sh", "busybox", "-c", "exit 0")
            #expect(outcome.code == 0, "\(outcome.error)")
            defer { succeed("rm", "insended") }
            func value(_ path: String) -> String { inspect("{{json .\(path)}}", "insended") }
            #expect(
                value("HostConfig.PortBindings")
                    == #"{"80/tcp":[{"HostIp":"","HostPort":"20300"}],"81/udp":[{"HostIp":"127.0.0.1","HostPort":""}]}"#
            )
            #expect(value("Config.ExposedPorts") == #"{"80/tcp":{},"81/udp":{}}"#)
            #expect(value("Config.MacAddress") == #""02:42:0a:00:00:77""#)
            #expect(value("NetworkSettings.MacAddress") == #""02:42:0a:00:00:77""#)
            #expect(value("NetworkSettings.Networks.insnet.IPAMConfig") == #"{"IPv4Address":"10.201.200.77"}"#)
            #expect(value("NetworkSettings.IPAddress") == #""""#)
            #expect(value("HostConfig.CapAdd") == #"["NET_ADMIN"]"# && value("HostConfig.CapDrop") == #"["CAP_CHOWN"]"#)
            #expect(value("HostConfig.SecurityOpt") == #"["no-new-privileges"]"#)
            #expect(value("HostConfig.Tmpfs") == #"{"/t":"size=1m"}"#)
            #expect(value("HostConfig.ContainerIDFile") == "\"\(scratch)/id\"")
            #expect(value("Config.Entrypoint") == #"["sh"]"# && value("Config.Cmd") == #"["-c","exit 0"]"#)
            #expect(value("Config.AttachStdout") == "true" && value("Config.AttachStdin") == "false")
        }
    }

    @Test func imagesAndVersionHaveDockersMembers() throws {
        try withScratch { scratch in
            #expect(
                Host.shell("cd \(scratch); mkdir -p r/bin; cp /bin/busybox r/bin/sh; tar -C r -cf a.tar bin").code == 0)
            succeed("import", "-m", "words", "-c", "VOLUME /data", "-c", "EXPOSE 80", scratch + "/a.tar", "insimage")
            defer { succeed("rmi", "insimage") }
            let object = try object("insimage")
            for (paths, expected) in [
                ("Architecture Author Parent Comment Os DockerVersion Created GraphDriver.Name", "String"),
                ("Size VirtualSize Config.Tty", "Number"), ("RepoDigests RepoTags", "Array"),
                ("Config.Volumes Config.ExposedPorts RootFS Metadata", "Object"), ("Config.Entrypoint", "Null"),
            ] {
                for path in paths.split(separator: " ") {
                    #expect(type(of: String(path), in: object) == expected, "\(path)")
                }
            }
            #expect(
                inspect("{{.Comment}}|{{.Config.StopSignal}}|{{.Config.Volumes}}", "insimage")
                    == "words||map[/data:map[]]")
            let architecture = Host.run(["uname", "-m"]).word
            #expect(inspect("{{.Architecture}}", "insimage") == (architecture == "x86_64" ? "amd64" : "arm64"))
            let upper = inspect("{{.GraphDriver.Data.UpperDir}}", "insimage")
            #expect(FileManager.default.fileExists(atPath: upper + "/bin/sh"))
            #expect(succeed("images", "--format", "{{.Digest}}", "insimage").word == "<none>")
        }
        let kernel = Host.run(["uname", "-r"]).word
        #expect(succeed("version", "--format", "{{.Server.KernelVersion}}").word == kernel)
        for field in ["APIVersion", "ApiVersion", "GitCommit", "Os", "Arch", "Experimental", "BuildTime"] {
            #expect(mydocker("version", "--format", "{{.Server.\(field)}}").code == 0, "\(field)")
        }
    }

    /// The label of the image gives way to the caller's.
    @Test func labelsOfTheCallerWin() throws {
        try withScratch { scratch in
            #expect(
                Host.shell("cd \(scratch); mkdir -p r/bin; cp /bin/busybox r/bin/sh; tar -C r -cf a.tar bin").code == 0)
            succeed("import", "-c", "LABEL k=image other=image", scratch + "/a.tar", "inslabel")
            defer { succeed("rmi", "inslabel") }
            succeed("run", "--net", "none", "--name", "inslabel", "-l", "k=flag", "inslabel", "/bin/sh", "-c", "exit 0")
            defer { succeed("rm", "inslabel") }
            #expect(inspect("{{json .Config.Labels}}", "inslabel") == #"{"k":"flag","other":"image"}"#)
        }
    }

    /// /etc/hosts has its host name, and its supervisor knows its name, which `rename` gives away.
    @Test func aContainerKnowsItsOwnNames() throws {
        let network = try TestNetwork("insown", "10.201.201.1/24")
        defer { network.remove() }
        let hosts = succeed(
            "run", "--rm", "--net", "insown", "--name", "insnamed", "-h", "insbox", "cat", "/etc/hosts")
        #expect(
            hosts.lines.contains { $0.split(whereSeparator: \.isWhitespace) == ["10.201.201.2", "insbox"] })
        #expect(succeed("run", "--rm", "--net", "insown", "--name", "insnamed", "ping", "-c1", "insnamed").code == 0)
    }

    @Test func psCountsWhatIsOnDisk() throws {
        try withContainer("inssize", "sh", "-c", "head -c 3000000 /dev/zero >/f; echo done; exec sleep 1000") { _ in
            waitForLog("inssize", "done")
            let size = succeed("ps", "--format", "{{.Size}}", "-f", "name=inssize").word
            #expect(size.hasPrefix("3") && size.contains("MB (virtual "), "\(size)")
            #expect(succeed("ps", "-s", "-f", "name=inssize").lines.first?.hasSuffix("SIZE") == true)
        }
    }
}
