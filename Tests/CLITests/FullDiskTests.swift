import Foundation
import Testing

extension CLI {
    @Suite struct FullDisk {
        /// A small file system at `directory` with an image, and `fill`, after which not a byte is free there.
        private static func disk(_ directory: String, size: String) -> String {
            """
            m=$MYDOCKER full=\(directory)
            exec 2>&1
            mkdir -p $full; mount -t tmpfs -o size=\(size) tmpfs $full
            fill() {
              head -c \(size) /dev/zero >>$full/filler
              while echo x >>$full/filler; do :; done
            } 2>/dev/null
            mkdir -p /run/root; cp $(which busybox) /run/root; tar cf /run/root.tar -C /run/root .
            $m import /run/root.tar spare >/dev/null

            """
        }

        /// With something of everything on it.
        private static func preparation(_ directory: String, size: String) -> String {
            disk(directory, size: size) + """
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

        /// The index of many names does not fit into what goes with an image that has next to nothing of its own.
        @Test func theLastNameOfASmallImageAmongManyNames() {
            let script =
                Self.disk("/var/lib/mydocker", size: "12m") + """
                    $m import -c 'LABEL a=b' /run/root.tar small >/dev/null
                    for number in $(seq 200); do $m tag spare name$number; done
                    fill; $m rmi small | cut -d : -f 1; rm $full/filler
                    $m images --format '{{.Repository}}' | grep -v name
                    $m system check >/dev/null && echo whole
                    """
            #expect(Host.elsewhere(script).lines == ["Untagged", "Deleted", "spare", "whole"])
        }

        /// Whoever is killed while the kept room becomes the index leaves one that is whole, and the room with it.
        @Test func aKillWhileTheReserveIsUsed() {
            let script =
                Self.disk("/var/lib/mydocker", size: "12m") + """
                    $m tag spare second; fill; MYDOCKER_FAULT_LIST=/run/points $m rmi second
                    grep -q ' truncate ".*/reserve"$' /run/points && echo by the reserve
                    for point in $(grep -E '/(reserve|index[.]json[^"]*)"' /run/points | cut -d ' ' -f 1); do
                      rm $full/filler; $m tag spare second; fill
                      sh -c "MYDOCKER_FAULT=kill@$point $m rmi second >/dev/null; echo \\$?" 2>/dev/null
                      $m rmi second >/dev/null 2>&1; $m images --format '{{.Repository}}'
                    done | sort -u
                    rm $full/filler; $m image prune -f >/dev/null; $m system check >/dev/null && echo whole
                    """
            #expect(
                Host.elsewhere(script).lines == [
                    "Untagged: second:latest", "by the reserve", "137", "spare", "whole",
                ])
        }
    }
}
