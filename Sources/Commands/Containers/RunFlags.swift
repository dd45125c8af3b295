import Core
import Engine

extension RunCommand {
    package static var flags: [Flag<RunCommand>] {
        standardIO + recordings + log + identity + programFlags + program + healthChecks + mounts + network + names
            + limits
            + kernelLimits
            + namespaces + kernel + security + pulling + idle
    }

    private static var standardIO: [Flag<RunCommand>] {
        [
            .toggle("interactive", short: "i", "Keep standard input open") { $0.request.interactive = $1 },
            .toggle("tty", short: "t", "Give the container a terminal") { $0.request.terminal = $1 },
            .toggle("detach", short: "d", "Run in the background and print the container's id") {
                $0.request.detached = $1
            },
            .value(
                "ready", "CONDITION",
                "With -d, wait for healthy, tcp:PORT or log:TEXT; exit code 124 when it is late, 125 when it ends before"
            ) { command, text throws(OperationError) in
                command.request.readiness = try SimpleValue.given(text, ReadyCondition.init(parsing:))
            },
            .value("ready-timeout", "TIME", "How long to wait for that: seconds, or 1m30s (default for ever)") {
                command, text throws(OperationError) in
                command.patience = try SimpleValue.given(text, TimeValue.patience)
            },
            .value("attach", short: "a", "STREAM", "Attach to stdin, stdout or stderr alone; repeatable") {
                command, text throws(OperationError) in
                guard ["stdin", "stdout", "stderr"].contains(text.lowercased()) else {
                    throw OperationError("valid streams are STDIN, STDOUT and STDERR", kind: .invalid)
                }
                command.request.attached.insert(text.lowercased())
            },
            .value("detach-keys", "KEYS", "Keys that leave the container's terminal while it goes on") {
                command, text throws(OperationError) in
                try command.request.setDetachKeys(text)
            },
            .toggle("rm", "Remove the container when it ends") { $0.request.autoRemove = $1 },
            .toggle("sig-proxy", "Pass signals on to the container (default true)") { $0.request.passesSignals = $1 },
            .value("cidfile", "FILE", "Write the container's id to a new file, or an open descriptor") {
                command, text throws(OperationError) in
                command.request.cidFile = SimpleValue.given(text)
            },
        ]
    }

    private static var log: [Flag<RunCommand>] {
        [
            .value("log-driver", "DRIVER", "json-file or local, journald or syslog besides, or none") {
                command, text throws(OperationError) in
                try command.request.log.setDriver(SimpleValue.given(text) ?? "json-file")
            },
            .value("log-opt", "OPTION", "Of the log: max-size=10m (-1 is none), max-file=3, tag=TEXT") {
                command, text throws(OperationError) in
                try command.request.log.setOption(text)
            },
        ]
    }

    private static var identity: [Flag<RunCommand>] {
        [
            .value("name", "NAME", "Name of the container") { command, text throws(OperationError) in
                command.request.name = SimpleValue.given(text)
            },
            .toggle("replace", "Remove a container of that name first, running or not") { $0.request.replaces = $1 },
            .value("hostname", short: "h", "NAME", "Host name in the container") {
                command, text throws(OperationError) in
                command.request.hostname = try SimpleValue.given(text, SimpleValue.hostname)
            },
            .value("label", short: "l", "KEY=VALUE", "Set a label") { command, text throws(OperationError) in
                command.labels.append(try SimpleValue.label(text))
            },
            .value("label-file", "FILE", "Read labels from a file") { command, text throws(OperationError) in
                command.labelFiles.append(text)
            },
            .value("image", "IMAGE", "Image to run; all operands are then the command") {
                command, text throws(OperationError) in
                command.request.image = try SimpleValue.nonEmpty(text)
            },
            .value("rootfs", "DIR", "Directory to run as the root file system instead of an image") {
                command, text throws(OperationError) in
                command.request.rootDirectory = try SimpleValue.nonEmpty(text)
            },
        ]
    }

