import Foundation
import Testing

extension CLI {
    @Suite struct FullDisk {
        /// A small file system at `directory`, with something of everything on it, and then not a byte free.
        private static func preparation(_ directory: String, size: String) -> String {
            """
            m=$MYDOCKER full=\(directory)
            exec 2>&1
            mkdir -p $full; mount -t tmpfs -o size=\(size) tmpfs $full
            fill() {
              head -c \(size) /dev/zero >>$full/filler
              while echo x >>$full/filler; do :; done
            } 2>/dev/null
            # What there is but for locks, and the logs of those that run.
            things() {
              find /run/mydocker /var/lib/mydocker -not -name filler -not -name record.lock -not -name 'log.json*' | sort
              iptables-legacy -t nat -S; ls -d /sys/class/net/*/bridge; find /sys/fs/cgroup -path '*mydocker/*' -type d | sort
            }
            refuse() {
              fill; things >/run/before
              local text; text=$(timeout 20 $m "$@" 2>&1); local code=$?
              case $text in
                mydocker:*\\"$full/*\\":\\ No\\ space\\ left\\ on\\ device) echo "$1: $code" ;;
                *) echo "$*: $code $text" ;;
              esac
              things | diff /run/before -
            }
            mkdir -p /run/root; cp $(which busybox) /run/root; tar cf /run/root.tar -C /run/root .
            $m import /run/root.tar spare >/dev/null
            $m network create --subnet 10.77.5.1/24 fd0 >/dev/null
            $m run -d --name talks -net fd0 -p 7791:80 sh -c '
              trap "exit 5" TERM; while :; do echo a line; echo x >>/dev/shm/count; sleep 0.01; done' >/dev/null
            $m run -d --name sleeps -net fd0 sleep 1000 >/dev/null
            $m run --name done --net none sh -c 'echo out; echo x >/x; exit 3'

            """
        }

        /// What must go on working.
        private static let work = """

            $m ps -a --format '{{.Names}} {{.State}}' | sort
            $m exec talks echo exec
            before=$($m exec talks sh -c 'wc -l </dev/shm/count')
            until [ $($m exec talks sh -c 'wc -l </dev/shm/count') -gt $before ]; do sleep 0.05; done; echo it goes on
            $m logs done; $m logs --tail 1 talks
            $m stop talks; fill; $m kill sleeps; fill
            $m wait talks sleeps
            $m ps -a --format '{{.Names}} {{.Status}}' | sed 's/ Less.*\\| [0-9]* sec.*//' | sort
            $m inspect -f '{{.State.ExitCode}} {{.State.Running}}' talks
            $m rm talks; fill
            $m network rm fd0; fill
            $m rmi spare | grep -c Untagged; fill
            $m container prune -f | sed 's/^[0-9a-f]\\{64\\}$/ID/; s/space: .*B$/space: some/'; fill
            $m ps -aq
            rm $full/filler
            $m run --rm --net none echo there is room again
            """

        private static let worked = """
            done exited
            sleeps running
            talks running
            exec
            it goes on
            out
            a line
            talks
            sleeps
            5
            137
            done Exited (3)
            sleeps Exited (137)
            talks Exited (5)
            5 false
            talks
            fd0
            1
            Deleted Containers:
            ID
            ID

            Total reclaimed space: some
            there is room again

            """

        private static let refusedRuns = """
            refuse run --rm --net none true
            refuse run --name new -net fd0 -p 7799:80 true
            refuse run -d --name new -net fd0 -p 7799:80 sleep 1000
            refuse network disconnect fd0 sleeps
            $m exec sleeps ip -o link | grep -c eth0; $m inspect -f '{{.NetworkSettings.IPAddress}}' sleeps | grep -c 10.77.5

            """

        @Test func ofDefinitions() {
            let script =
                Self.preparation("/var/lib/mydocker", size: "12m") + Self.refusedRuns + """
                    refuse network create --subnet 10.78.1.0/24 fd1
                    refuse tag busybox other
                    rm $full/filler; $m tag spare second; $m tag spare third
                    for name in second third; do fill; $m rmi $name; done
                    for command in "commit done other" "import /run/root.tar other"; do
                      fill; things >/run/before
                      $m $command 2>&1 | grep -c '".*": No space left on device$'
                      things | diff /run/before -
                    done
                    """ + Self.work
            #expect(
                Host.elsewhere(script).text == """
                    out
                    run: 125
                    run: 125
                    run: 125
                    network: 1
                    1
                    1
                    network: 1
                    tag: 1
                    Untagged: second:latest
                    Untagged: third:latest
                    1
                    1

                    """ + Self.worked)
        }

        @Test func ofRuntimeState() {
            let script =
                Self.preparation("/run/mydocker", size: "2m") + Self.refusedRuns
                + "refuse restart -t 0 sleeps; $m exec sleeps echo it runs" + Self.work
            #expect(
                Host.elsewhere(script).text == """
                    out
                    run: 125
                    run: 125
                    run: 125
                    network: 1
                    1
                    1
                    restart: 1
                    it runs

                    """ + Self.worked)
        }
    }
}
