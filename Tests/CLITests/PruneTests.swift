import Foundation
import Testing

extension CLI {
    @Suite struct Prune {
        @Test func whatDoesNotRunIsRemoved() {
            let outcome = Host.elsewhere(
                """
                m=$MYDOCKER
                $m container prune -f
                $m run -d --name runs --net none sleep 1000 >/run/runs
                $m run -d --name rests --net none --restart always sh -c 'sleep 0.1; exit 1' >/run/rests
                $m run --name ended --net none dd if=/dev/zero of=/big bs=1M count=3 2>/dev/null
                $m run -d --name killed --net none sleep 1000 >/run/killed
                kill -KILL $(jq .supervisor /run/mydocker/containers/$(cat /run/killed)/state.json)
                until [ $($m inspect -f '{{.State.Status}}' killed) = exited ]; do sleep 0.01; done
                $m inspect -f '{{.Id}}' ended killed | sort >/run/gone
                $m container prune --force >/run/output
                head -n 1 /run/output
                sed -n 2,3p /run/output | sort | cmp - /run/gone && echo both
                sed 1,3d /run/output | sed 's/[0-9.]*MB/MB/'
                $m ps -a --format '{{.Names}}' | sort
                ls /var/lib/mydocker/names
                """)
            #expect(
                outcome.text == """
                    Total reclaimed space: 0B
                    Deleted Containers:
                    both

                    Total reclaimed space: MB
                    rests
                    runs
                    rests
                    runs

                    """, "\(outcome.error)")
        }

        /// What a commit that was killed had begun goes too; what one that works has begun does not.
        @Test func whatAKilledCommitBeganIsRemoved() {
            let outcome = Host.elsewhere(
                """
                m=$MYDOCKER place=/var/lib/mydocker/images/temporary
                $m run --name box --net none dd if=/dev/zero of=/big bs=1M count=3 2>/dev/null
                MYDOCKER_FAULT=kill@12 $m commit box gone 2>/dev/null
                for i in $(seq 200); do [ -z "$(ls $place)" ] && break; sleep .02; done; ls $place | wc -l
                MYDOCKER_FAULT=stop@18 $m commit box later >/dev/null &
                until grep -qs '^State:.*T (stopped' /proc/$!/status; do sleep 0.01; done
                $m image prune -f
                ls $place | wc -l
                kill -CONT $!
                wait $!
                $m images -q later | wc -l
                ls $place | wc -l
                """)
            #expect(outcome.text == "0\nTotal reclaimed space: 0B\n1\n1\n0\n", "\(outcome.text)\(outcome.error)")
        }

        @Test func itAsks() throws {
            let script = """
                m=\(Host.mydocker)
                $m run --name ended --net none true
                $m container prune </dev/null; echo without a terminal: $?
                $m container prune; echo first: $?
                $m ps -aq | wc -l
                $m container prune; echo second: $?
                $m ps -aq | wc -l
                """
            let session = try TerminalSession([Host.sandbox, "bash", "-c", script])
            session.expect("without a terminal: 1")
            #expect(session.text.contains("use -f"))
            session.expect("WARNING! This will remove all stopped containers.")
            session.expect("Are you sure you want to continue? [y/N] ")
            session.type("\n")
            session.expect("first: 1")
            session.expect("\n1\r\n")
            session.type("y\n")
            session.expect("Total reclaimed space: ")
            session.expect("second: 0")
            session.expect("\n0\r\n")
            #expect(session.end() == 0)
        }

        @Test func allThatIsNotUsed() {
            let outcome = Host.elsewhere(
                """
                m=$MYDOCKER
                $m network create --subnet 10.77.1.1/24 used >/dev/null
                $m network create --subnet 10.77.2.1/24 --label keep idle >/dev/null
                $m network create --subnet 10.77.3.1/24 plain >/dev/null
                $m run -d --net used --name runs sleep 1000 >/dev/null
                $m network prune -f --filter 'label!=keep'
                $m network ls --format '{{.Name}}' -f type=custom
                mkdir /run/root; echo a >/run/root/a; tar cf /run/a.tar -C /run/root .
                echo b >/run/root/a; tar cf /run/b.tar -C /run/root .
                old=$($m import /run/a.tar spare); $m import /run/b.tar spare >/dev/null
                $m images -q -f dangling=true --no-trunc | grep -c $old
                $m image prune -f --filter until=1h | head -n 1
                $m image prune -f | grep -c "^deleted: $old$"
                $m images --format '{{.Repository}}'  | sort
                $m create --net none --name stopped busybox true >/dev/null
                echo n | $m system prune; echo without a terminal: $?
                $m system prune -af >/run/output; echo $?
                grep -v '^[0-9a-f]\\{64\\}$\\|^deleted: \\|^Total' /run/output
                $m ps -a --format '{{.Names}}'; $m images --format '{{.Repository}}'
                printf 'FROM busybox\\nRUN echo a >/a\\n' >/run/Dockerfile
                $m build -q -t cached -f /run/Dockerfile /run/root >/dev/null 2>&1; $m rmi cached >/dev/null
                $m system prune -f --filter label=a | grep -c 'build cache'
                $m system prune -f | grep -A1 '^Deleted build cache objects:$' | sed 's/^[0-9a-f]\\{64\\}$/object/'
                """)
            #expect(
                outcome.text == """
                    Deleted Networks:
                    plain

                    idle
                    used
                    1
                    Total reclaimed space: 0B
                    1
                    busybox
                    spare
                    without a terminal: 1
                    0
                    Deleted Containers:

                    Deleted Networks:
                    idle

                    Deleted Images:
                    untagged: spare:latest

                    runs
                    busybox
                    0
                    Deleted build cache objects:
                    object

                    """, "\(outcome.error)")
        }
    }
}
