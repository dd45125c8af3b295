import Testing

/// Networks with IPv6 besides.
extension CLI {
    @Suite(.serialized) struct IPv6 {
        /// A host far away, which knows the way to the containers; `far COMMAND` runs there, `inside CONTAINER COMMAND` in a
        /// container. `networks FIREWALL` makes two networks, an internal one and one of IPv4, with a server on the first.
        private static let scene = #"""
            exec 2>&1
            m=$MYDOCKER
            ip link set lo up
            ip netns add far; ip link add out0 type veth peer name out1 netns far
            ip addr add 10.250.0.1/24 dev out0; ip addr add fd00:250::1/64 dev out0 nodad; ip link set out0 up
            ip -n far addr add 10.250.0.2/24 dev out1; ip -n far addr add fd00:250::2/64 dev out1 nodad
            ip -n far link set out1 up; ip -n far link set lo up; ip -n far -6 route add default via fd00:250::1
            far() { timeout 5 ip netns exec far "$@"; }
            inside() { timeout 5 $m exec "$@"; }
            entered() { local name=$1; shift; timeout 5 nsenter -t $($m inspect -f '{{.State.Pid}}' $name) -n "$@"; }
            yes() { local name=$1; shift; if "$@" >/run/said 2>&1; then echo "$name $(tr -d '\n' </run/said)"; else echo "$name no"; fi; }
            fetch="curl -s -m 2"
            pings() { entered $1 ping -6 -q -c 1 -W 1 $2 | grep -q ' 1 received' && echo reached; }
            # Says who asks, by TCP and UDP of both families.
            cat >/run/server.py <<'END'
            import socket, sys, threading
            def stream(s):
              while True:
                c, peer = s.accept(); c.sendall(("stream for " + peer[0] + "\n").encode()); c.close()
            def datagram(s):
              while True:
                data, peer = s.recvfrom(99); s.sendto(data + (" for " + peer[0]).encode(), peer)
            for family, any in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
              for kind, serve in ((socket.SOCK_STREAM, stream), (socket.SOCK_DGRAM, datagram)):
                s = socket.socket(family, kind)
                if family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                s.bind((any, int(sys.argv[1])))
                if kind == socket.SOCK_STREAM: s.listen(9)
                threading.Thread(target=serve, args=(s,)).start()
            print("ready", flush=True)
            END
            cat >/run/ask.py <<'END'
            import socket, sys
            kind = socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM
            s = socket.socket(socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET, kind); s.settimeout(2)
            s.connect((sys.argv[2], int(sys.argv[3])))
            if kind == socket.SOCK_DGRAM: s.send(b"datagram")
            said = s.recv(99); print(said.decode().strip() or sys.exit(1))
            END
            ask() { timeout 4 python3 /run/ask.py "$@"; }
            far_ask() { far python3 /run/ask.py "$@"; }
            serve() { rm -f /run/ready; nsenter -t $($m inspect -f '{{.State.Pid}}' $1) -n python3 /run/server.py $2 >/run/ready & for i in $(seq 100); do grep -q ready /run/ready 2>/dev/null && break; sleep .05; done; }
            networks() {
              $m network create --firewall $1 --subnet 10.77.7.1/24 --subnet fd00:77:7::1/64 bd0 >/dev/null
              $m network create --firewall $1 --subnet 10.77.8.1/24 --ipv6 --subnet fd00:77:8::/64 bd1 >/dev/null
              $m network create --firewall $1 --internal --subnet 10.77.9.1/24 --subnet fd00:77:9::1/64 bd2 >/dev/null
              $m network create --firewall $1 --subnet 10.77.10.1/24 bd3 >/dev/null
              $m run -d --name web --network bd0 -p 80:80 -p 80:80/udp -p '[::1]:81:80' -p 127.0.0.1:82:80 -p '[fd00:250::1]:83:80' \
                -p 8000-8002:8000-8002 sleep 1000 >/dev/null
              $m run -d --name other --network bd1 sleep 1000 >/dev/null
              $m run -d --name within --network bd2 sleep 1000 >/dev/null
              $m run -d --name old --network bd3 -p '[::1]:90:80' -p '[::]:91:80' sleep 1000 >/dev/null
            }

