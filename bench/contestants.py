"""Who is measured: what each is to be asked for, as a command."""
import os
import shutil
import subprocess
import sys
import time


class Failed(Exception):
    pass


def complain(contestant, error):
    print(f"\n{contestant.label}: {error}\n", file=sys.stderr, flush=True)


def proportional(pid):
    """KiB of memory that a process has to itself, plus its shares of what it shares; 0 of one that has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except OSError:
        return 0


def descendants(pid):
    """The process and all that it has begun, with what those have."""
    yield pid
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="utf-8") as file:
                for child in file.read().split():
                    yield from descendants(child)
    except OSError:  # ended meanwhile
        return


class Tools:
    def __init__(self, directory, scratch):
        self.directory = os.path.abspath(directory)
        self.scratch = scratch

    def path(self, name):
        return os.path.join(self.directory, name)

    def time(self, command, times=1, jobs=1, first=1):
        """Milliseconds for the command, or for `times` of it, `jobs` at a time."""
        options = ["-r", str(times), "-j", str(jobs), "-s", str(first)]
        done = subprocess.run([self.path("timeit"), *options, *command], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        microseconds, failures = (done.stdout.split() + ["0", "1"])[:2]
        if failures != "0":
            raise Failed(f"{failures} of {times} failed: {' '.join(command)}\n{done.stderr.strip()[:2000]}")
        return float(microseconds) / 1000

    def peak(self, command):
        """Megabytes of memory that the command has had at most, with all its children: of one process the kernel knows it, of
        several it is looked at."""
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)])
        together = 0
        while True:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                break
            family = list(descendants(pid))
            if len(family) > 1:
                together = max(together, sum(map(proportional, family)))
            time.sleep(0.02)
        if status != 0:
            raise Failed(f"{' '.join(command)}: {status}")
        return max(together, usage.ru_maxrss) / 1024

    def netload(self, *arguments, prefix=()):
        done = subprocess.run([*prefix, self.path("netload"), *map(str, arguments)], capture_output=True, text=True,
                              check=False, timeout=60)
        if done.returncode != 0:
            raise Failed(f"netload {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return float(done.stdout)


class Floor:
    """The commands of bench/floor.c. {} and {ip} are filled in by timeit."""

    label, bridge, subnet, port = "floor", "fl0", "10.89.0.1/16", 19001

    def __init__(self, tools):
        self.program = tools.path("floor")
        self.state = os.path.join(tools.scratch, "floor")
        self.rootfs = os.path.join(tools.scratch, "rootfs")
        os.makedirs(self.state)

    def start_up(self):
        return [self.program, "hello"]

    def _run(self, options, command, network=None):
        joined = ["-n", self.bridge, f"10.89.{network}/16", "10.89.0.1"] if network else []
        return [self.program, "run", *options, *joined, self.rootfs, self.state, *command]

    def run_without_network(self):
        return self._run([], ["true"])

    def run(self):
        return self._run([], ["true"], "0.5")

    def run_published(self):
        return self._run(["-p", "18001:80"], ["true"], "0.5")

    def detach(self, name, port=None, command=("sleep", "1000")):
        published = ["-p", f"{port}:80"] if port else []
        return self._run(["-d", name, *published], list(command), "{ip}")

    def execute(self, name):
        return [self.program, "exec", self.state, name, "true"]

    def stop_and_remove(self, name):
        return [self.remove_all([name])]

    def remove_all(self, names):
        return [self.program, "stop", self.state, *names]

    def create_network(self, name, subnet):
        return [self.program, "netadd", name, subnet, self.state]

    def remove_network(self, name):
        return [self.program, "netdel", name, self.state]

    def memory(self):
        return 0


class MyDocker:
    has_daemon = False  # that does what the command asks for
    label, bridge, subnet, port = "mydocker", "br0", "10.88.0.1/16", 19002

    def __init__(self, program, tools):
        # As installed: a linker's output lies scattered in the page cache, which costs each start some 0.15 ms.
        self.program = shutil.copy2(program, tools.scratch)
        self.rootfs = os.path.join(tools.scratch, "rootfs")

    def start_up(self):
        return [self.program, "version"]

    def _run(self, *arguments):
        return [self.program, "run", *arguments]

    def run_without_network(self):
        return self._run("--rm", "--net", "none", "true")

    def run(self):
        return self._run("--rm", "-net", self.bridge, "true")

    def run_published(self):
        return self._run("--rm", "-net", self.bridge, "-p", "18002:80", "true")

    def detach(self, name, port=None, command=None):
        published = ["-p", f"{port}:80"] if port else []
        if command:  # a program that the default image does not have
            return self._run("-d", "--name", name, "-net", self.bridge, *published, "--rootfs", self.rootfs, *command)
        return self._run("-d", "--name", name, "-net", self.bridge, *published, "sleep", "1000")

    def execute(self, name):
        return [self.program, "exec", name, "true"]

    def stop_and_remove(self, name):
        return [[self.program, "stop", "-t", "0", name], [self.program, "rm", name]]

    def remove_all(self, names):
        return [self.program, "rm", "-f", *names]

    def create_network(self, name, subnet):
        return [self.program, "network", "create", "--driver", "bridge", "--subnet", subnet, name]

    def remove_network(self, name):
        return [self.program, "network", "remove", name]

    # ---- what the floor has no counterpart of ----

    def create(self, name):
        return [self.program, "create", "--name", name, "--net", "none", "busybox", "sleep", "1000"]

    def run_alone(self, name):
        return [self.program, "run", "-d", "--name", name, "--net", "none", "busybox", "sleep", "1000"]

    def stop(self, name):
        return [self.program, "stop", "-t", "0", name]

    def start(self, name):
        return [self.program, "start", name]

    def restart(self, name):
        return [self.program, "restart", "-t", "0", name]

    def copy(self, source, destination):
        return [self.program, "cp", source, destination]

    def list_all(self, *options):
        return [self.program, "ps", "-a", *options]

    def statistics(self):
        return [self.program, "stats", "--no-stream"]

    def pull(self, name):
        return [self.program, "pull", "-q", name]

    def load(self, file):
        return [self.program, "load", "-i", file]

    def remove_image(self, *names):
        return [self.program, "rmi", "-f", *names]

    def tag(self, image, name):
        return [self.program, "tag", image, name]

    def images(self):
        return [self.program, "images"]

    def build(self, directory, *options):
        return [self.program, "build", "-q", *options, directory]

    def memory(self):
        """KiB of memory that all processes of the program have to themselves, plus their shares of what they share."""
        total = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                    mine = file.read().startswith("mydocker")
                if mine or os.path.basename(os.readlink(f"/proc/{pid}/exe")).startswith("mydocker"):
                    total += proportional(pid)
            except OSError:  # ended meanwhile, or a kernel thread
                continue
        return total


class Peer(MyDocker):
    """Docker or podman, where it is installed, runs, and has the image busybox."""

    def __init__(self, program, tools):
        super().__init__(program, tools)
        self.label, self.program = os.path.basename(program), program

    @staticmethod
    def all(tools):
        for name, kind in (("docker", Docker), ("podman", Podman)):
            program = shutil.which(name)
            if program and os.path.basename(os.path.realpath(program)) != "mydocker":
                there = subprocess.run([program, "image", "inspect", "busybox"], capture_output=True, check=False)
                if there.returncode == 0:
                    yield kind(program, tools)


class Docker(Peer):
    has_daemon = True


class SkopeoAndUmoci:
    """One copies an image from a registry, the other unpacks it: what `pull` does at once."""

    label = "skopeo+umoci"

    def __init__(self, tools):
        self.place = os.path.join(tools.scratch, "unpacked")

    def pull(self, name):
        layout = f"{self.place}/layout:x"
        return ["sh", "-c", f"mkdir {self.place} && skopeo copy -q --insecure-policy --src-tls-verify=false docker://{name} "
                            f"oci:{layout} && umoci unpack --image {layout} {self.place}/bundle"]

    def remove_image(self, *names):
        return ["rm", "-rf", self.place]


class Podman(Peer):
    """Its storage and its settings are those of bench/with-peers."""

    def pull(self, name):  # the registry on loopback has no TLS
        return [self.program, "pull", "-q", "--tls-verify=false", name]

    def build(self, directory, *options):  # as Docker here: with-peers gives neither a network
        return super().build(directory, "--network", "none", *options)