    private static var pulling: [Flag<RunCommand>] {
        [
            .value("pull", "POLICY", "Ask a registry for the image: always, missing (the default) or never") {
                command, text throws(OperationError) in
                guard let policy = PullPolicy(rawValue: text) else {
                    throw OperationError(
                        "invalid pull option: '\(text)': must be one of \"always\", \"missing\" or \"never\"",
                        kind: .invalid)
                }
                command.request.pullPolicy = policy
            },
            .toggle("quiet", short: "q", "Say nothing of pulling") { $0.isQuiet = $1 },
        ]
    }

    private static var program: [Flag<RunCommand>] {
        [
            .value("entrypoint", "PROGRAM", "Replace the image's entry point; empty removes it") {
                command, text throws(OperationError) in
                command.request.entrypoint = text
            },
            .toggle("init", "Run a small init in the container that reaps processes") { $0.request.usesInit = $1 },
            .value("restart", "POLICY", "Begin again when it ends: no, on-failure[:TIMES], always or unless-stopped") {
                command, text throws(OperationError) in
                command.restart = text
            },
            .value("stop-signal", "SIGNAL", "Signal that asks the container to stop") {
                command, text throws(OperationError) in
                command.request.stopSignal = try SimpleValue.given(text, SimpleValue.signal)
            },
            .value("stop-timeout", "SECONDS", "Time to stop in before it is killed") {
                command, text throws(OperationError) in
                command.request.stopTimeout = try SimpleValue.timeout(text)
            },
            .value("timeout", "SECONDS", "Kill it when it runs for longer, with exit code 255; 0 is no limit") {
                command, text throws(OperationError) in
                command.request.timeLimit = try SimpleValue.limit(text)
            },
        ]
    }

    private static var healthChecks: [Flag<RunCommand>] { HealthFlags.flags.map { $0.lifted(to: \.health) } }

    private static var mounts: [Flag<RunCommand>] {
        [
            .value("volume", short: "v", "[SOURCE:]DIR[:ro]", "Mount a host directory or file, or a volume by its name")
            {
                command, text throws(OperationError) in
                command.request.mount(try MountValue(volume: text))
            },
            .value("volumes-from", "CONTAINER[:ro]", "Mount what another container has mounted") {
                command, text throws(OperationError) in
                command.request.volumesFrom.append(try VolumesFrom(parsing: text))
            },
            .value("tmpfs", "DIR[:OPTIONS]", "Mount a file system in memory") { command, text throws(OperationError) in
                command.request.temporaryMounts.append(try TemporaryMount(parsing: text))
            },
            .value(
                "mount", "FIELDS",
                "Mount type=bind,source=PATH,target=DIR[,readonly], type=volume,source=NAME,… or type=tmpfs"
            ) {
                command, text throws(OperationError) in
                command.request.mount(try MountValue(parsing: text))
            },
            .value("device", "HOST[:DIR][:rwm]", "Give the container a device of the host's, or all in a directory") {
                command, text throws(OperationError) in
                command.request.devices.append(try DeviceMapping(parsing: text))
            },
            .toggle("read-only", "Make the root file system read-only") { $0.request.readOnlyRoot = $1 },
        ]
    }

    private static var network: [Flag<RunCommand>] {
        [
            .value(
                "network", also: ["net"], "NETWORK",
                "Network to connect to: a name, bridge, host, none, container:NAME or ns:PATH; repeatable"
            ) {
                command, text throws(OperationError) in
                command.networks.append(try NetworkValue.choice(text))
            },
            .value(
                "network-alias", also: ["net-alias"], "NAME",
                "One more name of the container in the network; repeatable"
            ) {
                command, text throws(OperationError) in
                command.aliases.append(try NetworkValue.alias(text))
            },
            .value("publish", short: "p", "[[IP:]PORT:]PORT[/udp|/sctp]", "Publish a port of the container on the host")
            {
                command, text throws(OperationError) in
                command.request.publish.append(try PublishRequest(parsing: text))
            },
            .toggle("publish-all", short: "P", "Publish every port that the image exposes") {
                $0.request.publishExposed = $1
            },
            .value("ip", "ADDRESS", "IPv4 address in the network") { command, text throws(OperationError) in
                command.address = try SimpleValue.given(text, SimpleValue.ipv4Address)
            },
            .value("ip6", "ADDRESS", "IPv6 address in the network") { command, text throws(OperationError) in
                command.address6 = try SimpleValue.given(text, SimpleValue.ipv6Address)
            },
            .value("mac-address", "ADDRESS", "MAC address in the network") { command, text throws(OperationError) in
                command.mac = try SimpleValue.given(text, SimpleValue.mac)
            },
            .value("link-local-ip", "ADDRESS", "Further address of 169.254.0.0/16 in the network; repeatable") {
                command, text throws(OperationError) in
                command.linkLocal.append(try NetworkValue.linkLocal(text))
            },
        ]
    }

