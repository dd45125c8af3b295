import Testing

/// Containers find each other by names, and ask their supervisor for all others. dig(1) and dnsmasq(8) are the second opinion on what
/// goes over the wire.
extension CLI {
    @Suite(.serialized) struct Names {
        /// `ask CONTAINER …` prints what dig gets inside, `find CONTAINER NAME` the addresses alone. `upstream` is a server of the
        /// host at an address of its loopback, as systemd-resolved is.
        private static let tools = """
            exec 2>&1
            m=$MYDOCKER
            inside() { nsenter -t $($m inspect -f '{{.State.Pid}}' $1) -n "${@:2}"; }
            ask() {
              inside $1 dig +time=3 +tries=1 +noall +comments +answer @127.0.0.11 "${@:2}" |
                sed -En 's/.*status: ([A-Z]+),.*/\\1/p;s/[ \\t]+/ /g;/^[^;]/p' | grep -v '^NO$' | uniq | paste -sd' '
            }
            find() { inside $1 dig +short +time=3 +tries=1 @127.0.0.11 "${@:2}" | sort | paste -sd' '; }
            supervisor() { jq .supervisor /run/mydocker/containers/$($m inspect -f '{{.Id}}' $1)/state.json; }
            run() { $m run -d "$@" sleep 1000 >/dev/null; }
            upstream() {
              dnsmasq --no-daemon --no-resolv --no-hosts --listen-address=127.0.0.53 --bind-interfaces "$@" >/run/dns.log 2>&1 &
              for i in $(seq 100); do ss -lun | grep -q 127.0.0.53:53 && return; sleep .05; done
            }
            # It knows every name, after so many seconds, at an address of this host.
            answering() {
              rm -f /run/answering
              python3 -c '
            import socket, sys, threading, time
            info = socket.getaddrinfo(sys.argv[1], 53, type=socket.SOCK_DGRAM)[0]
            server = socket.socket(info[0], socket.SOCK_DGRAM); server.bind(info[4]); open("/run/answering", "w")
            def answer(data, peer):
                time.sleep(float(sys.argv[2])); end = data.index(0, 12) + 5
                head = data[:2] + b"\\x81\\x80\\0\\1\\0\\1\\0\\0\\0\\0"
                server.sendto(head + data[12:end] + b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\0\\0\\4\\xc0\\0\\2\\x08", peer)
            while True: threading.Thread(target=answer, args=server.recvfrom(4096), daemon=True).start()' "$@" >/dev/null 2>&1 &
              for i in $(seq 100); do test -e /run/answering && return; sleep .05; done
            }
            resolver() { printf "$1" >/run/resolv.conf; mount --bind /run/resolv.conf /etc/resolv.conf; }
            ip link set lo up
            $m network create --subnet 10.81.1.1/24 front >/dev/null
            $m network create --subnet 10.81.2.1/24 back >/dev/null
            resolver 'nameserver 127.0.0.99\\n'

            """

        func elsewhere(_ script: String) -> Outcome { Host.elsewhere(Self.tools + script) }
    }
}