            """#

        func scene(_ script: String) -> Outcome { Host.elsewhere(Self.scene + script) }
    }
}

extension CLI.IPv6 {
    /// Ports by IPv6, each way, with each firewall, and with the kernel's bridges passing ip6tables or not.
    @Test(arguments: ["iptables", "nftables"], [0, 1]) func whatAPacketMeets(firewall: String, bridged: Int) {
        let outcome = scene(
            """
            echo \(bridged) >/proc/sys/net/bridge/bridge-nf-call-ip6tables 2>/dev/null
            networks \(firewall)
            serve web 80; serve web 8002 
            for kind in tcp udp; do
              yes $kind-far far_ask $kind fd00:250::1 80
              yes $kind-loopback ask $kind ::1 80
              yes $kind-loopback4 ask $kind 127.0.0.1 80
              yes $kind-host ask $kind fd00:250::1 80
              yes $kind-gateway ask $kind fd00:77:7::1 80
              yes $kind-itself entered web python3 /run/ask.py $kind fd00:250::1 80
              yes $kind-other entered other python3 /run/ask.py $kind fd00:250::1 80
            done
            yes only-loopback ask tcp ::1 81; yes far-only-loopback far_ask tcp fd00:250::1 81
            yes only-loopback4 ask tcp ::1 82; yes only-host ask tcp fd00:250::1 83; yes not-host ask tcp ::1 83
            yes range far_ask tcp fd00:250::1 8002; yes outside-range far_ask tcp fd00:250::1 8003
            yes unpublished far_ask tcp fd00:77:7::2 80
            yes neighbour-network pings other fd00:77:7::2; yes out pings web fd00:250::2
            yes within-out pings within fd00:250::2; yes within-in pings web fd00:77:9::2
            yes within-gateway pings within fd00:77:9::1; yes within-host pings within fd00:250::1
            yes within-published entered within python3 /run/ask.py tcp fd00:77:9::1 80
            serve old 80; yes old ask tcp ::1 90; yes old-all far_ask tcp fd00:250::1 91
            $m system check && echo clean
            $m rm -f web other within old >/dev/null; $m network rm bd0 bd1 bd2 bd3 >/dev/null
            ip6tables-legacy-save 2>/dev/null | grep -c MYDOCKER; nft list tables | grep -c mydocker
            yes gone ask tcp ::1 80; $m system check && echo clean
            """)
        func way(_ kind: String) -> [String] {
            let said = kind == "tcp" ? "stream" : "datagram"
            let gateway = "fd00:77:7::1"
            return [
                "\(kind)-far \(said) for fd00:250::2", "\(kind)-loopback \(said) for \(gateway)",
                "\(kind)-loopback4 \(said) for 10.77.7.1", "\(kind)-host \(said) for fd00:250::1",
                "\(kind)-gateway \(said) for \(gateway)", "\(kind)-itself \(said) for \(gateway)",
                "\(kind)-other \(said) for \(gateway)",
            ]
        }
        #expect(
            outcome.lines == way("tcp") + way("udp") + [
                "only-loopback stream for fd00:77:7::1", "far-only-loopback no", "only-loopback4 no",
                "only-host stream for fd00:250::1", "not-host no", "range stream for fd00:250::2", "outside-range no",
                "unpublished no", "neighbour-network no", "out reached", "within-out no", "within-in no",
                "within-gateway reached", "within-host no", "within-published no", "old stream for 10.77.10.1",
                "old-all stream for 10.77.10.1", "clean", "0", "0", "gone no", "clean",
            ], "\(outcome.text)")
    }

    @Test func addressesAndNames() {
        let outcome = scene(
            #"""
            networks iptables
            $m network inspect bd0 -f '{{.EnableIPv6}} {{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{end}}'
            $m network ls --filter name=bd --format '{{.Name}} {{.IPv6}}'
            $m inspect web -f '{{with .NetworkSettings.Networks.bd0}}{{.GlobalIPv6Address}}/{{.GlobalIPv6PrefixLen}} {{.IPv6Gateway}}{{end}}'
            $m port web | grep ' 80/\|^80/tcp'; $m ps --filter name=web --format '{{.Ports}}' | grep -o '\[::\]:80->80/tcp'
            entered web ip -6 -o addr show eth0 | awk '{print $4}'; entered web ip -6 route show default | grep -o 'via [^ ]*'
            inside web cat /proc/sys/net/ipv6/conf/eth0/accept_ra /proc/sys/net/ipv6/conf/eth0/accept_dad
            inside web grep -c fd00:77:7::2 /etc/hosts; inside old cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6
            $m run -d --name two --network bd0 --ip6 fd00:77:7::99 sleep 1000 >/dev/null
            $m inspect two -f '{{.NetworkSettings.Networks.bd0.IPAddress}}'
            $m run --rm --network bd0 --ip6 fd00:77:7::99 true; echo $?
            $m run --rm --network bd0 --ip 10.77.7.50 --ip6 fd00:77:7:0:8:8:8:8 busybox ip -6 addr show eth0 | grep -o 'fd00:77:7:.*/64'
            for address in fd00:77:8::5 fd00:77:7::1 fd00:77:7:: 10.77.7.9 nonsense; do $m run --rm --network bd0 --ip6 $address true; echo $?; done
            $m run --rm --network bd3 --ip6 fd00::5 true; echo $?
            entered web dig +short @127.0.0.11 two aaaa; entered web dig +short @127.0.0.11 -x fd00:77:7::99
            $m network connect --ip6 fd00:77:8::77 bd1 two; entered two ip -6 -o addr show eth1 scope global | awk '{print $4}'
            yes connected pings two fd00:77:8::2; $m network disconnect bd0 two; entered two ip -6 route show default | grep -o 'via [^ ]*'
            $m restart -t 0 two >/dev/null; yes again pings two fd00:77:8::2; $m system check && echo clean
            """#)
        #expect(
            outcome.lines == [
                "true 10.77.7.0/24 10.77.7.1 fd00:77:7::/64 fd00:77:7::1 ", "bd0 true", "bd1 true", "bd2 true",
                "bd3 false", "fd00:77:7::2/64 fd00:77:7::1", "80/tcp -> 0.0.0.0:80", "80/tcp -> 127.0.0.1:82",
                "80/tcp -> [::]:80", "80/tcp -> [::1]:81", "80/tcp -> [fd00:250::1]:83", "[::]:80->80/tcp",
                "fd00:77:7::2/64", "fe80::42:aff:fe4d:702/64", "via fd00:77:7::1", "0", "0", "1", "1", "10.77.7.153",
                "mydocker: Address already in use \"fd00:77:7::99\": held by container \"two\"", "125",
                "fd00:77:7:0:8:8:8:8/64", "mydocker: address fd00:77:8::5: the network is fd00:77:7::/64", "125",
                "mydocker: Address already in use \"fd00:77:7::1\": held by the network's gateway", "125",
                "mydocker: address fd00:77:7::: the network is fd00:77:7::/64", "125",
                "invalid argument \"10.77.7.9\" for \"--ip6\" flag: use an address such as fd00::2",
                "Run 'mydocker run --help' for more information", "125",
                "invalid argument \"nonsense\" for \"--ip6\" flag: use an address such as fd00::2",
                "Run 'mydocker run --help' for more information", "125",
                "mydocker: network bd3 has no IPv6", "  create it with --ipv6, or leave --ip6 away", "125",
                "fd00:77:7::99", "two.bd0.", "fd00:77:8::77/64", "connected reached", "via fd00:77:8::1",
                "again reached",
                "clean",
            ], "\(outcome.text)")
    }

    /// S4, S5: nobody speaks as another one or as a router, and a network without IPv6 has none whatever its neighbour has.
    @Test func S5_aContainerSpeaksAsItselfAlone() {
        let outcome = scene(
            #"""
            networks iptables
            $m run -d --name second --network bd0 --cap-add NET_ADMIN sleep 1000 >/dev/null
            entered second ip -6 addr add fd00:77:7::2/64 dev eth0 nodad; entered second ip -6 addr add fd00:77:7::55/64 dev eth0 nodad
            said() { entered second ping -6 -q -c 1 -W 1 -I $1 $2 | grep -o '[01] received'; }
            said fd00:77:7::55 fd00:77:7::1; said fd00:77:7::3 fd00:77:7::1
            ip -6 neigh flush dev bd0; entered web ping -6 -q -c 1 -W 1 fd00:77:7::1 | grep -o '[01] received'
            ip -6 neigh show dev bd0 to fd00:77:7::2 | grep -o 'lladdr [^ ]*'
            cat /proc/sys/net/ipv6/conf/bd0/accept_ra /proc/sys/net/ipv6/conf/bd3/disable_ipv6
            entered old ip -6 addr show eth0 | wc -l; entered second sh -c 'echo 0 >/proc/sys/net/ipv6/conf/all/accept_ra'
            """#)
        #expect(
            outcome.lines == [
                "0 received", "1 received", "1 received", "lladdr 02:42:0a:4d:07:02", "0", "1", "0",
            ], "\(outcome.text)")
    }

    @Test(arguments: ["iptables", "nftables"]) func whatSomebodyTakesAwayComesBack(firewall: String) {
        let flush =
            firewall == "iptables"
            ? "ip6tables-legacy -F; ip6tables-legacy -t nat -F" : "nft delete table ip6 mydocker-nat"
        let outcome = scene(
            """
            networks \(firewall); serve web 80
            again() { $m system check >/dev/null; echo $?; $m network reload >/dev/null; $m system check && echo clean; yes far far_ask tcp fd00:250::1 80; }
            \(flush); again
            ip -6 addr del fd00:77:7::1/64 dev bd0; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding; again
            ip -6 addr flush dev bd0 scope global; again
            ip -4 addr flush dev bd0; again
            echo 1 >/proc/sys/net/ipv6/conf/bd0/disable_ipv6; again
            ip link del bd0; again
            """)
        let again = ["3", "clean", "far stream for fd00:250::2"]
        #expect(outcome.lines == again + again + again + again + again + again, "\(outcome.text)")
    }

    /// Whoever runs something puts back what that network's bridge has lost, of either family.
    @Test func aRunPutsAddressesBack() {
        let outcome = scene(
            """
            networks iptables; serve web 80
            addresses() { echo has $(ip -o address show dev bd0 scope global | awk '{ print $4 }'); }
            again() { addresses; $m run --rm --network bd0 true; addresses; for to in fd00:250::1 10.250.0.1; do yes far far_ask tcp $to 80; done; }
            ip address flush dev bd0; again
            ip -6 address flush dev bd0 scope global; again
            ip link set bd0 down; again
            ip address del 10.77.7.1/24 dev bd0; ip link set bd0 down; again
            """)
        let whole = [
            "has 10.77.7.1/24 fd00:77:7::1/64", "far stream for fd00:250::2", "far stream for 10.250.0.2",
        ]
        // A link that goes down keeps its addresses of IPv4 alone.
        let left = ["has", "has 10.77.7.1/24", "has 10.77.7.1/24", "has"]
        #expect(outcome.lines == left.flatMap { [$0] + whole }, "\(outcome.text)")
    }

    /// A host that begins to send IPv6 on keeps the way to elsewhere that a router has told it.
    @Test func theHostsOwnWayStays() {
        let outcome = scene(
            #"""
            echo 1 >/proc/sys/net/ipv6/conf/out0/accept_ra; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
            cat >/run/router.py <<'END'
            import socket, struct
            s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58); index = socket.if_nametoindex("out1")
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            s.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0), ("ff02::1", 0, 0, index))
            END
            for i in $(seq 50); do far python3 /run/router.py 2>/dev/null; ip -6 route show default | grep -q 'proto ra' && break; sleep .1; done
            ip -6 route show default | grep -c 'proto ra'; $m network create --dry-run --ipv6 six | grep -c 'accept_ra=2'
            $m network create --ipv6 six >/dev/null; cat /proc/sys/net/ipv6/conf/all/forwarding
            ip -6 route show default | grep -c 'proto ra'; cat /proc/sys/net/ipv6/conf/out0/accept_ra /proc/sys/net/ipv6/conf/lo/accept_ra
            """#)
        #expect(outcome.lines == ["1", "1", "1", "1", "2", "1"], "\(outcome.text)")
    }

    /// Of a message in fragments, which connection tracking makes whole again.
    @Test func S5_fragmentsTellNobodyElsesAddress() {
        let outcome = scene(
            #"""
            networks iptables
            cat >/run/frames.py <<'END'
            import socket, struct, sys
            def mac(text): return bytes(int(part, 16) for part in text.split(":"))
            def address(text): return socket.inet_pton(socket.AF_INET6, text)
            own, gateway = mac("02:42:0a:4d:07:03"), mac("02:42:0a:4d:07:01")
            source, host, victim = address("fd00:77:7::3"), address("fd00:77:7::1"), address("fd00:77:7::2")
            def sum16(data):
              total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
              while total >> 16: total = (total & 0xffff) + (total >> 16)
              return ~total & 0xffff
            body = struct.pack("!BBHI", 136, 0, 0, 0x60000000) + victim + b"\x02\x01" + own
            pseudo = source + host + struct.pack("!II", len(body), 58)
            body = body[:2] + struct.pack("!H", sum16(pseudo + body)) + body[4:]
            def frame(header, payload, offset, more):
              part = struct.pack("!BBHI", header, 0, offset | more, 7 + header) + payload
              return gateway + own + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(part), 44, 255) + source + host + part
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0))
            for i in range(5):
              s.send(frame(58, body, 0, 0)); s.send(frame(58, body[:24], 0, 1)); s.send(frame(58, body[24:], 24, 0))
              s.send(frame(60, bytes([58, 0, 1, 4, 0, 0, 0, 0]) + body, 0, 0))
            END
            $m run -d --name thief --network bd0 sleep 1000 >/dev/null; entered web ping -6 -q -c 1 -W 1 fd00:77:7::1 >/dev/null
            ping -6 -q -c 1 -W 1 fd00:77:7::2 >/dev/null; entered thief python3 /run/frames.py; ip -6 neigh show dev bd0 to fd00:77:7::2 | grep -o 'lladdr [^ ]*'
            entered thief ping -6 -q -c 1 -W 2 -s 4000 fd00:77:7::1 | grep -o '[01] received'
            """#)
        #expect(outcome.lines == ["lladdr 02:42:0a:4d:07:02", "1 received"], "\(outcome.text)")
    }

    /// Somebody who never stops sending reaches the container from the moment on that the port is its own.
    @Test func flowsThatWereThereBefore() {
        let outcome = scene(
            #"""
            networks iptables
            far python3 -c '
            import socket, sys, time
            s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.settimeout(0.05); s.connect(("fd00:250::1", 5400)); end = time.time() + 4
            while time.time() < end:
              try: s.send(b"datagram"); print(s.recv(99).decode()); sys.exit()
              except OSError: pass
            print("nothing")' >/run/sent & sender=$!
            sleep .5; $m run -d --name late --network bd0 -p 5400:80/udp sleep 1000 >/dev/null; serve late 80; wait $sender; cat /run/sent
            """#)
        #expect(outcome.lines == ["datagram for fd00:250::2"], "\(outcome.text)")
    }

    @Test func nothingIsLeft() {
        let outcome = scene(
            """
            networks nftables; before=$(ls /proc/self/fd | wc -l)
            for i in 1 2 3 4 5 6 7 8; do $m run -d --name k$i --network bd0 -p 900$i:80 -p 900$i:80/udp sleep 1000 >/dev/null & done; wait
            for i in 1 2 3 4 5 6 7 8; do kill -9 $(jq .supervisor /run/mydocker/containers/$($m inspect -f '{{.Id}}' k$i)/state.json); done
            for i in 1 2 3 4 5 6 7 8; do $m rm -f k$i >/dev/null; done
            nft list table ip6 mydocker-nat | grep -c '[.:] *900[1-8]\\|dport 900[1-8]'; ss -Hltun | grep -c ':900[1-8]'
            $m run --rm --network bd0 -p 9001:80 true && echo free; $m system check && echo clean
            $m network create --ipv6 chosen >/dev/null; $m network inspect chosen -f '{{range .IPAM.Config}}{{.Subnet}} {{end}}' | grep -o 'fd.*::/64'  | wc -l
            """)
        #expect(outcome.lines == ["0", "0", "free", "clean", "1"], "\(outcome.text)")
    }

    @Test func whatCannotBeIsSaid() {
        let outcome = scene(
            """
            networks iptables
            try() { $m network create "$@" >/dev/null; echo $?; }
            try --subnet fd00:77:7:0:1::/80 wrong; try --subnet 10.99.0.0/16 --subnet fd00:99::/120 wrong
            try --subnet fd00:99::/127 wrong; try --subnet fe80::/64 wrong; try --subnet ff02::/64 wrong
            try --subnet fd00:99::/64 --gateway fd00:98::1 wrong; try --gateway fd00::1 wrong
            try --ipv6 -o mtu=1000 wrong; try --subnet fd00:99::/6x wrong
            $m network ls -q --filter name=wrong | wc -l; $m run --rm --network bd0 -p '[fd00:1::1]:80:80' true; echo $?
            """)
        #expect(
            outcome.lines == [
                "mydocker: invalid pool request: Pool overlaps with other one on this address space",
                "  fd00:77:7:0:1::/80 overlaps network \"bd0\", fd00:77:7::/64", "1",
                "mydocker: invalid subnet fd00:99::/120: it has fewer addresses than 10.99.0.0/16, and containers have one in each",
                "  use a /64", "1",
                "mydocker: invalid subnet fd00:99::/127: the prefix length must be 8 to 126: a gateway and a container need room",
                "1", "mydocker: invalid subnet fe80::/64: no unicast addresses", "1",
                "mydocker: invalid subnet ff02::/64: no unicast addresses", "1",
                "mydocker: invalid gateway fd00:98::1: parent subnet fd00:99::/64 doesn't contain this address", "1",
                "mydocker: fd00::1 needs --ipv6", "1",
                "mydocker: invalid MTU 1000: IPv6 needs at least 1280", "1",
                "invalid argument \"fd00:99::/6x\" for \"--subnet\" flag: use a subnet such as fd00:10::/64",
                "Run 'mydocker network create --help' for more information",
                "125", "0", "mydocker: Bind for [fd00:1::1]:80 failed: no address of this host", "125",
            ], "\(outcome.text)")
    }
}
