import Foundation
import Testing

/// A command that is made to fail, die or stop at every point that it passes.
struct FaultScenario: Sendable, CustomTestStringConvertible {
    /// What is left to do when the faulty command is over.
    struct Step: Sendable {
        let command: [String]
        /// What it may say when it fails, because the faulty command got further than that.
        var excuse: String?
        /// With which of these it may fail then.
        var codes: Set<Int32> = [1]

        init(_ line: String, excuse: String? = nil, codes: Set<Int32> = [1]) {
            command = line.split(separator: " ").map(String.init)
            self.excuse = excuse
            self.codes = codes
        }
        init(_ command: [String]) { self.command = command }
    }

    let name: String
    /// Once, and taken back once.
    var before: [Step] = []
    var after: [Step] = []
    /// Before each walk.
    var prepare: [Step] = []
    let command: [String]
    /// The command whose points are listed, when it is another one.
    var listed: [String]?
    /// Whatever happens, nothing is left without another command: a guardian sees to that.
    var isGuarded = false
    /// It passes what another scenario passes already: the short form takes some of its points.
    var isVariant = false
    /// The container ends with 0, which is not forgotten once it is written down.
    var keepsExit = false
    /// Some of its points are passed later, by its supervisor in the next commands.
    var goesOn = false
    /// There is one at localhost:5000, which has nothing at first.
    var needsRegistry = false
    /// A command that fails has made nothing.
    var isAllOrNothing = false
    /// The next plain commands, and those that take away what the command has made.
    var next: [Step] = []

    var testDescription: String { name }

    static let network = "fwalk"
    static let subnet = "10.230.0.1/30"
    static let cgroupParent = "fwparent"
    /// Somebody listens there.
    static let receiver = "/tmp/fwreceiver"
    private static let port = "20990:80"
    private static let other = "10.230.0.5/30"
    private static let gone = "No such container"
    private static let anything = "mydocker: "

    /// It takes the one address and the port.
    private static let plainRun = Step("run --rm --net \(network) -p \(port) true")
    private static let onNetwork = ["--name", "fwbox", "--net", network, "--network-alias", "fwalias", "-p", port]
    private static let start = Step(["run", "-d"] + onNetwork + ["sh", "-c", "echo x >/file; exec sleep 1000"])
    /// Its program has written its file.
    private static let settle = Step(["exec", "fwbox", "sh", "-c", "until grep -q sleep /proc/1/comm; do :; done"])
    private static let startShort = Step(["run", "-d"] + onNetwork + ["sh", "-c", "mkdir /d; echo x >/d/file"])
    private static let removeByForce = Step("rm -f fwbox", excuse: gone)

    /// A network on which somebody publishes a port, and how it goes.
    private static let moving = [
        Step("network create --firewall iptables --subnet \(other) --subnet fd00:77::/64 fwother"),
        Step("run -d --name fwbox --net fwother -p \(port) sleep 1000"),
    ]
    private static let moved = [Step("rm -f fwbox"), Step("network remove fwother")]

    static let all = containers + images

