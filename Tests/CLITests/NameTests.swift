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

    /// dig(1) would wait for it itself.
    @Test func nobodyWaitsForAPipeInPlaceOfTheHostsServers() {
        let outcome = elsewhere(
            """
            mkfifo /run/pipe; mount --bind /run/pipe /etc/resolv.conf
            soon() { timeout -s KILL 20 $m "$@" >/dev/null 2>&1; }
            soon run -d --name web --network front sleep 1000; echo run $?
            ask() { timeout -s KILL 20 $m exec web nslookup $1 2>&1; }
            ask outside.test | grep -q SERVFAIL && echo unknown; ask web.front | grep -q 'Address: 10.81.1.2' && echo known
            soon network disconnect front web; echo disconnect $?; soon rm -f web; echo rm $?
            soon run --rm true; echo run $?; soon info; echo info $?
            """)
        #expect(
            outcome.lines == ["run 0", "unknown", "known", "disconnect 0", "rm 0", "run 0", "info 0"],
            "\(outcome.text)")
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

    @Test func othersAreAskedFor() {
        let outcome = elsewhere(
            """
            big=$(printf 'x%.0s' $(seq 200))
            upstream --address=/up.test/192.0.2.7 --txt-record=big.test,$big,$big,$big,$big,$big,$big,$big \\
              --mx-host=mail.test,mx.test --edns-packet-max=4096
            resolver 'nameserver 127.0.0.54\\nnameserver 127.0.0.53\\nsearch lan.test\\noptions timeout:1 ndots:3\\n'
            run --name web --network front
            $m network create --internal within >/dev/null; run --name shut --network within
            $m exec web cat /etc/resolv.conf
            ask web up.test; ask web +tcp up.test; ask web mail.test mx
            inside web dig @127.0.0.11 big.test txt +bufsize=512 +ignore | grep -c 'flags: qr aa tc'
            inside web dig @127.0.0.11 big.test txt +bufsize=512 | grep -Ec 'SERVER.*TCP|MSG SIZE  rcvd: 1[4-9]'
            inside web dig @127.0.0.11 big.test txt +bufsize=4096 | grep -Ec 'SERVER.*UDP|MSG SIZE  rcvd: 1[4-9]'
            ask shut up.test
            echo nameserver 127.0.0.99 >/run/resolv.conf; ask web up.test
            echo nameserver 127.0.0.53 >/run/resolv.conf; ask web up.test
            : >/run/resolv.conf; ask web up.test; ask web web
            """)
        #expect(
            outcome.lines == [
                "nameserver 127.0.0.11", "search lan.test", "options timeout:1 ndots:3",
                "NOERROR up.test. 0 IN A 192.0.2.7", "NOERROR up.test. 0 IN A 192.0.2.7",
                "NOERROR mail.test. 0 IN MX 1 mx.test.", "1", "2", "2", "SERVFAIL", "SERVFAIL",
                "NOERROR up.test. 0 IN A 192.0.2.7", "SERVFAIL", "NOERROR web. 0 IN A 10.81.1.2",
            ], "\(outcome.text)")
    }

    /// A server that is silent gives way to the next one, and whoever asks meanwhile is answered.
    @Test func noServerHoldsTheOthersUp() {
        let outcome = elsewhere(
            """
            upstream --address=/up.test/192.0.2.7
            python3 -c '
            import socket, time
            datagrams, listener = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
            for each in (datagrams, listener): each.bind(("127.0.0.55", 53))
            listener.listen(); time.sleep(100)' &
            silent=$!
            for i in $(seq 100); do ss -lun | grep -q 127.0.0.55:53 && break; sleep .05; done
            resolver 'nameserver 127.0.0.55\\nnameserver 127.0.0.53\\n'
            run --name web --network front
            (echo late $(ask web up.test) >/run/one) & one=$!
            (echo late $(ask web +tcp up.test) >/run/two) & two=$!
            sleep .2; ask web web; ls /run/one /run/two 2>/dev/null
            wait $one $two; cat /run/one /run/two; kill -9 $silent
            """)
        #expect(
            outcome.lines == [
                "NOERROR web. 0 IN A 10.81.1.2", "late NOERROR up.test. 0 IN A 192.0.2.7",
                "late NOERROR up.test. 0 IN A 192.0.2.7",
            ], "\(outcome.text)")
    }

    /// Each try goes on until one of them is answered.
    @Test func aSlowServerIsHeard() {
        let outcome = elsewhere(
            """
            answering 127.0.0.56 3; resolver 'nameserver 127.0.0.56\\n'
            run --name web --network front
            inside web dig +short +time=8 +tries=1 @127.0.0.11 up.test
            resolver 'nameserver 127.0.0.56\\nnameserver 127.0.0.57\\n'
            inside web dig +short +time=8 +tries=1 @127.0.0.11 up.test
            ls -l /proc/$(supervisor web)/fd | grep -c 'socket:' >/run/before
            for i in $(seq 5); do inside web dig +short +time=8 +tries=1 @127.0.0.11 up$i.test & done; wait $(jobs -p | tail -5)
            ls -l /proc/$(supervisor web)/fd | grep -c 'socket:' | cmp - /run/before && echo none is left
            """)
        #expect(
            outcome.lines == Array(repeating: "192.0.2.8", count: 7) + ["none is left"], "\(outcome.text)")
    }

    /// Programs that wait for a second (`timeout:1`) get their answers: the first one late, the others at once.
    @Test func aServerThatIsGoneIsAskedLast() {
        let outcome = elsewhere(
            """
            upstream --address=/up.test/192.0.2.7
            python3 -c '
            import socket, time
            s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.55", 53)); time.sleep(100)' &
            for i in $(seq 100); do ss -lun | grep -q 127.0.0.55:53 && break; sleep .05; done
            resolver 'nameserver 127.0.0.55\\nnameserver 127.0.0.53\\noptions timeout:1 attempts:2\\n'
            run --name web --network front
            inside web dig +short +time=1 +tries=2 @127.0.0.11 up.test
            for i in 1 2 3; do inside web dig +short +time=1 +tries=1 @127.0.0.11 up.test; done
            """)
        #expect(outcome.lines == Array(repeating: "192.0.2.7", count: 4), "\(outcome.text)")
    }

    /// README: "Without a usable DNS server of the host's there is a warning".
    @Test func whoCannotBeAskedIsSaid() {
        let outcome = elsewhere(
            """
            : >/run/resolv.conf; $m network create --internal within >/dev/null
            warned() { $m run --rm "$@" true 2>&1 | grep -c 'no DNS server'; }
            warned --network front; warned --network front --dns 192.0.2.53; warned --network within
            warned --network within --network front
            echo nameserver 127.0.0.53 >/run/resolv.conf; warned --network front
            """)
        #expect(outcome.lines == ["1", "0", "0", "1", "0"], "\(outcome.text)")
    }

    @Test func aServerOfALinkIsAsked() {
        let outcome = elsewhere(
            """
            ip link add up0 type veth peer name up9; ip link set up0 up; ip link set up9 up; ip address add fe80::53/64 dev up0 nodad
            answering fe80::53%up0 0
            resolver 'nameserver fe80::53%%up0\\n'; cat /run/resolv.conf
            # dig(1) knows no link by its number.
            asked() { $m exec web nslookup -type=a up.test 2>&1 | grep -oE '192.0.2.8|SERVFAIL' | head -n 1; }
            run --name web --network front; asked
            echo nameserver fe80::53%$(cat /sys/class/net/up0/ifindex) >/run/resolv.conf; asked
            echo nameserver fe80::53%nosuch >/run/resolv.conf; asked
            """)
        #expect(
            outcome.lines == ["nameserver fe80::53%up0", "192.0.2.8", "192.0.2.8", "SERVFAIL"], "\(outcome.text)")
    }

    /// It is asked from this host, whose link it is: inside another one may have that name.
    @Test func aServerOfALinkMayBeGiven() {
        let outcome = elsewhere(
            """
            ip link add up0 type veth peer name up9; ip link set up0 up; ip link set up9 up; ip address add fe80::53/64 dev up0 nodad
            answering fe80::53%up0 0; $m network create --internal within >/dev/null
            asked() { $m exec $1 nslookup -type=a up.test 2>&1 | grep -oE '192.0.2.8|SERVFAIL' | head -n 1; }
            run --name web --network front --dns fe80::53%up0; asked web; $m inspect -f '{{.HostConfig.Dns}}' web
            $m stop -t 0 web >/dev/null; $m start web >/dev/null; asked web
            run --name number --network front --dns fe80::53%$(cat /sys/class/net/up0/ifindex); asked number
            run --name shut --network within --dns fe80::53%up0; asked shut
            $m run --rm --network host --dns fe80::53%up0 cat /etc/resolv.conf | grep nameserver
            refused() { $m run --rm "$@" true >/run/said 2>&1; echo $? $(head -n 1 /run/said); }
            refused --network front --dns fe80::53%nosuch; refused --network front --dns fe80::53%9999
            refused --network host --dns fe80::53%nosuch; refused --dns fe80::53%up0; refused --network none --dns fe80::53%up0
            refused --network front --dns fd00::53%up0
            """)
        func refusal(_ server: String, _ reason: String) -> String {
            #"125 mydocker: DNS server "\#(server)": \#(reason)"#
        }
        let own = "it is at a link of this host, and the container asks from a network namespace of its own"
        #expect(
            outcome.lines == [
                "192.0.2.8", "[fe80::53%up0]", "192.0.2.8", "192.0.2.8", "SERVFAIL", "nameserver fe80::53%up0",
                refusal("fe80::53%nosuch", #"this host has no link "nosuch""#),
                refusal("fe80::53%9999", #"this host has no link "9999""#),
                refusal("fe80::53%nosuch", #"this host has no link "nosuch""#), refusal("fe80::53%up0", own),
                refusal("fe80::53%up0", own),
                #"125 mydocker: invalid argument "fd00::53%up0" for "--dns" flag: only an address of fe80::/10 is one of a link"#,
            ], "\(outcome.text)")
    }

    /// Who has left the networks that somebody has made asks by itself, and a link of its own may have that name.
    @Test func aServerOfALinkIsLeftBehind() {
        let outcome = elsewhere(
            """
            ip link add eth0 type veth peer name up9
            again() { $m stop -t 0 web >/dev/null; $m start web 2>&1 | grep -o 'no DNS server at a link.*):'; $m exec web cat /etc/resolv.conf; }
            run --name web --network front --dns fe80::53%eth0 --dns 192.0.2.53
            $m network connect bridge web 2>/dev/null; $m network disconnect front web; again
            $m network connect front web; again
            """)
        #expect(
            outcome.lines == [
                "no DNS server at a link of this host (fe80::53%eth0):", "nameserver 192.0.2.53",
                "nameserver 127.0.0.11",
                "options ndots:0",
            ], "\(outcome.text)")
    }

    /// It can listen at every address, and ask the one that it was given, which is asked from inside.
    @Test func aContainerHasServersOfItsOwn() {
        let outcome = elsewhere(
            """
            upstream --address=/up.test/192.0.2.7; resolver 'nameserver 127.0.0.53\\n'
            run --name own --network front --dns 127.0.0.1 --dns-search a.test --dns-option ndots:2
            $m exec own cat /etc/resolv.conf
            inside own dnsmasq --no-daemon --no-resolv --no-hosts --address=/in.test/192.0.2.9 >/run/own.log 2>&1 &
            for i in $(seq 100); do inside own ss -lun | grep -q 0.0.0.0:53 && break; sleep .05; done
            inside own ss -lntu | grep -Ec '0.0.0.0:53 '
            ask own in.test; ask own up.test; ask own own; ask own +tcp own
            inside own dig +short @10.81.1.2 in.test
            """)
        #expect(
            outcome.lines == [
                "nameserver 127.0.0.11", "search a.test", "options ndots:2", "2", "NOERROR in.test. 0 IN A 192.0.2.9",
                "REFUSED", "NOERROR own. 0 IN A 10.81.1.2", "NOERROR own. 0 IN A 10.81.1.2", "192.0.2.9",
            ], "\(outcome.text)")
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

    @Test func linksAreNames() {
        let outcome = elsewhere(
            """
            run --name db --network front
            run --name web --network front --link db:data --link later:soon
            $m create --name later --network front sleep 1000 >/dev/null
            run --name web --network front --link db:data --link later:soon
            find web data; ask web soon; $m start later >/dev/null; find web soon; ask db data
            $m exec web grep -c data /etc/hosts
            """)
        #expect(
            outcome.lines == [
                "mydocker: No such container: later", "10.81.1.2", "NXDOMAIN", "10.81.1.4", "SERVFAIL", "0",
            ], "\(outcome.text)")
    }

    /// On the predefined network, as Docker has it.
    @Test func linksOfThePredefinedNetworkAreVariables() {
        let outcome = elsewhere(
            """
            run --name db --expose 5432 -e POSTGRES_USER=me 2>/dev/null
            $m run --rm --name web --link db:the-db -e THE_DB_PORT_5432_TCP_PROTO=mine sh -c 'env | grep ^THE_DB | sort; grep db /etc/hosts' 2>/dev/null |
              sed "s/$($m inspect -f '{{.NetworkSettings.IPAddress}}' db)/ADDRESS/; s/$($m ps -qf name=db)/ID/"
            $m run --rm --network front --link db:the-db sh -c 'env | grep ^THE_DB'
            """)
        #expect(
            outcome.lines == [
                "THE_DB_ENV_POSTGRES_USER=me", "THE_DB_NAME=/web/the-db", "THE_DB_PORT=tcp://ADDRESS:5432",
                "THE_DB_PORT_5432_TCP=tcp://ADDRESS:5432", "THE_DB_PORT_5432_TCP_ADDR=ADDRESS",
                "THE_DB_PORT_5432_TCP_PORT=5432", "THE_DB_PORT_5432_TCP_PROTO=mine", "ADDRESS\tthe-db ID db",
            ], "\(outcome.text)")
    }

    @Test func whatIsNoAliasIsRefused() {
        let outcome = elsewhere(
            """
            for alias in '' a/b .. a..b 'a b' $(printf 'x%.0s' $(seq 64)); do
              $m run --rm --network front --network-alias "$alias" true; echo $?
            done
            $m run --rm --network-alias web true; echo $?
            $m run --rm --network host --network-alias web true; echo $?
            $m run --rm --network front,alias=a true; echo $?
            run --name web 2>/dev/null; $m network connect --alias a bridge web; echo $?
            $m ps -a --format '{{.Names}}'
            """)
        let refused = { (alias: String) in
            [
                "invalid argument \"\(alias)\" for \"--network-alias\" flag: no host name: "
                    + "those are letters, digits, - and _, with dots between",
                "Run 'mydocker run --help' for more information", "125",
            ]
        }
        let unsupported = [
            "mydocker: network-scoped alias is supported only for containers in user defined networks",
            "  make a network with network create, and name it with --network",
        ]
        let aliases = ["", "a/b", "..", "a..b", "a b", String(repeating: "x", count: 64)]
        #expect(
            outcome.lines == aliases.flatMap(refused) + unsupported + ["125"] + unsupported + ["125"] + [
                "invalid argument \"front,alias=a\" for \"--network\" flag: invalid network: invalid field front",
                "Run 'mydocker run --help' for more information", "125",
            ] + unsupported + ["1", "web"], "\(outcome.text)")
    }
}
