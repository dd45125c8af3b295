import Testing

/// What is nobody's name goes to servers: the host's, or those that a container was given.
extension CLI.Names {
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
            said() { timeout -s KILL 20 $m run --rm "$@" true 2>&1; }
            said --network front; said --network host; said; said --network front --dns 192.0.2.53; said --network none
            """)
        let said = "mydocker: warning: the container is given nothing of the host's /etc/resolv.conf: it is a pipe"
        #expect(
            outcome.lines == [
                "run 0", "unknown", "known", "disconnect 0", "rm 0", "run 0", "info 0", said, said, said,
            ],
            "\(outcome.text)")
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

    /// What is found out for one question that has come is said to all of them; each that goes on does so by a socket and with a number of
    /// its own.
    @Test func questionsThatComeTogetherAreAnsweredTogether() {
        let outcome = elsewhere(
            """
            upstream --address=/up.test/192.0.2.7; resolver 'nameserver 127.0.0.53\\n'
            run --name web --network front; s=$(supervisor web)
            find web web; find web up.test; sleep .1
            strace -q -o /run/trace -p $s >/dev/null 2>&1 & tracer=$!
            for i in $(seq 100); do grep -q '^TracerPid:.0$' /proc/$s/status || break; sleep .05; done
            kill -STOP $s; sleep .2
            inside web python3 -c '
            import os, signal, socket, sys
            asker = socket.socket(type=socket.SOCK_DGRAM); asker.settimeout(5)
            for number in range(8):
                name = b"\\2up\\4test" if number % 2 else b"\\3web"
                asker.sendto(bytes([7, number, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]) + name + b"\\0\\0\\1\\0\\1", ("127.0.0.11", 53))
            os.kill(int(sys.argv[1]), signal.SIGCONT)
            answers = sorted(asker.recv(512) for number in range(8))
            for number, answer in enumerate(answers): print(answer[0], answer[1], *answer[-4:])' $s
            kill -9 $tracer; wait $tracer 2>/dev/null
            grep -c 'mydocker/names"' /run/trace; grep -c '"/etc/resolv.conf"' /run/trace
            grep -c 'connect(.*127.0.0.53' /run/trace; grep -o 'sendto([0-9]*, "[^"]*' /run/trace | sed 's/.*"//' | sort -u | wc -l
            """)
        let answers = (0..<8).map { "7 \($0) " + ($0 % 2 == 0 ? "10 81 1 2" : "192 0 2 7") }
        // Once for each name, and once for all that goes on.
        #expect(outcome.lines == ["10.81.1.2", "192.0.2.7"] + answers + ["2", "1", "4", "4"], "\(outcome.text)")
    }

    /// As programs ask for both families (`options use-vc`): whoever answers, what has come with one question is dealt with after it.
    @Test func questionsOfOneWriteAreAnswered() {
        let outcome = elsewhere(
            """
            upstream --address=/up.test/192.0.2.7; resolver 'nameserver 127.0.0.53\\n'
            run --name web --network front
            inside web python3 -c '
            import socket, struct, time
            up, web = b"\\2up\\4test", b"\\3web"
            def question(number, name):
                message = bytes([7, number, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]) + name + b"\\0\\0\\1\\0\\1"
                return struct.pack("!H", len(message)) + message
            for names in [up, web], [up, up], [web, up, web, up]:
                asker = socket.create_connection(("127.0.0.11", 53)); asker.settimeout(5)
                begin = time.monotonic()
                asker.sendall(b"".join(question(number, name) for number, name in enumerate(names)))
                stream = asker.makefile("rb")
                for name in names:
                    answer = stream.read(struct.unpack("!H", stream.read(2))[0])
                    print(answer[1], *answer[-4:])
                print("soon" if time.monotonic() - begin < 4 else "late")'
            """)
        let (up, web) = ("192 0 2 7", "10 81 1 2")
        #expect(
            outcome.lines == [
                "0 \(up)", "1 \(web)", "soon", "0 \(up)", "1 \(up)", "soon", "0 \(web)", "1 \(up)", "2 \(web)",
                "3 \(up)", "soon",
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

    @Test func aServerThatLacksItsLinkIsSaid() {
        let outcome = elsewhere(
            """
            resolver 'nameserver fe80::1\\nnameserver 127.0.0.53\\n'; $m network create --internal within >/dev/null
            warned() { $m run --rm "$@" true 2>&1; }
            warned --network front; warned --network within; warned --network front --dns fe80::53 --dns fe80::54
            warned --dns fe80::53; warned --network front --dns fd00::53
            """)
        let warning = { (servers: String, links: String) in
            "mydocker: warning: the container cannot ask DNS server \(servers): it needs a link: \(links)"
        }
        #expect(
            outcome.lines == [
                warning("fe80::1", "fe80::1%LINK"), warning("fe80::53, fe80::54", "fe80::53%LINK, fe80::54%LINK"),
                warning("fe80::53", "fe80::53%LINK"),
            ], "\(outcome.text)")
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
                #"125 invalid argument "fd00::53%up0" for "--dns" flag: only an address of fe80::/10 is one of a link"#,
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
}
