#!/usr/bin/env python3
"""Measures mydocker beside `floor`, a C program that asks the kernel for the same and does nothing else, and beside Docker and
podman where the floor has no counterpart.

Run by `make bench`, inside scripts/in-sandbox and behind bench/with-peers. Prints a markdown table: what counts is the ratio of two medians that
were measured alternately on one machine, never a time by itself. Over budget is a remark; a command that fails is a
failure of the whole run.
"""
import argparse
import contextlib
import copy
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time

from contestants import Failed, Floor, MyDocker, Peer, SkopeoAndUmoci, Tools, complain
from drawing import draw

PAUSE = 0.05  # between two goes: a bridge port or a namespace dies after the command that left it
WARM_UPS = 2


class Bench:
    def __init__(self, options, tools, contestants, peers):
        self.options, self.tools, self.contestants = options, tools, contestants
        self.peers = [contestant for contestant in contestants if isinstance(contestant, MyDocker)] + peers
        self.rows, self.failures = [], 0

    # ---- measuring ----

    def alternate(self, measure, figures, rounds=None, warm_ups=WARM_UPS, among=None):
        """Calls measure(contestant) for each in turn; it answers with a list of figures. Who fails is out.

        Returns one {label: samples, or None for who failed} per figure."""
        standing = list(among or self.contestants)
        samples = {contestant.label: [] for contestant in standing}
        for turn in range(warm_ups + (rounds or self.options.n)):
            for contestant in list(standing):
                try:
                    took = measure(contestant)
                except Failed as error:
                    complain(contestant, error)
                    standing.remove(contestant)
                    samples[contestant.label] = None
                    continue
                if turn >= warm_ups:
                    samples[contestant.label].append(took)
                time.sleep(PAUSE)
        return [{label: [took[figure] for took in found] if found is not None else None
                 for label, found in samples.items()} for figure in range(figures)]

    def timed(self, make_command, rounds=None):
        [took] = self.alternate(lambda contestant: [self.tools.time(make_command(contestant))], 1, rounds)
        return took

    def each(self, action):
        """Set-up and tear-down, not measured. A failure here shows in the measurement that follows."""
        for contestant in self.contestants:
            try:
                action(contestant)
            except Failed as error:
                complain(contestant, error)

    def remove(self, names):
        self.each(lambda contestant: self.tools.time(contestant.remove_all(names)))

    def sweep(self, contestant, names):
        """After a failure: what is left of these, so that the next case starts clean."""
        for name in names:
            try:
                self.tools.time(contestant.remove_all([name]))
            except Failed:
                continue

    # ---- reporting ----

    def row(self, case, samples, budget, unit="ms", more_is_better=False, compare_to_floor=True):
        """One line of the table, of medians; the budget is for the ratio, or for mydocker's own figure."""
        values = {label: statistics.median(found) if found else None for label, found in samples.items()}
        beside = [found for label, found in values.items() if label != "mydocker" and found]
        floor, own = (max if more_is_better else min)(beside, default=None), values.get("mydocker")
        failed = [label for label, found in samples.items() if found is None]
        ratio = None
        if floor and own:
            ratio = floor / own if more_is_better else own / floor
        judged = ratio if compare_to_floor else own
        if failed:
            verdict = "FAILED" if "mydocker" in failed else f"{' '.join(failed)} FAILED"
            self.failures += 1
        elif judged is None or budget is None:
            verdict = ""
        else:
            verdict = "ok" if judged <= budget else "over"
        each = [self._number(values.get(peer.label), unit) for peer in self.peers if peer.label != "mydocker"]
        shown = [self._number(floor, unit), *each, self._number(own, unit), f"{ratio:.2f}" if ratio else "",
                 "" if budget is None else f"{budget:g}", verdict]
        if not self.rows:
            columns = ["floor or fastest peer", *(peer.label for peer in self.peers if peer.label != "mydocker"), "mydocker",
                       "ratio", "budget"]
            print(f"| case | {' | '.join(columns)} | |\n|---|{'---:|' * len(columns)}---|")
        print(f"| {case} | {' | '.join(shown)} |", flush=True)
        self.rows.append({"case": case, "unit": unit, "floor": floor, "mydocker": own, "ratio": ratio,
                          "budget": budget, "verdict": verdict, "samples": samples})

    @staticmethod
    def _number(value, unit):
        if value is None:
            return ""
        return f"{value:.0f} {unit}" if value >= 1000 else f"{value:.2f} {unit}"

    # ---- the cases ----

    def startup(self):
        """start-up: `version`, to a static C hello"""
        self.row("start-up (`version`)", self.timed(lambda c: c.start_up(), 2 * self.options.n), 5)

    def a(self):
        """run --rm without a network"""
        self.row("a `run --rm --net none true`", self.timed(lambda c: c.run_without_network()), 2.0)

    def b(self):
        """run --rm on a bridge"""
        self.row("b `run --rm -net br0 true`", self.timed(lambda c: c.run()), 2.0)

    def c(self):
        """run --rm with a published port"""
        self.row("c the same with `-p PORT:80`", self.timed(lambda c: c.run_published()), 2.0)

    def d(self):
        """network create and remove"""
        def create_and_remove(contestant):
            created = self.tools.time(contestant.create_network("brt", "10.90.0.1/24"))
            time.sleep(PAUSE)
            return [created, self.tools.time(contestant.remove_network("brt"))]

        creations, removals = self.alternate(create_and_remove, 2)
        self.row("d `network create`", creations, 1.5)
        self.row("d `network remove`", removals, 1.0)

    def efg(self):
        """a detached container: start, exec, stop and remove"""
        def life(contestant):
            try:
                started = self.tools.time(contestant.detach("life"))
                time.sleep(PAUSE)
                executed = self.tools.time(contestant.execute("life"))
                time.sleep(PAUSE)
                return [started, executed, sum(self.tools.time(go) for go in contestant.stop_and_remove("life"))]
            except Failed:
                self.sweep(contestant, ["life"])
                raise

        starts, executions, ends = self.alternate(life, 3)
        self.row("e `run -d --name N -net br0 sleep 1000`", starts, 4)
        self.row("f `exec N true`", executions, 3)
        self.row("g `stop -t 0 N` + `rm N`", ends, 3)

    def h(self):
        """50 containers"""
        count, names = 50, [f"h{i}" for i in range(1, 51)]

        def many(jobs):
            def start_and_remove(contestant):
                try:
                    started = self.tools.time(contestant.detach("h{}"), times=count, jobs=jobs)
                    time.sleep(4 * PAUSE)
                    removed = self.tools.time(contestant.remove_all(names))
                except Failed:
                    self.sweep(contestant, names)
                    raise
                time.sleep(4 * PAUSE)
                return [started, removed]
            return self.alternate(start_and_remove, 2, max(2, self.options.n // 5), warm_ups=1)

        one_by_one, removals = many(1)
        eight, _ = many(8)
        self.row("h 50 `run -d` in a row", one_by_one, 2.5)
        self.row("h 50 `run -d`, 8 at a time", eight, 2.5)
        self.row("h removing the 50", removals, 2.5)

    def i(self):
        """throughput and connections through a published port"""
        script = """ip netns add outside
            ip link add outside0 type veth peer name eth0 netns outside
            ip address add 10.99.0.1/24 dev outside0; ip link set outside0 up
            ip -n outside address add 10.99.0.2/24 dev eth0; ip -n outside link set eth0 up
            ip -n outside link set lo up; ip -n outside route add default via 10.99.0.1"""
        subprocess.run(["bash", "-ec", script], check=True)
        direct_port, server = 19000, ["/bin/netload", "server", "80"]
        direct = subprocess.Popen([self.tools.path("netload"), "server", str(direct_port)])
        try:
            self.each(lambda c: self.tools.time(c.detach("server", c.port, server), first=300))
            time.sleep(0.3)
            six = self.begin_six(server)
            for where, host in (("outside", "10.99.0.1"), ("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")):
                for what, amount, unit in (("connect", 300, "µs"), ("bulk", 1, "Gbit/s")):
                    # At [::1] it is mydocker alone that answers, and not the kernel: what it sends on is measured beside it.
                    passed = where == "[::1]"
                    beside, sent_on = [], []

                    def measure(contestant):
                        prefix = ["ip", "netns", "exec", "outside"] if where == "outside" else []
                        if contestant is among[0]:
                            beside.append(self.tools.netload(what, host, direct_port, amount, prefix=prefix))
                        if passed:
                            sent_on.append(self.tools.netload(what, "127.0.0.1", contestant.port, amount))
                        return [self.tools.netload(what, host, contestant.port, amount, prefix=prefix)]

                    among = [six] if passed else self.contestants
                    [samples] = self.alternate(measure, 1, self.options.rounds, warm_ups=1, among=among)
                    title = "connect + 1 byte + close" if what == "connect" else "throughput"
                    note = f"not published: {after_warm_up(beside)}"
                    if passed:
                        note += f", the same container at 127.0.0.1: {after_warm_up(sent_on)}"
                    self.row(f"i {title}, {where} → port ({note})", samples, None if passed else 1.1, unit,
                             more_is_better=what == "bulk")
            self.remove(["server"])
            self.tools.time(six.remove_all(["server6"]))
            self.tools.time(six.remove_network(six.bridge))
        finally:
            direct.kill()
            direct.wait()
            subprocess.run(["ip", "netns", "delete", "outside"], check=False)

    def begin_six(self, server):
        """mydocker with a server on a network that has IPv6."""
        six = copy.copy(self.peers[0])
        six.bridge, six.port = "br6", 19004
        self.tools.time([six.program, "network", "create", "--ipv6", six.bridge])
        self.tools.time(six.detach("server6", six.port, server))
        return six

    def names(self):
        """lookups of a container's name and of another one that goes on to a server of the host's, beside aardvark-dns"""
        mine, upstream, theirs = self.peers[0], "10.99.7.1", "10.99.7.2"
        subprocess.run(["bash", "-ec", f"ip link set lo up; ip address add {upstream}/32 dev lo; ip address add {theirs}/32 dev lo"],
                       check=True)
        with open("/etc/resolv.conf", "w", encoding="utf-8") as file:  # that of the sandbox
            file.write(f"nameserver {upstream}\n")
        servers = [subprocess.Popen([self.tools.path("netload"), "answers", upstream])]
        try:
            names = [("mydocker", "127.0.0.11", self.begin_names(mine))]
            aardvark = begin_aardvark(os.path.join(self.tools.scratch, "aardvark"), theirs)
            if aardvark:
                servers.append(aardvark)
                names.append(("aardvark-dns", theirs, []))
            time.sleep(1)
            for title, name in (("of a container", "names2"), ("that goes on to another server", "name.example")):
                for what, amount, unit in (("lookup", 3000, "µs"), ("lookups", 1, "per s")):
                    samples = {label: [self.tools.netload(what, address, name, amount, prefix=prefix) for _ in range(5)]
                               for label, address, prefix in names}
                    self.row(f"p {what} {title}", samples, 1, unit, more_is_better=what == "lookups")
            self.tools.time(mine.remove_all(["names1", "names2"]))
        finally:
            for server in servers:
                server.kill()
                server.wait()

    def begin_names(self, mine):
        """What enters a container that may ask for the name of another one."""
        for name in ("names1", "names2"):
            self.tools.time(mine.detach(name))
        done = subprocess.run([mine.program, "inspect", "-f", "{{.State.Pid}}", "names1"], capture_output=True, text=True, check=True)
        return ["nsenter", "-t", done.stdout.strip(), "-n"]

    def j(self):
        """run --rm with few and with many containers there"""
        grow = self.options.grow
        self.each(lambda c: self.tools.time(c.detach("j{}"), first=1))
        few = self.timed(lambda c: c.run())
        self.each(lambda c: self.tools.time(c.detach("j{}"), times=grow - 1, jobs=4, first=2))
        many = self.timed(lambda c: c.run())
        self.remove([f"j{i}" for i in range(1, grow + 1)])
        self.row("j `run --rm -net br0 true`, 1 there", few, None)
        self.row(f"j the same, {grow} there", many, None)
        growth = {label: [statistics.median(many[label]) / statistics.median(few[label])]
                  if few[label] and many[label] else None for label in few}
        self.row("j growth", growth, 1.5, unit="times", compare_to_floor=False)

    def memory(self):
        """memory per detached container"""
        count, names = 10, [f"m{i}" for i in range(1, 11)]
        samples = {}
        for contestant in self.contestants:
            base = 19100 if contestant.label == "floor" else 19200
            try:
                for i in range(1, count + 1):
                    self.tools.time(contestant.detach(f"m{i}", base + i), first=i)
                time.sleep(3)  # mydocker's supervisors begin anew after a second
                samples[contestant.label] = [contestant.memory() / count]
            except Failed as error:
                complain(contestant, error)
                samples[contestant.label] = None
        self.remove(names)
        self.row("memory per detached container, port published (PSS, 10 running)", samples, 400, "KiB",
                 compare_to_floor=False)

    # ---- what the floor has no counterpart of ----

    def again(self):
        """start and restart of a container that is there, without a network"""
        def rounds(peer):
            self.tools.time(peer.stop("again"))
            time.sleep(PAUSE)
            started = self.tools.time(peer.start("again"))
            time.sleep(PAUSE)
            return [started, self.tools.time(peer.restart("again"))]

        for peer in self.peers:
            self.tools.time(peer.run_alone("again"))
        starts, restarts = self.alternate(rounds, 2, among=self.peers)
        for peer in self.peers:
            self.tools.time(peer.remove_all(["again"]))
        self.row("k `start N`", starts, 0.5)
        self.row("k `restart -t 0 N`", restarts, 0.5)

    def copy(self):
        """cp of 1 GB, into a container and out of it, beside cp(1)"""
        scratch = os.path.join(self.tools.scratch, "copy")
        os.makedirs(scratch)
        source, target = os.path.join(scratch, "in"), os.path.join(scratch, "out")
        subprocess.run(["dd", "if=/dev/urandom", f"of={source}", "bs=1M", "count=1024", "status=none"], check=True)
        for peer in self.peers:
            self.tools.time(peer.run_alone("copy"))

        def both_ways(peer):
            inward = self.tools.time(peer.copy(source, "copy:/file"))
            outward = self.tools.time(peer.copy("copy:/file", target))
            os.unlink(target)
            return [inward, outward]

        inward, outward = self.alternate(both_ways, 2, rounds=3, warm_ups=1, among=self.peers)
        plain = [self.tools.time(["cp", source, target]) for _ in range(3)]
        for peer in self.peers:
            self.tools.time(peer.remove_all(["copy"]))
        shutil.rmtree(scratch)
        self.row(f"l `cp` of 1 GB into a container (cp(1): {statistics.median(plain):.0f} ms)", inward, 0.5)
        self.row("l `cp` of 1 GB out of it", outward, 0.5)

    def lists(self):
        """ps with 1,000 containers, stats with 100 of them running"""
        count, running = self.options.many, self.options.many // 10
        for peer in self.peers:
            self.tools.time(peer.run_alone("l{}"), times=running, jobs=4)
            self.tools.time(peer.create("l{}"), times=count - running, jobs=4, first=running + 1)
        for title, command in ((f"m `ps -a`, {count} there", lambda peer: peer.list_all()),
                               ("m `ps -a --format json`", lambda peer: peer.list_all("--format", "json")),
                               (f"m `stats --no-stream`, {running} running", lambda peer: peer.statistics())):
            [took] = self.alternate(lambda peer: [self.tools.time(command(peer))], 1, rounds=5, among=self.peers)
            self.row(title, took, 0.5)
        for peer in self.peers:
            self.tools.time(peer.remove_all([f"l{i}" for i in range(1, count + 1)]))

    def images(self):
        """pull from a registry on loopback and load, of one gigabyte in three layers; images with 1,000 names there"""
        scratch = os.path.join(self.tools.scratch, "images")
        archive, name = make_image(scratch, self.options.megabytes), "localhost:5000/bench/large:1"
        with registry(scratch) as port:
            name = name.replace("5000", str(port))
            subprocess.run(["skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", f"oci-archive:{archive}",
                            f"docker://{name}"], check=True)

            def come(command, *names):
                def measure(peer):
                    took = self.tools.time(command(peer))
                    self.tools.time(peer.remove_image(*names))
                    return [took]
                return measure

            [pulls] = self.alternate(come(lambda peer: peer.pull(name), name), 1, rounds=3, warm_ups=1,
                                     among=[*self.peers, SkopeoAndUmoci(self.tools)])

            def peak(peer):
                most = self.tools.peak(peer.pull(name))
                self.tools.time(peer.remove_image(name))
                return [most]

            # A daemon's is not the command's.
            themselves = [peer for peer in self.peers if not peer.has_daemon]
            [peaks] = self.alternate(peak, 1, rounds=1, warm_ups=0, among=themselves)
        megabytes = self.options.megabytes
        self.row(f"n `pull` of {megabytes} MB in three layers, gzip", pulls, 0.6)
        self.row("n peak memory of that pull", peaks, 64, unit="MB", compare_to_floor=False)
        saved = archive.replace("large.oci", "large.tar")
        subprocess.run(["skopeo", "copy", "-q", "--insecure-policy", f"oci-archive:{archive}",
                        f"docker-archive:{saved}:bench/large:1"], check=True)
        [loads] = self.alternate(come(lambda peer: peer.load(saved), "bench/large:1"), 1, rounds=3, warm_ups=1, among=self.peers)
        self.row("n `load` of the same from a file", loads, 0.6)
        shutil.rmtree(scratch)
        many = [f"many:{number}" for number in range(1, self.options.many + 1)]
        for peer in self.peers:
            for number in many:
                self.tools.time(peer.tag("busybox", number))
        [lists] = self.alternate(lambda peer: [self.tools.time(peer.images())], 1, rounds=9, among=self.peers)
        for peer in self.peers:
            self.tools.time(peer.remove_image(*many))
        self.row(f"n `images`, {len(many)} there", lists, 0.5)

    def builds(self):
        """build of small RUN steps, and of steps that only add files: cold and all known; what a step costs, wherever it stands"""
        directory = os.path.join(self.tools.scratch, "builds")

        def write(*lines):
            os.makedirs(directory, exist_ok=True)
            for name, text in (("Dockerfile", "\n".join(("FROM busybox",) + lines)), ("file", "x")):
                with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                    file.write(text)

        def write_copies(steps):
            write(*(f"WORKDIR /d{i}" if i % 2 else f"COPY file /f{i}" for i in range(steps)))

        def measure(*options):
            return self.alternate(lambda peer: [self.tools.time(peer.build(directory, *options))], 1, rounds=3, warm_ups=1,
                                  among=self.peers)[0]

        write(*(f"RUN echo {i} > /f{i}" for i in range(20)))
        self.row("o `build` of 20 small RUN steps, cold", measure("--no-cache"), 0.1)
        self.row("o the same, all known", measure(), 0.2)
        write_copies(50)
        few = measure("--no-cache")
        write_copies(100)
        many = measure("--no-cache")
        self.row("o `build` of 100 steps that are COPY or WORKDIR, cold", many, 0.1)
        growth = {label: [statistics.median(many[label]) / statistics.median(few[label])]
                  for label in many if many[label] and few.get(label)}
        self.row("o 100 such steps over 50", growth, 2.5, unit="x", compare_to_floor=False)
        shutil.rmtree(directory)

    CASES = {"startup": startup, "a": a, "b": b, "c": c, "d": d, "efg": efg, "h": h, "i": i, "j": j, "p": names, "memory": memory, "k": again, "l": copy, "m": lists, "n": images, "o": builds}


def after_warm_up(samples):
    """The median of all but the first."""
    return f"{statistics.median(samples[1:]):.1f}" if samples[1:] else "nan"


def begin_aardvark(directory, address):
    """aardvark-dns, where podman's package of it is installed, with the name names2 for whoever asks from `address`."""
    program = shutil.which("aardvark-dns", path="/usr/lib/podman:/usr/libexec/podman")
    if not program:
        return None
    os.makedirs(directory)
    with open(os.path.join(directory, "bench"), "w", encoding="utf-8") as file:
        file.write(f"{address}\n{'a' * 64} {address}  names1\n{'b' * 64} 10.99.7.3  names2\n")
    return subprocess.Popen([program, "--config", directory, "--port", "53", "run"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_image(scratch, megabytes):
    """An OCI archive of three layers: programs, as compressible as programs are, and one layer of noise."""
    root, layout = os.path.join(scratch, "root"), os.path.join(scratch, "layout")
    os.makedirs(root)
    subprocess.run(["umoci", "init", "--layout", layout], check=True)
    subprocess.run(["umoci", "new", "--image", f"{layout}:x"], check=True)
    with open(shutil.which("python3"), "rb") as file:
        program = file.read(1 << 20).ljust(1 << 20, b"x")
    for layer in range(3):
        place = os.path.join(root, str(layer))
        os.makedirs(place)
        for number in range(megabytes // 3):
            with open(os.path.join(place, str(number)), "wb") as file:
                file.write(os.urandom(1 << 20) if layer == 2 else os.urandom(1 << 12) + program[1 << 12:])
        subprocess.run(["umoci", "insert", "--image", f"{layout}:x", place, f"/{layer}"], check=True)
        shutil.rmtree(place)
    archive = os.path.join(scratch, "large.oci")
    subprocess.run(["tar", "-C", layout, "-cf", archive, "."], check=True)
    shutil.rmtree(layout)
    return archive


@contextlib.contextmanager
def registry(scratch, port=5000):
    """Debian's docker-registry, on loopback."""
    file = os.path.join(scratch, "registry.yml")
    with open(file, "w", encoding="utf-8") as out:
        out.write(f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
                  f"storage: {{filesystem: {{rootdirectory: {scratch}/registry}}}}\n")
    server = subprocess.Popen(["docker-registry", "serve", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.kill()
        server.wait()


def make_rootfs(tools):
    """A directory with the static busybox and what the cases run in it."""
    root = os.path.join(tools.scratch, "rootfs")
    for name in ("bin", "dev", "etc", "proc", "root", "sys", "tmp"):
        os.makedirs(os.path.join(root, name))
    shutil.copy(shutil.which("busybox") or "/bin/busybox", os.path.join(root, "bin", "busybox"))
    for applet in ("true", "sleep", "sh"):
        os.symlink("busybox", os.path.join(root, "bin", applet))
    shutil.copy(tools.path("netload"), os.path.join(root, "bin", "netload"))
    os.sync()  # or the first case competes with this for the disk


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mydocker", metavar="PATH", help="the binary; without it only the floor is measured")
    parser.add_argument("--tools", metavar="DIR", required=True, help="where floor, timeit and netload are")
    parser.add_argument("--cases", default=",".join(Bench.CASES), help="of %(default)s")
    parser.add_argument("-n", type=int, default=15, help="measured goes of each contestant (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds of case i (%(default)s)")
    parser.add_argument("--grow", type=int, default=100, help="containers in case j (%(default)s)")
    parser.add_argument("--many", type=int, default=1000, help="containers in case m (%(default)s)")
    parser.add_argument("--megabytes", type=int, default=1024, help="of the image in case n (%(default)s)")
    parser.add_argument("--svg", metavar="FILE", help="the ratios to the floor, drawn")
    parser.add_argument("--json", metavar="FILE", help="every sample, for later")
    options = parser.parse_args()

    cases = options.cases.split(",")
    for alias in "efg":  # measured together
        cases = ["efg" if case == alias else case for case in cases]
    unknown = [case for case in cases if case not in Bench.CASES]
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)}")
    if os.environ.get("MYDOCKER_SANDBOX") != "1":
        parser.error("must run inside scripts/in-sandbox: it makes networks and firewall rules")
    scratch = os.environ["MYDOCKER_SANDBOX_SCRATCH"]

    tools = Tools(options.tools, scratch)
    make_rootfs(tools)
    contestants = [Floor(tools)] + ([MyDocker(options.mydocker, tools)] if options.mydocker else [])
    bench = Bench(options, tools, contestants, list(Peer.all(tools)))

    print(f"Linux {platform.release()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; "
          f"medians of {options.n} alternating goes\n", flush=True)
    bench.each(lambda contestant: tools.time(contestant.create_network(contestant.bridge, contestant.subnet)))
    for case in dict.fromkeys(cases):
        Bench.CASES[case](bench)
    print(f"\nload at the end {os.getloadavg()[0]:.1f}; budgets are ratios to the floor or the faster peer, "
          "except growth and memory")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"kernel": platform.release(), "cpus": os.cpu_count(), "rows": bench.rows}, file, indent=1)
    if options.svg:
        with open(options.svg, "w", encoding="utf-8") as file:
            file.write(draw(bench.rows))
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
