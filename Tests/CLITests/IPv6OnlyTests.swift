import Testing

/// Networks of IPv6 alone (`--ipv4=false`).
extension CLI.IPv6 {
    @Test(arguments: ["iptables", "nftables"]) func withoutIPv4(firewall: String) {
        let outcome = scene(
            #"""
            $m network create --firewall \#(firewall) --ipv4=false --ipv6 --subnet fd00:77:6::/64 six >/dev/null
            $m network create --firewall \#(firewall) --subnet 10.77.10.1/24 four >/dev/null
            $m run -d --name web --network six -p 80:80 -p 80:80/udp -p 127.0.0.1:82:80 -p 8000-8002:8000-8002 sleep 1000 >/dev/null
            $m run -d --name two --network six sleep 1000 >/dev/null; $m run -d --name old --network four sleep 1000 >/dev/null
            $m network inspect six -f '{{.EnableIPv4}} {{.EnableIPv6}} {{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}'
            $m inspect web -f '{{with .NetworkSettings.Networks.six}}[{{.IPAddress}}/{{.IPPrefixLen}} {{.Gateway}}] {{.GlobalIPv6Address}}/{{.GlobalIPv6PrefixLen}} {{.IPv6Gateway}}{{end}}'
            ip -4 -o addr show six | wc -l; entered web ip -4 -o addr show eth0 | wc -l; entered web ip -6 -o addr show eth0 scope global | awk '{print $4}'
            entered web ip -4 route | wc -l; entered web ip -6 route show default | grep -o 'via [^ ]*'; inside web grep -c fd00:77:6::2 /etc/hosts
            $m ps --filter name=web --format '{{.Ports}}'; $m port web 80/udp
            entered two dig +short @127.0.0.11 web aaaa; entered two dig +short @127.0.0.11 web a | wc -l
            entered two dig +short @127.0.0.11 -x fd00:77:6::2
            serve web 80; serve web 8002
            for kind in tcp udp; do
              yes $kind-far far_ask $kind fd00:250::1 80; yes $kind-far4 far_ask $kind 10.250.0.1 80
              yes $kind-loopback ask $kind ::1 80; yes $kind-loopback4 ask $kind 127.0.0.1 80
              yes $kind-host ask $kind fd00:250::1 80; yes $kind-host4 ask $kind 10.250.0.1 80
              yes $kind-itself entered web python3 /run/ask.py $kind fd00:250::1 80
              yes $kind-member entered two python3 /run/ask.py $kind fd00:77:6::2 80
              yes $kind-other4 entered old python3 /run/ask.py $kind 10.250.0.1 80
            done
            yes range far_ask tcp fd00:250::1 8002; yes range4 far_ask tcp 10.250.0.1 8002
            yes only-loopback4 ask tcp 127.0.0.1 82; yes far-only-loopback4 far_ask tcp 10.250.0.1 82
            yes unpublished far_ask tcp fd00:77:6::2 80; yes out pings web fd00:250::2
            $m network explain --from 10.250.0.2 --to 10.250.0.1:80 | tail -1
            $m network explain --from two --to web:80 | tail -1
            $m network graph six | grep -c 'fd00:77:6::1/64'
            $m system check && echo clean
            ip link set six down; nft flush ruleset; iptables-legacy -F; ip6tables-legacy -F MYDOCKER-FORWARD 2>/dev/null
            $m network reload >/dev/null; yes again far_ask tcp fd00:250::1 80; yes again4 ask tcp 127.0.0.1 80; $m system check && echo clean
            $m rm -f web two old >/dev/null; $m network rm six four
            { iptables-legacy-save; ip6tables-legacy-save; } 2>/dev/null | grep -c MYDOCKER; nft list tables | grep -c mydocker
            $m system check && echo clean
            """#)
        func way(_ kind: String) -> [String] {
            let said = kind == "tcp" ? "stream for" : "datagram for"
            let gateway = "fd00:77:6::1"
            return [
                "\(kind)-far \(said) fd00:250::2", "\(kind)-far4 \(said) \(gateway)",
                "\(kind)-loopback \(said) \(gateway)", "\(kind)-loopback4 \(said) \(gateway)",
                "\(kind)-host \(said) fd00:250::1", "\(kind)-host4 \(said) \(gateway)",
                "\(kind)-itself \(said) \(gateway)", "\(kind)-member \(said) fd00:77:6::3",
                "\(kind)-other4 \(said) \(gateway)",
            ]
        }
        #expect(
            outcome.lines == [
                "false true fd00:77:6::/64 fd00:77:6::1", "[/0 ] fd00:77:6::2/64 fd00:77:6::1", "0", "0",
                "fd00:77:6::2/64", "0", "via fd00:77:6::1", "1",
                "0.0.0.0:80->80/tcp, 0.0.0.0:80->80/udp, [::]:80->80/tcp, [::]:80->80/udp, "
                    + "0.0.0.0:8000-8002->8000-8002/tcp, [::]:8000-8002->8000-8002/tcp, 127.0.0.1:82->80/tcp",
                "0.0.0.0:80", "[::]:80", "fd00:77:6::2", "0", "web.six.",
            ] + way("tcp") + way("udp") + [
                "range stream for fd00:250::2", "range4 stream for fd00:77:6::1",
                "only-loopback4 stream for fd00:77:6::1", "far-only-loopback4 no", "unpublished no", "out reached",
                "arrives: at container web, port 80", "arrives: at container web, port 80, from fd00:77:6::3", "1",
                "clean", "again stream for fd00:250::2", "again4 stream for fd00:77:6::1", "clean", "six", "four", "0",
                "0", "clean",
            ], "\(outcome.text)")
    }

    /// What a supervisor passes on goes past the rules that keep internal networks apart.
    @Test(arguments: ["iptables", "nftables"]) func internalNetworksAndPortsThatArePassedOn(firewall: String) {
        let outcome = scene(
            #"""
            create() { $m network create --firewall \#(firewall) "$@" >/dev/null; }
            create --ipv4=false --ipv6 --subnet fd00:77:6::/64 six; create --internal --subnet 10.77.9.1/24 inner
            create --internal --ipv4=false --ipv6 --subnet fd00:77:8::/64 shut6
            $m run -d --name web --network six -p 80:80 -p 80:80/udp sleep 1000 >/dev/null
            $m run -d --name shut --network shut6 -p 81:80 -p 81:80/udp sleep 1000 >/dev/null 2>&1
            $m run -d --name old --network inner sleep 1000 >/dev/null
            serve web 80; serve shut 80
            for kind in tcp udp; do
              yes far far_ask $kind 10.250.0.1 80; yes here ask $kind 127.0.0.1 81
              yes shut far_ask $kind 10.250.0.1 81; yes shut6 far_ask $kind fd00:250::1 81
              yes inner entered old python3 /run/ask.py $kind 10.77.9.1 80
            done
            $m rm -f web shut old >/dev/null; $m network rm six inner shut6 >/dev/null; $m system check && echo clean
            """#)
        func way(_ said: String) -> [String] {
            ["far \(said) fd00:77:6::1", "here \(said) fd00:77:8::1", "shut no", "shut6 no", "inner no"]
        }
        #expect(outcome.lines == way("stream for") + way("datagram for") + ["clean"], "\(outcome.text)")
    }

    /// On two networks of one family each it has a way to elsewhere by either, and its ports go along.
    @Test(arguments: ["iptables", "nftables"]) func fromOneFamilyToTheOther(firewall: String) {
        let outcome = scene(
            #"""
            $m network create --firewall \#(firewall) --ipv4=false --ipv6 --subnet fd00:77:6::/64 --ip-range fd00:77:6::40/122 six >/dev/null
            $m network create --firewall \#(firewall) --subnet 10.77.10.1/24 four >/dev/null
            routes() { echo $(entered web ip route show default | grep -o 'via [^ ]*') $(entered web ip -6 route show default | grep -o 'via [^ ]*'); }
            $m run -d --name web --network six -p 80:80 sleep 1000 >/dev/null; routes; serve web 80
            $m network connect four web; routes; yes far far_ask tcp fd00:250::1 80; yes far4 far_ask tcp 10.250.0.1 80
            $m network disconnect six web; routes; yes far far_ask tcp fd00:250::1 80; yes far4 far_ask tcp 10.250.0.1 80
            $m network connect six web; $m network disconnect four web; routes
            yes far far_ask tcp fd00:250::1 80; yes far4 far_ask tcp 10.250.0.1 80; $m port web; $m system check && echo clean
            $m restart -t 0 web >/dev/null; serve web 80; yes far far_ask tcp fd00:250::1 80; yes loopback4 ask tcp 127.0.0.1 80
            $m run --rm --network four --network six busybox sh -c 'ip route show default; ip -6 route show default' | grep -o 'via [^ ]*'
            $m run -d --name fixed --network six --ip6 fd00:77:6::ffff:1 sleep 1000 >/dev/null
            $m inspect fixed -f '{{.NetworkSettings.GlobalIPv6Address}}'
            $m rm -f web fixed >/dev/null; $m network rm six four; $m system check && echo clean
            """#)
        #expect(
            outcome.lines == [
                "via fd00:77:6::1", "via 10.77.10.1 via fd00:77:6::1", "far stream for fd00:250::2",
                "far4 stream for fd00:77:6::1", "via 10.77.10.1", "far no", "far4 stream for 10.250.0.2",
                "via fd00:77:6::1", "far stream for fd00:250::2", "far4 stream for fd00:77:6::1",
                "80/tcp -> 0.0.0.0:80", "80/tcp -> [::]:80", "clean", "far stream for fd00:250::2",
                "loopback4 stream for fd00:77:6::1", "via 10.77.10.1", "via fd00:77:6::1",
                "fd00:77:6::ffff:1", "six", "four", "clean",
            ], "\(outcome.text)")
    }

    /// One line each, and nothing is left.
    @Test func withoutIPv4WhatCannotBe() {
        let outcome = scene(
            #"""
            b=com.docker.network.bridge
            create() { $m network create "$@" one >/run/said 2>&1; echo $? $(head -1 /run/said); }
            create --ipv4=false; create --ipv4=false --ipv6 --subnet 10.77.1.0/24; create --ipv4=false --ipv6 --gateway 10.77.1.1
            create --ipv4=false --ipv6 -o $b.gateway_mode_ipv4=routed; create --ipv4=maybe
            ls /var/lib/mydocker/networks 2>/dev/null | wc -l
            $m network create --ipv4=false --ipv6 --subnet fd00:77:6::/126 small >/dev/null
            $m run --rm --network small --ip 10.77.1.2 true; echo $?; $m run --rm --network small --ip6 fd00:77:7::2 true; echo $?
            $m run -d --name box1 --network small sleep 1000 >/dev/null
            $m run --rm --network small true; echo $?; $m run --rm --network small --ip6 fd00:77:6::2 true; echo $?
            $m network create --ignore --subnet 10.77.1.0/24 small >/dev/null
            $m rm -f box1 >/dev/null; $m network rm small; $m system check && echo clean
            """#)
        let conflict = "1 mydocker: conflicting options:"
        #expect(
            outcome.lines == [
                "1 mydocker: IPv4 or IPv6 must be enabled", "\(conflict) --ipv4=false and 10.77.1.0",
                "\(conflict) --ipv4=false and 10.77.1.1", "\(conflict) a gateway mode of IPv4, and --ipv4=false",
                #"125 invalid argument "maybe" for "--ipv4" flag: use true or false"#, "0",
                "mydocker: network small has no IPv4", "  create it without --ipv4=false, or leave --ip away", "125",
                "mydocker: address fd00:77:7::2: the network is fd00:77:6::/126", "125",
                "mydocker: network small: no available addresses in fd00:77:6::/126 (1 of 1 in use)",
                "  remove containers that are not needed, or use a network with a larger subnet", "125",
                #"mydocker: Address already in use "fd00:77:6::2": held by container "box1""#, "125",
                #"mydocker: warning: network "small" exists: its subnet is none, not 10.77.1.0/24"#,
                #"mydocker: warning: network "small" exists: its IPv4 is off, not on"#,
                #"mydocker: warning: network "small" exists: its IPv6 is on, not off"#, "small", "clean",
            ], "\(outcome.text)")
    }

    /// A gateway may lie anywhere in the subnet, and `--ip6` may ask for any address of it; a range without a lease is refused.
    @Test func whatLiesBeyondTheLeases() {
        let outcome = scene(
            #"""
            six="$m network create --ipv4=false --ipv6 --subnet fd00:77:6::/64"
            $six --ip-range fd00:77:6::1:0/112 one; echo $?
            $six --gateway fd00:77:6::ffff:0:1 --aux-address a=fd00:77:6::ffff:ffff one >/dev/null; ip -6 -o addr show one scope global | awk '{print $4}'
            $m run -d --name box1 --network one sleep 1000 >/dev/null; $m run -d --name box2 --network one --ip6 fd00:77:6::ffff sleep 1000 >/dev/null
            $m inspect box1 box2 -f '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}'
            for taken in fd00:77:6::ffff:0:1 fd00:77:6::ffff:ffff fd00:77:6::ffff; do $m run --rm --network one --ip6 $taken true; echo $?; done
            entered box2 ping -6 -q -c 1 -W 1 fd00:77:6::2 | grep -c ' 1 received'; entered box2 ping -6 -q -c 1 -W 1 fd00:77:6::ffff:0:1 | grep -c ' 1 received'
            $m rm -f box1 box2 >/dev/null; $m network rm one; $m system check && echo clean
            """#)
        let taken = "mydocker: Address already in use"
        #expect(
            outcome.lines == [
                "mydocker: invalid ip-range fd00:77:6::1:0/112: containers get the first 65536 addresses of fd00:77:6::/64",
                "  give a part of fd00:77:6::1-fd00:77:6::fffe; --ip6 takes any address of the subnet", "1",
                "fd00:77:6::ffff:0:1/64", "fd00:77:6::2", "fd00:77:6::ffff",
                "\(taken) \"fd00:77:6::ffff:0:1\": held by the network's gateway", "125",
                "\(taken) \"fd00:77:6::ffff:ffff\": held by \"a\", an --aux-address of the network", "125",
                "\(taken) \"fd00:77:6::ffff\": held by container \"box2\"", "125", "1", "1", "one", "clean",
            ], "\(outcome.text)")
    }

    /// More connections than a supervisor passes on, none of which their clients close: each is answered, and none keeps the container's link.
    @Test func manyConnectionsThatStay() {
        let outcome = scene(
            #"""
            $m network create --ipv4=false --ipv6 --subnet fd00:77:6::/64 six >/dev/null
            $m run -d --name web --network six -p 80:80 sleep 1000 >/dev/null; serve web 80
            cat >/run/many.py <<'END'
            import os, socket, subprocess
            clients = []
            for _ in range(600):
              clients.append(socket.create_connection(("127.0.0.1", 80), 2)); clients[-1].recv(99)
            print(len(clients), flush=True)
            subprocess.run([os.environ["MYDOCKER"], "rm", "-f", "web"])
            END
            ulimit -n 4096; python3 /run/many.py; ls /sys/class/net/six/brif | wc -l
            $m network rm six; $m system check && echo clean
            """#)
        #expect(outcome.lines == ["600", "web", "0", "six", "clean"], "\(outcome.text)")
    }

    /// A request that comes in two parts: the second one does not wait until the container's end has told that it has the first one,
    /// which that puts off for 40 ms once a connection has gone on for a while.
    @Test func partsOfARequestGoAtOnce() {
        let outcome = scene(
            #"""
            $m network create --ipv4=false --ipv6 --subnet fd00:77:6::/64 six >/dev/null
            $m run -d --name web --network six -p 80:80 sleep 1000 >/dev/null
            cat >/run/halves.py <<'END'
            import socket, sys, time
            def exactly(s, count):
              while count:
                piece = s.recv(count); count -= len(piece)
                if not piece: sys.exit()
            if sys.argv[1] == "serve":
              listener = socket.create_server(("::", 80), family=socket.AF_INET6); print("ready", flush=True)
              s = listener.accept()[0]
              while True: exactly(s, 2); s.send(b"y")
            s = socket.create_connection(("127.0.0.1", 80), 2); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            rounds = []
            for _ in range(100):
              began = time.monotonic()
              s.send(b"a"); time.sleep(.002); s.send(b"b"); exactly(s, 1)
              rounds.append(time.monotonic() - began)
            median = sorted(rounds)[50]; print("at once" if median < .02 else median)
            END
            rm -f /run/ready; nsenter -t $($m inspect -f '{{.State.Pid}}' web) -n timeout 20 python3 /run/halves.py serve >/run/ready &
            for i in $(seq 100); do grep -q ready /run/ready 2>/dev/null && break; sleep .05; done
            timeout 20 python3 /run/halves.py ask; wait
            $m rm -f web; $m network rm six; $m system check && echo clean
            """#)
        #expect(outcome.lines == ["at once", "web", "six", "clean"], "\(outcome.text)")
    }
}