    private static let containers: [FaultScenario] = [
        FaultScenario(
            name: "run", command: ["run", "--rm"] + onNetwork + ["echo", "hi"], isGuarded: true, next: [plainRun]),
        FaultScenario(
            name: "run, and again at once", command: ["run", "--rm"] + onNetwork + ["echo", "hi"], isVariant: true,
            next: [Step(["run", "--rm"] + onNetwork + ["true"])]),
        FaultScenario(
            name: "run, keeping", command: ["run"] + onNetwork + ["echo", "hi"],
            isVariant: true, keepsExit: true, next: [plainRun, removeByForce]),
        FaultScenario(
            name: "run -d",
            command: ["run", "-d", "--log-opt", "max-size=100"] + onNetwork
                + ["sh", "-c", "echo one; usleep 10000; echo two"],
            keepsExit: true, next: [Step("wait fwbox", excuse: gone), plainRun, removeByForce]),
        FaultScenario(
            name: "run on a network of nftables",
            before: [
                Step("network create --firewall nftables --subnet \(other) fwother"),
                Step("run --rm --net fwother true"),
            ],
            after: [Step("network remove fwother")],
            command: ["run", "--rm", "--name", "fwbox", "--net", "fwother", "-p", port, "echo", "hi"], isGuarded: true,
            next: [Step("run --rm --net fwother -p \(port) true")]),
        FaultScenario(
            name: "network create with IPv6",
            command: ["network", "create", "--subnet", other, "--subnet", "fd00:77::/64", "fwother"],
            isVariant: true,
            next: [
                Step("network create --subnet \(other) --subnet fd00:77::/64 fwother", excuse: "already exists"),
                Step("network remove fwother"),
            ]),
        FaultScenario(
            name: "run on a network with IPv6",
            before: [
                Step("network create --subnet \(other) --subnet fd00:77::/64 fwother"),
                Step("run --rm --net fwother true"),
            ],
            after: [Step("network remove fwother")],
            command: [
                "run", "--rm", "--name", "fwbox", "--net", "fwother", "-p", port, "--ip6", "fd00:77::9", "echo", "hi",
            ],
            isGuarded: true, isVariant: true,
            next: [Step("run --rm --net fwother --ip6 fd00:77::9 -p \(port) true")]),
        FaultScenario(
            name: "run on a network of macvlan",
            before: [
                Step("ip link add fwparent up type bridge"),
                Step("network create -d macvlan -o parent=fwparent --subnet \(other) fwother"),
                Step("run --rm --net fwother true"),
            ],
            after: [Step("network remove fwother"), Step("ip link delete fwparent")],
            command: ["run", "--rm", "--name", "fwbox", "--net", "fwother", "echo", "hi"], isGuarded: true,
            next: [Step("run --rm --net fwother true")]),
        FaultScenario(
            name: "network create on nftables",
            command: ["network", "create", "--firewall", "nftables", "--subnet", other, "fwother"],
            next: [
                Step("network create --firewall nftables --subnet \(other) fwother", excuse: "already exists"),
                Step("network remove fwother"),
            ]),
        FaultScenario(
            name: "network reload --firewall, and the next command", prepare: moving,
            command: ["network", "reload", "--firewall", "nftables", "fwother"],
            next: [
                Step("run --rm --net \(network) true"), Step("network reload fwother"), Step("system check"),
            ] + moved),
        FaultScenario(
            name: "network reload --firewall, and the end", prepare: moving,
            command: ["network", "reload", "--firewall", "nftables", "fwother"], isVariant: true, next: moved),
        FaultScenario(
            name: "run -d --rm", command: ["run", "-d", "--rm"] + onNetwork + ["echo", "hi"],
            isVariant: true, next: [Step("wait fwbox", excuse: gone), plainRun, removeByForce]),
        FaultScenario(
            name: "run that reclaims", prepare: [start, Step("kill-supervisor fwbox")],
            command: ["run", "--rm", "--net", network, "-p", port, "true"], isVariant: true,
            next: [plainRun, removeByForce]),
        FaultScenario(
            name: "run -d with a health check",
            command: ["run", "-d", "--health-cmd", "true", "--health-interval", "50ms"] + onNetwork
                + ["sleep", "1000"], isVariant: true, goesOn: true,
            next: [
                // Each check's process goes on from the supervisor's number, and so each comes to the fault.
                Step("wait --for healthy --ready-timeout 1s fwbox", excuse: anything, codes: [1, 124]),
                removeByForce, plainRun,
            ]),
        FaultScenario(
            name: "run --replace", prepare: [start],
            command: ["run", "-d", "--replace"] + onNetwork + ["sleep", "1000"], isVariant: true, goesOn: true,
            next: [removeByForce, plainRun]),
        FaultScenario(
            name: "stop of one that a boot starts",
            prepare: [Step(["run", "-d", "--restart", "unless-stopped"] + onNetwork + ["sleep", "1000"])],
            command: ["stop", "-t", "0", "fwbox"], isVariant: true,
            next: [Step("stop -t 0 fwbox"), removeByForce, plainRun]),
        FaultScenario(
            name: "run -d --cgroup-parent",
            command: ["run", "-d", "--cgroup-parent", "\(cgroupParent)/jobs", "-m", "64m"] + onNetwork
                + ["sleep", "1000"], isVariant: true, goesOn: true, next: [removeByForce, plainRun]),
        FaultScenario(
            name: "run --log-driver syslog",
            command: ["run", "--rm", "--log-driver", "syslog", "--log-opt", "syslog-address=unixgram://\(receiver)"]
                + onNetwork + ["echo", "hi"], isGuarded: true, isVariant: true, next: [plainRun]),
        FaultScenario(
            name: "run with the host's processes",
            command: ["run", "--rm", "--pid", "host", "--ipc", "host"] + onNetwork
                + ["sh", "-c", "setsid sleep 1000 & exec true"],
            isGuarded: true, isVariant: true, next: [plainRun]),
        FaultScenario(
            name: "run in another's network and processes",
            prepare: [Step(["run", "-d", "--ipc", "shareable"] + onNetwork + ["sleep", "1000"])],
            command: [
                "run", "--rm", "--name", "fwside", "--net", "container:fwbox", "--pid", "container:fwbox", "--ipc",
                "container:fwbox", "echo", "hi",
            ], isVariant: true, next: [removeByForce, plainRun]),
        FaultScenario(
            name: "create", command: ["create"] + onNetwork + ["true"], isVariant: true, isAllOrNothing: true,
            next: [plainRun, removeByForce]),
        FaultScenario(
            name: "run with volumes", before: [Step("volume create fwvolume"), Step("volume rm fwvolume")],
            command: ["run", "--rm", "-v", "fwvolume:/etc", "-v", "/own"] + onNetwork + ["echo", "hi"],
            isVariant: true, next: [plainRun, Step("volume rm -f fwvolume")]),
        FaultScenario(
            name: "volume create", before: [Step("volume create fwvolume"), Step("volume rm fwvolume")],
            command: ["volume", "create", "fwvolume"],
            next: [Step("volume create fwvolume"), Step("volume rm fwvolume")]),
        FaultScenario(
            name: "volume rm",
            prepare: [Step("volume create fwvolume"), Step("run --rm --net none -v fwvolume:/d touch /d/file")],
            command: ["volume", "rm", "fwvolume"], next: [Step("volume rm -f fwvolume")]),
        FaultScenario(
            name: "start", prepare: [Step(["create"] + onNetwork + ["sleep", "1000"])], command: ["start", "fwbox"],
            isVariant: true, goesOn: true,
            next: [Step("start fwbox"), Step("exec fwbox true"), removeByForce, plainRun]),
        FaultScenario(
            name: "start -a of one that has ended",
            prepare: [Step(["run", "-d"] + onNetwork + ["echo", "hi"]), Step("wait fwbox")],
            command: ["start", "-a", "fwbox"], isVariant: true,
            next: [Step("start -a fwbox"), removeByForce, plainRun]),
        FaultScenario(
            name: "network connect, disconnect, restart",
            before: [Step("network create --subnet \(other) fwother"), Step("run --rm --net fwother true")],
            after: [Step("network remove fwother")],
            command: ["run", "-d"] + onNetwork + ["sleep", "1000"], isVariant: true, goesOn: true,
            next: [
                Step("network connect fwother fwbox", excuse: anything),
                Step("network disconnect \(network) fwbox", excuse: anything),
                Step("restart -t 0 fwbox", excuse: anything), removeByForce, plainRun,
            ]),
        FaultScenario(
            name: "exec", before: [start, settle], after: [Step("rm -f fwbox")],
            // Long enough to be killed meanwhile; its end is told, too.
            command: ["exec", "fwbox", "sleep", "1"],
            listed: ["exec", "fwbox", "true"], next: [Step("exec fwbox true")]),
        FaultScenario(
            name: "exec -d", before: [start, settle], after: [Step("rm -f fwbox")],
            command: ["exec", "-d", "fwbox", "true"], next: [Step("exec fwbox true")]),
        FaultScenario(
            name: "stop", prepare: [start], command: ["stop", "-t", "0", "fwbox"],
            next: [Step("stop -t 0 fwbox"), plainRun, removeByForce]),
        FaultScenario(
            name: "rm", prepare: [startShort, Step("wait fwbox")], command: ["rm", "fwbox"],
            next: [plainRun, Step("rm fwbox", excuse: gone)]),
        FaultScenario(
            name: "rm -f", prepare: [start], command: ["rm", "-f", "fwbox"],
            next: [removeByForce, plainRun]),
        FaultScenario(
            name: "rm of a dead one", prepare: [start, Step("kill-supervisor fwbox")], command: ["rm", "fwbox"],
            isVariant: true, next: [plainRun, Step("rm fwbox", excuse: gone)]),
        FaultScenario(
            name: "commit", before: [start, settle], after: [Step("rm -f fwbox")],
            command: ["commit", "fwbox", "fwimage:1"],
            next: [
                Step("exec fwbox true"), Step("commit fwbox fwimage:2"), Step("rmi fwimage:2"),
                Step("rmi -f fwimage:1"),
            ]),
        FaultScenario(
            name: "cp to one that does not run", prepare: [Step(["create"] + onNetwork + ["true"])],
            command: ["cp", "/etc/hostname", "fwbox:/file"],
            next: [Step("cp /etc/hostname fwbox:/file"), Step("start -a fwbox"), removeByForce, plainRun]),
        FaultScenario(
            name: "cp from one that does not run", before: [Step(["create"] + onNetwork + ["true"])],
            after: [Step("rm fwbox")], command: ["cp", "fwbox:/bin", "/run/fwcopy"],
            next: [Step("cp fwbox:/bin /run/fwcopy")]),
        FaultScenario(
            name: "export", before: [start, settle], after: [Step("rm -f fwbox")],
            command: ["export", "-o", "/run/fwbox.tar", "fwbox"], next: [Step("exec fwbox true")]),
        FaultScenario(
            name: "network create", command: ["network", "create", "--subnet", other, "fwother"],
            isAllOrNothing: true,
            next: [
                Step("network create --subnet \(other) fwother", excuse: "already exists"),
                Step("run --rm --net fwother -p \(port) true"), Step("network remove fwother"),
            ]),
        FaultScenario(
            name: "network remove",
            prepare: [
                Step("network create --subnet \(other) fwother"), Step("run --rm --net fwother -p \(port) true"),
            ],
            command: ["network", "remove", "fwother"],
            next: [Step("network remove fwother", excuse: "not found")]),
    ]
}

/// What happens at a point.
enum FaultAction: String, CaseIterable, Sendable {
    case error, enospc, kill, killgroup, stop
}