    private static var limits: [Flag<RunCommand>] {
        [
            .value("memory", short: "m", also: ["mem"], "BYTES", "Memory limit, such as 64m") {
                command, text throws(OperationError) in
                command.request.limits.memory = try LimitValue.memory(text)
            },
            .value("memory-swap", "BYTES", "Limit of memory and swap together; -1 is no limit") {
                command, text throws(OperationError) in
                command.request.limits.memorySwap = try LimitValue.memorySwap(text)
            },
            .value("cpus", "NUMBER", "CPU limit, such as 1.5") { command, text throws(OperationError) in
                command.request.limits.milliCPUs = try LimitValue.cpus(text)
            },
            .value("cpu", "PERCENT", "CPU limit in percent of one CPU") { command, text throws(OperationError) in
                command.request.limits.milliCPUs = try LimitValue.cpuPercent(text)
            },
            .value("cpuset-cpus", also: ["cpuset"], "LIST", "Processors to run on, such as 0-2,4") {
                command, text throws(OperationError) in
                command.request.limits.cpuset = try SimpleValue.given(text, LimitValue.cpuset)
            },
            .value("cpu-shares", short: "c", also: ["cpushare"], "NUMBER", "Relative CPU weight; 1024 is the usual one")
            {
                command, text throws(OperationError) in
                command.request.limits.cpuShares = try LimitValue.cpuShares(text)
            },
            .value("pids-limit", "NUMBER", "Limit of processes; -1 is no limit") {
                command, text throws(OperationError) in
                command.request.limits.pids = try LimitValue.pids(text)
            },
            .value("ulimit", "NAME=SOFT[:HARD]", "Limit of a resource") { command, text throws(OperationError) in
                command.request.ulimits.append(try ResourceUlimit(parsing: text))
            },
        ]
    }

    private static var security: [Flag<RunCommand>] {
        [
            .value("cap-add", "CAPABILITY", "Add a capability, or ALL") { command, text throws(OperationError) in
                command.request.capabilitiesAdded.append(try SimpleValue.nonEmpty(text))
            },
            .value("cap-drop", "CAPABILITY", "Drop a capability, or ALL") { command, text throws(OperationError) in
                command.request.capabilitiesDropped.append(try SimpleValue.nonEmpty(text))
            },
            .toggle("privileged", "Give the container every right over the host") { $0.request.privileged = $1 },
            .value("security-opt", "OPTION", "seccomp=unconfined, seccomp=FILE or no-new-privileges") {
                command, text throws(OperationError) in
                try command.request.setSecurityOption(text)
            },
        ]
    }
}

extension RunRequest {
    fileprivate mutating func mount(_ value: MountValue) {
        switch value {
        case .bind(let mount): binds.append(mount)
        case .volume(let mount): volumes.append(mount)
        case .temporary(let mount): temporaryMounts.append(mount)
        }
    }

    fileprivate mutating func setSecurityOption(_ text: String) throws(OperationError) {
        // Docker takes both = and : behind the name.
        let separator = text.firstIndex { $0 == "=" || $0 == ":" } ?? text.endIndex
        let value = text[separator...].dropFirst()
        switch (text[..<separator], value) {
        case ("no-new-privileges", "") where separator == text.endIndex: noNewPrivileges = true
        case ("no-new-privileges", "true"): noNewPrivileges = true
        case ("no-new-privileges", "false"): noNewPrivileges = false
        case ("seccomp", "unconfined"): seccomp = "unconfined"
        case ("seccomp", _) where !value.isEmpty: seccomp = String(value)
        case ("apparmor", _) where !value.isEmpty, ("label", _) where !value.isEmpty:
            idleSecurityOptions.append(text)
        default: throw OperationError("use seccomp=unconfined, seccomp=FILE or no-new-privileges")
        }
    }
}
