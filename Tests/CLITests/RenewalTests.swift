import Testing

/// Supervisors in the background begin anew in their processes once their containers have run for a second.
extension CLI {
    @Suite(.serialized) struct Renewal {
        /// `renewed CONTAINER…` waits until they have: where a process's stack begins is another place then (field 28 of proc(5)).
        private static let tools = """
            exec 2>&1
            m=$MYDOCKER
            declare -A former
            supervisor() { jq .supervisor /run/mydocker/containers/$($m inspect -f '{{.Id}}' $1)/state.json; }
            stack() { cut -d' ' -f28 /proc/$(supervisor $1)/stat; }
            run() { local name=$1; shift; $m run -d --name $name "$@" >/dev/null; former[$name]=$(stack $name); }
            renewed() {
              local name
              for name in "$@"; do
                for i in $(seq 200); do [ "$(stack $name)" != ${former[$name]} ] && continue 2; sleep .02; done
                echo $name has not begun anew
              done
            }
            ip link set lo up

            """

        func elsewhere(_ script: String) -> Outcome { Host.elsewhere(Self.tools + script) }
    }
}

extension CLI.Renewal {
    @Test func networksGoOn() {
        let outcome = elsewhere(
            """
            $m network create --ipv6 --subnet 10.82.1.0/24 --subnet fd00:82:1::/64 front >/dev/null; $m network create back >/dev/null
            run web --network front -p 8080:80 sh -c 'echo page >/index.html; exec httpd -f -h / -p 80'
            run other --network front sleep 1000
            pid=$(supervisor web); descriptors=$(ls /proc/$pid/fd | wc -l)
            renewed web other
            test $pid = $(supervisor web) && test $descriptors -ge $(ls /proc/$pid/fd | wc -l) && echo the same process
            cat /proc/$pid/comm; tr '\\0' '\\n' </proc/$pid/cmdline | sed "s/$($m ps -qf name=web)/ID/"; wc -c </proc/$pid/environ | grep -c .
            lookup() { $m exec $1 nslookup -type=a $2 127.0.0.11 | sed -n 's/^Address: *10/10/p'; }
            lookup other web; lookup web other.front
            wget -qO- http://127.0.0.1:8080/index.html; wget -qO- http://[::1]:8080/index.html
            $m run --rm -p 8080:80 true 2>&1 | head -1 | grep -c 'container \\"web\\"'
            $m network connect --ip 10.64.0.9 back other && $m exec other ip -o -4 addr | grep -c 10.64.0.9
            $m network disconnect back other; $m exec other ip -o -4 addr | grep -c 10.64.0.9
            $m rename other another; lookup web another
            $m rm -f web another >/dev/null; $m network rm front back; $m system check && echo clean; ls /run/mydocker/containers | wc -l
            """)
        #expect(
            outcome.lines == [
                "the same process", "mydocker", "mydocker: supervisor of ID", "1", "10.82.1.2", "10.82.1.3", "page",
                "page", "1", "1", "0", "10.82.1.3", "front", "back", "clean", "0",
            ], "\(outcome.text)")
    }

    @Test func streamsGoOn() {
        let outcome = elsewhere(
            """
            run cat -i --network none cat
            run half --network none sh -c 'printf be; sleep 2; echo gin; printf "\\303" >&2; sleep 1; printf "\\244\\n" >&2; exec sleep 1000'
            run tty -it --network none sh
            renewed cat half tty
            (echo word; sleep .5) | timeout 3 $m attach cat; $m logs cat
            (echo 'echo in; exit 9'; sleep .5) | timeout 3 $m attach --sig-proxy=false tty >/dev/null 2>&1; $m wait tty; $m logs tty | tr -d '\\r' | grep -c '^in$'
            for i in $(seq 100); do [ "$($m logs half 2>&1 | wc -l)" = 2 ] && break; sleep .05; done; $m logs half
            $m exec half true && $m pause half && $m unpause half && $m update --memory 64m half && $m stop -t 0 half; $m inspect -f '{{.State.ExitCode}}' half
            $m rm -f cat half tty >/dev/null; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "word", "word", "9", "1", "begin", "\u{e4}", "half", "half", "half", "half", "137", "clean",
            ], "\(outcome.text)")
    }

    @Test func roundsAndChecksGoOn() {
        let outcome = elsewhere(
            """
            run again --restart on-failure:2 --memory 64m --ulimit nofile=77 -e A=b --user 7 --network none sh -c 'echo $A $(id -u) $(ulimit -n); sleep 1.5; exit 3'
            run late --timeout 3 --network none sleep 1000
            run well --health-cmd 'test $A' -e A=b --health-interval 500ms --network none sleep 1000
            run ill --health-cmd 'test $A' --health-interval 500ms --health-retries 2 --network none sleep 1000
            run once --rm --network none sleep 2
            renewed again late well ill once
            for i in $(seq 200); do [ $($m inspect -f '{{len .State.Health.Log}}' well) -gt 3 ] && break; sleep .05; done
            $m inspect -f '{{.State.Health.Status}}' well ill
            $m wait late; for i in $(seq 200); do [ $($m inspect -f '{{.State.Status}}' again) = exited ] && break; sleep .05; done; $m wait again; $m logs again; $m inspect -f '{{.RestartCount}} {{.State.Status}}' again
            for i in $(seq 100); do $m inspect once >/dev/null 2>&1 || break; sleep .05; done; $m ps -aq --filter name=once | wc -l
            $m restart -t 0 well && $m inspect -f '{{.State.Status}}' well
            $m rm -f again late well ill >/dev/null; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "healthy", "unhealthy", "255", "3", "b 7 77", "b 7 77", "b 7 77", "2 exited", "0", "well", "running",
                "clean",
            ], "\(outcome.text)")
    }

    /// Neither a signal nor a kill at that moment is lost, or leaves something.
    @Test func nothingIsLostMeanwhile() {
        let outcome = elsewhere(
            """
            names=$(seq -f n%g 24)
            for n in $names; do $m run -d --name $n --network none sh -c 'trap "exit 5" TERM; while :; do sleep 1000 & wait; done' >/dev/null; supervisors[${n#n}]=$(supervisor $n); done
            # They are started within less than this; so their moments pass by meanwhile.
            for i in $(seq 60); do kill -WINCH ${supervisors[@]}; sleep .02; done
            for n in $names; do kill -TERM ${supervisors[${n#n}]}; done; $m wait $names | sort | uniq -c
            $m start $names >/dev/null; sleep .8
            for n in $names; do kill -9 $(supervisor $n); sleep .01; done; sleep .2
            $m ps -a --format '{{.Status}}' | sed 's/ [0-9].*//' | sort | uniq -c
            $m rm -f $names | wc -l; $m system check && echo clean; pgrep -c sleep
            """)
        #expect(
            outcome.lines.map { $0.split(separator: " ").joined(separator: " ") } == [
                "24 5", "24 Exited (137)", "24", "clean", "0",
            ], "\(outcome.text)")
    }

    /// Its end and its time are at the same moment.
    @Test func aProgramWhoseTimeIsOver() {
        let outcome = elsewhere(
            """
            for n in 1 2 3 4; do run t$n --timeout 1 --network none sleep 1000 2>/dev/null; done; run long --timeout 5000000 --network none sleep 1000
            $m wait t1 t2 t3 t4 | uniq -c; $m inspect -f '{{.State.Error}}' t1; renewed long; $m inspect -f '{{.State.Status}}' long
            $m rm -f t1 t2 t3 t4 long >/dev/null
            """)
        #expect(
            outcome.lines.map { $0.trimmingCharacters(in: .whitespaces) } == [
                "4 255", "it ran for longer than 1 s", "running",
            ], "\(outcome.text)")
    }

    /// A terminal that nobody inside has open at that moment, and a name that the program was called by.
    @Test func whatIsHeldGoesAlong() {
        let outcome = elsewhere(
            """
            run quiet -t --init --network none sh -c 'exec </dev/null >/dev/null 2>&1; sleep 2; echo said >/dev/console && touch /held; sleep 1000'
            ln -s $m /run/other; m=/run/other; run named --network none sleep 1000; renewed quiet named
            cat /proc/$(supervisor named)/comm; sleep 1.5; $m inspect -f '{{.State.Status}}' quiet; $m exec quiet ls /held
            LD_LIBRARY_PATH=lib run stays --network none sleep 1000; sleep 1.3; test $(stack stays) = ${former[stays]} && echo as it was
            cat >/run/scoped <<'END'
            m=$MYDOCKER; $m run -d --name inside --network none sleep 1000 >/dev/null; sleep 1.5
            for lock in /var/lib/mydocker/scopes/*/members; do flock -n -x $lock true && echo free || echo held; done
            END
            $m scope run some bash /run/scoped; $m ps -aq --filter name=inside | wc -l
            run again --restart always --memory 64m --pids-limit 50 --network none sleep 1000; renewed again
            echo '{' >/var/lib/mydocker/containers/$($m inspect -f '{{.Id}}' again)/record.json.new; id=$($m inspect -f '{{.Id}}' again)
            mv /var/lib/mydocker/containers/$id/record.json.new /var/lib/mydocker/containers/$id/record.json
            first=$(jq .pid /run/mydocker/containers/$id/state.json); kill -9 $first
            for i in $(seq 100); do pid=$(jq .pid /run/mydocker/containers/$id/state.json); [ "$pid" != null ] && [ $pid != $first ] && break; sleep .05; done
            grep -c $id /proc/$pid/cgroup | sed 's/[1-9].*/limited/'
            $m rm -f quiet named stays >/dev/null; kill -9 $(jq .supervisor /run/mydocker/containers/$id/state.json)
            """)
        #expect(
            outcome.lines == ["other", "running", "/held", "as it was", "held", "0", "limited"], "\(outcome.text)")
    }

    /// Its word is nobody else's to use.
    @Test func nothingElseBeginsThatWay() {
        let outcome = elsewhere(
            """
            mkfifo /run/pipe; exec 7<>/run/pipe 8</dev/zero 9</etc/passwd
            for number in 0 2 7 8 9 77 x; do timeout -s KILL 10 $m __supervise $number title 2>&1 | head -1; done | uniq -c
            """)
        #expect(outcome.word == "7 mydocker: unknown command: mydocker __supervise", "\(outcome.text)")
    }

    /// KiB, of each of ten that answer names and have a port.
    @Test func theirMemory() {
        let outcome = elsewhere(
            """
            $m network create --subnet 10.82.2.0/24 front >/dev/null; names=$(seq -f n%g 10)
            for n in $names; do run $n --network front -p 80 sleep 1000; done; renewed $names
            for n in $names; do $m exec $n nslookup -type=a n1 127.0.0.11 | grep -c '^Address: *10'; done | uniq -c
            for i in $(seq 100); do
              most=$(for n in $names; do awk '/^Pss:/ { print $2 }' /proc/$(supervisor $n)/smaps_rollup; done | sort -n | tail -1)
              [ $most -le 400 ] && break; sleep .05
            done
            echo $((most <= 400)) $most; $m rm -f $names >/dev/null
            """)
        let small = outcome.lines.last?.hasPrefix("1 ") == true || Host.mydocker.contains("debug")
        #expect(outcome.lines.first?.trimmingPrefix { $0 == " " } == "10 1" && small, "\(outcome.text)")
    }
}