extension CLI.Names {
    @Test func neighboursAreFound() {
        let outcome = elsewhere(
            """
            run --name web --network front --network-alias www --network-alias all --hostname box
            run --name db --network name=back,alias=all --network name=front,alias=ALL
            run --name other --network back
            $m create --name later --network front sleep 1000 >/dev/null
            for name in web www box WEB web.front db; do echo $name $(find web $name); done
            test "$(find web $($m ps -qf name=web))" = 10.81.1.2 && echo by its short id
            for name in later nothere.front other web.back; do echo $name $(ask web $name); done
            ask web web AAAA; ask web web MX; find web all; find db all; find other all
            ask web +tcp web
            find web -x 10.81.1.2; find web -x 10.81.1.3; ask web -x 10.81.1.9
            $m exec web nslookup db | grep -x 'Address: 10.*'
            $m inspect -f '{{json .NetworkSettings.Networks.front.Aliases}} {{len .NetworkSettings.Networks.front.DNSNames}}' web
            $m rm -f web db other later >/dev/null; ls /run/mydocker/networks/*/aliases 2>/dev/null; $m system check && echo clean
            """)
        #expect(
            outcome.lines.filter { !$0.isEmpty && !$0.hasPrefix("/run/mydocker") } == [
                "web 10.81.1.2", "www 10.81.1.2", "box 10.81.1.2", "WEB 10.81.1.2", "web.front 10.81.1.2",
                "db 10.81.1.3",
                "by its short id", "later NXDOMAIN", "nothere.front NXDOMAIN", "other SERVFAIL", "web.back SERVFAIL",
                "NOERROR", "NOERROR", "10.81.1.2 10.81.1.3", "10.81.1.2 10.81.1.3 10.81.2.2", "10.81.2.2",
                "NOERROR web. 0 IN A 10.81.1.2", "web.front.", "db.front.", "NXDOMAIN", "Address: 10.81.1.3",
                "[\"www\",\"all\"] 5", "clean",
            ], "\(outcome.text)")
    }

    @Test func namesFollow() {
        let outcome = elsewhere(
            """
            run --name web --network front
            run --name plain 2>/dev/null; run --name db --network front --network-alias data
            $m exec plain grep -c 127.0.0.11 /etc/resolv.conf
            $m network connect --alias p front plain
            echo joined $(find web p) $(find plain web) $($m exec plain nslookup web | grep -c 10.81.1.2)
            $m network disconnect front plain; echo left $(ask web p)
            $m rename web site; echo renamed $(ask db web) $(find db site)
            kill -9 $(supervisor db); echo killed $(ask site db) $(ask site data)
            $m start db >/dev/null; echo begun $(find site data)
            $m restart -t 0 db >/dev/null; echo again $(find site data)
            $m pause db; echo paused $(find site db); $m unpause db >/dev/null
            $m stop -t 0 db >/dev/null; echo stopped $(ask site db)
            $m rm db >/dev/null; echo gone $(ask site db)
            """)
        #expect(
            outcome.lines == [
                "0", "joined 10.81.1.4 10.81.1.2 1", "left SERVFAIL", "renamed SERVFAIL 10.81.1.2",
                "killed NXDOMAIN NXDOMAIN", "begun 10.81.1.5", "again 10.81.1.5", "db", "paused 10.81.1.5",
                "stopped NXDOMAIN", "gone SERVFAIL",
            ], "\(outcome.text)")
    }

    /// The name that it had is nobody's inside, and then another one's, also where it has joined its network while it ran.
    @Test func aRenamedContainerLetsItsNameGo() {
        let outcome = elsewhere(
            """
            looks() { $m exec $1 ping -c1 -W2 $2 2>&1 | sed -n 's/^PING [^ ]* (\\([^)]*\\)).*/\\1/p;s/.*bad address.*/unknown/p'; }
            run --name db --network front; run --name plain 2>/dev/null
            $m exec plain grep -c plain /etc/hosts; $m network connect front plain; $m exec plain grep -c plain /etc/hosts
            looks db db; looks plain plain
            $m rename db old; $m rename plain former; looks old db; looks old old; looks former plain; looks former former
            run --name db --network front; run --name plain --network front; looks old db; looks former plain
            run --name early 2>/dev/null; $m rename early late; $m network connect front late; $m exec late grep -c early /etc/hosts
            """)
        #expect(
            outcome.lines == [
                "1", "0", "10.81.1.2", "10.81.1.3", "unknown", "10.81.1.2", "unknown", "10.81.1.3", "10.81.1.4",
                "10.81.1.5", "0",
            ], "\(outcome.text)")
    }

    /// What is remembered of a neighbour is what its record says still: each time it was asked for just before.
    @Test func answersAreNeverLate() {
        let outcome = elsewhere(
            """
            known() { find web db >/dev/null; find web db; }
            ended() { kill -9 $1; while grep -q '^State:.[^ZX]' /proc/$1/status 2>/dev/null; do :; done; }
            run --name web --network front; run --name db --network front
            known; $m network disconnect front db; echo left $(ask web db)
            $m network connect --ip 10.81.1.77 front db; known
            $m network disconnect front db; $m network connect --ip 10.81.1.78 front db; echo moved $(find web db)
            known; ended $(supervisor db); echo supervisor killed $(ask web db)
            $m start db >/dev/null; known
            ended $($m inspect -f '{{.State.Pid}}' db); echo program killed $(ask web db)
            $m rm -f db >/dev/null; run --name db --network front --ip 10.81.1.79; known
            $m stop -t 0 db >/dev/null; echo stopped $(ask web db)
            for i in $(seq 40); do
              run --name many$i --network front; test "$(find web many$i)" = "$(find web many$i)" || echo differs
            done
            for i in $(seq 40); do test -n "$(find web many$i)" || echo lost; done
            open() { ls -l /proc/$(supervisor web)/fd | grep -c "$1"; }
            echo at most $(($(open /state.json) <= 16)) $(($(open pidfd) <= 2 * 16 + 4))
            $m rm -f $($m ps -q) >/dev/null; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "10.81.1.3", "left SERVFAIL", "10.81.1.77", "moved 10.81.1.78", "10.81.1.78",
                "supervisor killed NXDOMAIN", "10.81.1.78", "program killed NXDOMAIN", "10.81.1.79", "stopped NXDOMAIN",
                "at most 1 1", "clean",
            ], "\(outcome.text)")
    }

    /// The very first thing that a program does is to ask, and it is answered: by a supervisor that lives no longer than it.
    @Test func itIsAnsweredFromTheFirstMomentOn() {
        let outcome = elsewhere(
            """
            run --name web --network front
            for i in $(seq 100); do $m run --rm --network front nslookup web >/run/out || echo failed; done
            for i in 1 2 3 4; do
              (for k in $(seq 25); do
                run --name s$i-$k --network front; $m run --rm --network front nslookup s$i-$k >/run/out$i || echo failed
                $m rm -f s$i-$k >/dev/null
              done) &
            done; wait
            echo done
            """)
        #expect(outcome.lines == ["done"], "\(outcome.text)")
    }

    @Test func firewallsAreNotInTheWay() {
        let outcome = elsewhere(
            """
            run --name web --network front; run --name db --network front --cap-add NET_ADMIN
            iptables-legacy -P INPUT DROP; iptables-legacy -P OUTPUT DROP
            find web db
            inside db sh -c 'iptables-legacy -t nat -F; iptables-legacy -t nat -A OUTPUT -j ACCEPT
              for c in INPUT OUTPUT; do iptables-legacy -A $c -m conntrack --ctstate INVALID -j DROP; done'
            find db web; find db +tcp web
            """)
        #expect(outcome.lines == ["10.81.1.3", "10.81.1.2", "10.81.1.2"], "\(outcome.text)")
    }

    @Test func nobodyElseIsAnswered() {
        let outcome = elsewhere(
            """
            run --name web --network front; run --name none --network none; run --name plain 2>/dev/null
            dig +time=1 +tries=1 @127.0.0.11 web | grep -c refused
            dig +time=1 +tries=1 @10.81.1.2 web | grep -c refused
            inside none dig +time=1 +tries=1 @127.0.0.11 web | grep -Ec 'refused|no servers'
            inside plain dig +time=1 +tries=1 @127.0.0.11 web | grep -c refused
            inside plain ss -lntu | grep -c 127.0.0.11; inside plain nft list ruleset
            """)
        #expect(
            outcome.lines.map { $0 == "0" ? "0" : "some" } == ["some", "some", "some", "some", "0"], "\(outcome.text)")
    }

    /// Whoever asks without end, or never to the end, takes nothing away from others, and nothing of it stays.
    @Test func floodsDoNoHarm() {
        let outcome = elsewhere(
            """
            python3 -c '
            import socket, time
            s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.53", 53)); time.sleep(100)' & silent=$!
            resolver 'nameserver 127.0.0.53\\n'
            run --name web --network front
            inside web python3 -c '
            import os, socket
            kept = []
            for i in range(200):
                s = socket.create_connection(("127.0.0.11", 53), 2); s.send(b"\\0\\x30half"); kept.append(s)
            s = socket.socket(type=socket.SOCK_DGRAM)
            for i in range(5000): s.sendto(os.urandom(i % 600), ("127.0.0.11", 53))
            for i in range(500): s.sendto(bytes([i // 256, i % 256]) + b"\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\2up\\4test\\0\\0\\1\\0\\1", ("127.0.0.11", 53))
            '
            find web web
            ls /proc/$(supervisor web)/fd | wc -l | sed 's/^[0-9][0-9]$/less than 100/'
            kill -9 $silent; wait $silent 2>/dev/null; upstream --address=/up.test/192.0.2.7
            inside web python3 -c '
            import socket, subprocess
            kept = [socket.create_connection(("127.0.0.11", 53), 2) for i in range(100)]
            for each in kept: each.send(b"x")
            subprocess.run("dig +short +tcp +time=2 +tries=1 @127.0.0.11 web; dig +short +time=2 +tries=1 @127.0.0.11 up.test", shell=True)'
            """)
        #expect(
            outcome.lines.filter { !$0.contains("Killed") } == [
                "10.81.1.2", "less than 100", "10.81.1.2", "192.0.2.7",
            ],
            "\(outcome.text)")
    }

    /// None of it goes to the host's server, who would learn what is asked here, and whose answer would be taken for ours.
    @Test func whatIsNoQuestionStaysHere() {
        let outcome = elsewhere(
            """
            upstream --address=/#/192.0.2.7 --log-queries; resolver 'nameserver 127.0.0.53\\n'
            run --name web --network front
            inside web python3 -c '
            import socket
            question = b"\\3web\\0\\0\\1\\0\\1"
            for header in (b"\\x81\\0\\0\\1", b"\\x29\\0\\0\\1", b"\\1\\0\\0\\2", b"\\1\\0\\0\\0"):
                s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(1); s.connect(("127.0.0.11", 53))
                s.send(b"id" + header + b"\\0" * 6 + question)
                try: print(s.recv(99)[3] & 15)
                except TimeoutError: print("nothing")'
            grep -c 'query' /run/dns.log
            """)
        #expect(outcome.lines == ["nothing", "4", "1", "1", "0"], "\(outcome.text)")
    }
}
