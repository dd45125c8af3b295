import Foundation
import Testing

extension Host {
    static let sandbox = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("../../scripts/in-sandbox").path

    /// Runs a script in a sandbox of its own: with other file systems, another network and no containers.
    static func elsewhere(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) -> Outcome {
        run(
            [sandbox, "bash", "-c", script], environment: ["MYDOCKER": mydocker], sourceLocation: sourceLocation)
    }
}

extension CLI {
    @Suite struct Reboot {
        /// All at once: what runs is killed, what is in the kernel is gone, `/run` is as it was (it is no tmpfs
        /// everywhere), and the kernel has another boot id.
        static let powerLoss = """
            m=$MYDOCKER
            lose_power() {
              for state in /run/mydocker/containers/*/state.json; do kill -KILL $(jq .supervisor $state); done
              for link in $(ls /sys/class/net); do [ -e /sys/class/net/$link/bridge ] && ip link delete $link; done
              for table in filter nat; do iptables-legacy -t $table -F; iptables-legacy -t $table -X; done
              nft flush ruleset
              echo 0 >/proc/sys/net/ipv4/ip_forward
              while find /sys/fs/cgroup -depth -path '*/mydocker*' -type d | grep .; do
                find /sys/fs/cgroup -depth -path '*/mydocker*' -type d -exec rmdir {} + 2>/dev/null
              done >/dev/null
              echo 11111111-2222-3333-4444-555555555555 >/run/mydocker/boot-id
            }
            """

        @Test func containersHaveEndedAndTheirNamesAreTheirs() {
            let outcome = Host.elsewhere(
                Self.powerLoss + """

                    exec 2>&1
                    $m network create --subnet 10.77.3.0/24 rb0 >/dev/null
                    for name in web other; do $m run -d --name $name -net rb0 -p 80 sh -c "echo $name; sleep 1000"; done >/dev/null
                    $m run -d --name again --restart always -net rb0 -m 64m sleep 1000 >/dev/null
                    $m run -d --name resting --restart always -net rb0 false >/dev/null
                    for name in gone away; do $m run -d --rm --name $name -net rb0 sleep 1000; done >/dev/null
                    $m run --name done -net rb0 sh -c 'exit 3'
                    lose_power

                    for name in web again resting; do
                      $m inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}} {{.State.Pid}}' $name
                    done
                    $m inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' done
                    echo running: $($m ps -q)
                    echo all: $($m ps -a --format '{{.Names}}' | sort)
                    $m inspect gone >/dev/null
                    echo log: $($m logs web)
                    echo wait: $($m wait web)

                    # A name that is free is free, and one that is taken is taken.
                    $m run --rm --name gone -net none true; echo $?
                    $m run --rm --name web -net none true 2>/dev/null; echo $?
                    ls /var/lib/mydocker/names | wc -l; ls /var/lib/mydocker/containers | wc -l
                    $m system check; echo check: $?
                    $m stop web again && $m rm web again resting && $m rm -f other done
                    find /var/lib/mydocker/{containers,names} /run/mydocker/{containers,networks} -mindepth 1
                    """)
            #expect(
                outcome.text == """
                    exited 137 host restart 0
                    exited 137 host restart 0
                    exited 137 host restart 0
                    exited 3 
                    running:
                    all: again done other resting web
                    error: no such object: gone
                    log: web
                    wait: 137
                    0
                    125
                    5
                    5
                    check: 0
                    web
                    again
                    web
                    again
                    resting
                    other
                    done

                    """)
        }

        @Test func networksComeBackOnFirstUse() {
            let outcome = Host.elsewhere(
                Self.powerLoss + """

                    exec 2>&1
                    $m network create --subnet 10.77.3.1/24 rb0 >/dev/null
                    $m network create --subnet 10.77.4.1/24 rb1 >/dev/null
                    $m run -d --name web -net rb0 -p 7790:80 --ip 10.77.3.9 sleep 1000 >/dev/null
                    lose_power
                    $m network ls --filter type=custom --format '{{.Name}}' | sort
                    ls /sys/class/net | grep rb || echo no bridge
                    # Port and address of one that has ended are free, and there is no rule of it.
                    $m run -d --name heir -net rb0 -p 7790:80 --ip 10.77.3.9 sh -c 'echo heir >/index.html; exec httpd -f -h /' >/dev/null
                    until curl -s 127.0.0.1:7790; do sleep 0.02; done
                    $m exec heir ping -q -c 1 10.77.3.1 | grep -c '1 packets received'
                    { iptables-legacy -t nat -S; nft list ruleset; } | grep -cE 'dport 7790 |tcp [.] 7790 '
                    cat /proc/sys/net/ipv4/ip_forward
                    [ -e /sys/class/net/rb1 ] || echo rb1 is not needed yet
                    $m run --rm -net rb1 ping -q -c 3 -W 1 10.77.4.1 | grep -c ' [123] packets received'
                    $m rm -f heir web
                    $m network rm rb0 rb1
                    """)
            #expect(
                outcome.text == """
                    rb0
                    rb1
                    no bridge
                    heir
                    1
                    1
                    1
                    rb1 is not needed yet
                    1
                    heir
                    web
                    rb0
                    rb1

                    """)
        }

        /// `rm -rf /var/lib/mydocker/*` is how one begins anew; the kernel runs on, and /run with it.
        @Test func whoeverHasRemovedAllBeginsAnew() {
            let outcome = Host.elsewhere(
                """
                exec 2>&1; m=$MYDOCKER
                for time in first second; do
                  $m run --rm --net none sh -c "echo $time"; $m volume create data; $m run -d --name web --net none true >/dev/null
                  $m wait web; $m system check && echo clean; $m ps -aq | wc -l
                  $m network create --subnet 10.77.3.0/24 rb0 >/dev/null; $m network rm rb0; rm -rf /var/lib/mydocker/*
                done
                """)
            let lines = { (time: String) in [time, "data", "0", "clean", "1", "rb0"] }
            #expect(outcome.lines == lines("first") + lines("second"), "\(outcome.text)")
        }

        /// Whatever moment the writer of a container's records dies at, what is there is whole.
        @Test func recordsAreWholeWheneverTheirWriterDies() {
            let outcome = Host.elsewhere(
                """
                m=$MYDOCKER
                $m run --rm --net none true
                MYDOCKER_FAULT_LIST=/run/points $m run -d --net none --name list sh -c 'exit 3' >/dev/null; $m wait list >/dev/null
                $m rm list >/dev/null
                points=$(sed -n 's|^\\([0-9]*\\) .*"/var/lib/mydocker/.*|\\1|p' /run/points)
                for point in $points; do
                  (MYDOCKER_FAULT=kill@$point $m run -d --net none --name whole sh -c 'exit 3'; $m wait whole) >/dev/null 2>&1
                  for file in $(find /var/lib/mydocker/containers /var/lib/mydocker/names -name record.json -o -name exit.json); do
                    jq -e .id $file >/dev/null || jq -e .finished $file >/dev/null || echo "$point: $file: $(cat $file)"
                  done
                  $m ps -a 2>&1 >/dev/null
                  $m rm -f whole >/dev/null 2>&1
                  $m run --rm --net none --name whole true || echo "$point: the name is taken"
                done
                [ $(echo $points | wc -w) -gt 6 ] && echo enough points
                """)
            #expect(outcome.text == "enough points\n", "\(outcome.error)")
        }
    }
}
