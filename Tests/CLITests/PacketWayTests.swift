import Foundation
import Testing

extension CLI {
    /// Which way a packet goes, told without sending one, beside what becomes of one that is sent.
    @Suite(.serialized) struct PacketWay {
        /// A host far away, two networks and an internal one. `both NAME FROM TO COMMAND` says what is told of a packet and what comes of the
        /// command; `way` prints what is told.
        private static let scene = """
            exec 2>&1
            m=$MYDOCKER
            ip link set lo up
            ip netns add far; ip link add out0 type veth peer name out1 netns far
            ip addr add 10.250.0.1/24 dev out0; ip link set out0 up
            ip -n far addr add 10.250.0.2/24 dev out1; ip -n far link set out1 up; ip -n far route add default via 10.250.0.1
            far() { timeout 5 ip netns exec far "$@"; }
            inside() { timeout 5 $m exec "$@"; }
            fetch() { curl -s -m 1 "$1"; }
            pings() { ping -q -c 1 -W 1 $1 | grep -q ' 1 packets received\\| 1 received'; }
            way() { $m network explain --from $1 --to $2 ${3:+--proto $3}; }
            both() {
              local name=$1 from=$2 to=$3; shift 3
              way $from $to >/run/told; local told=$?
              if "$@" >/dev/null 2>&1; then local happens=0; else local happens=3; fi
              if [ $told = $happens ]; then echo "$name $told"; else echo "$name told $told happens $happens"; cat /run/told; fi
            }
            networks() {
              $m network create --firewall $1 --subnet 10.77.7.1/24 bd0 >/dev/null
              $m network create --firewall $1 --subnet 10.77.8.1/24 bd1 >/dev/null
              $m network create --firewall $1 --internal --subnet 10.77.9.1/24 bd2 >/dev/null
              $m run -d --name web --network bd0 -p 80:80 -p 127.0.0.1:81:80 -p 8000-8002:9000-9002 \\
                sh -c 'echo page >/index.html; for p in 9000 9001 9002; do httpd -p $p -h /; done; exec httpd -f -h /' >/dev/null
              $m run -d --name other --network bd1 sleep 1000 >/dev/null
              $m run -d --name within --network bd2 sleep 1000 >/dev/null
              $m run -d --name near --network bd0 sleep 1000 >/dev/null
              sleep .2
            }

            """

        func scene(_ script: String) -> Outcome { Host.elsewhere(Self.scene + script) }
    }
}

extension CLI.PacketWay {
    /// The rows of docs/networking.md, "Who reaches whom".
    @Test(arguments: ["iptables", "nftables"], [0, 1]) func whatIsToldIsWhatHappens(firewall: String, bridged: Int) {
        let outcome = scene(
            """
            echo \(bridged) >/proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null
            networks \(firewall)
            both far 10.250.0.2 10.250.0.1:80 far curl -s -m 1 10.250.0.1/index.html
            both loopback 127.0.0.1 127.0.0.1:80 curl -s -m 1 127.0.0.1/index.html
            both host 10.250.0.1 10.250.0.1:80 curl -s -m 1 10.250.0.1/index.html
            both loopback-only 127.0.0.1 127.0.0.1:81 curl -s -m 1 127.0.0.1:81/index.html
            both range 10.250.0.2 10.250.0.1:8002 far curl -s -m 1 10.250.0.1:8002/index.html
            both its-own-address 10.250.0.1 web:80 curl -s -m 1 10.77.7.2/index.html
            both far-past-the-host 10.250.0.2 web:80 far curl -s -m 1 10.77.7.2/index.html
            both another-network other web inside other ping -q -c 1 -W 1 10.77.7.2
            both neighbour near web:80 inside near wget -qO- http://10.77.7.2/
            both itself web 10.250.0.1:80 inside web wget -qO- http://10.250.0.1/
            both neighbour-published near 10.250.0.1:80 inside near wget -qO- http://10.250.0.1/
            both other-published other 10.250.0.1:80 inside other wget -qO- http://10.250.0.1/
            both out web 10.250.0.2 inside web ping -q -c 1 -W 1 10.250.0.2
            both gateway near 10.77.7.1 inside near ping -q -c 1 -W 1 10.77.7.1
            both within-out within 10.250.0.2 inside within ping -q -c 1 -W 1 10.250.0.2
            both within-in web 10.77.9.2 inside web ping -q -c 1 -W 1 10.77.9.2
            both within-gateway within 10.77.9.1 inside within ping -q -c 1 -W 1 10.77.9.1
            both within-published within 10.77.9.1:80 inside within wget -qO- http://10.77.9.1/
            """)
        let arriving = [
            "far", "loopback", "host", "loopback-only", "range", "its-own-address", "far-past-the-host",
            "another-network",
            "neighbour", "itself", "neighbour-published", "other-published", "out", "gateway", "within-out",
            "within-in",
            "within-gateway", "within-published",
        ]
        let stopped: Set = ["far-past-the-host", "another-network", "within-out", "within-in", "within-published"]
        #expect(outcome.lines == arriving.map { "\($0) \(stopped.contains($0) ? 3 : 0)" }, "\(outcome.text)")
    }

    /// The same of IPv6.
    @Test(arguments: ["iptables", "nftables"], [0, 1]) func whatIsToldOfIPv6IsWhatHappens(
        firewall: String, bridged: Int
    ) {
        let outcome = scene(
            """
            echo \(bridged) >/proc/sys/net/bridge/bridge-nf-call-ip6tables 2>/dev/null
            ip addr add fd00:250::1/64 dev out0 nodad; ip -n far addr add fd00:250::2/64 dev out1 nodad
            ip -n far -6 route add default via fd00:250::1
            $m network create --firewall \(firewall) --subnet 10.77.7.1/24 --subnet fd00:77:7::1/64 bd0 >/dev/null
            $m network create --firewall \(firewall) --subnet 10.77.8.1/24 --subnet fd00:77:8::1/64 bd1 >/dev/null
            $m network create --firewall \(firewall) --internal --subnet 10.77.9.1/24 --subnet fd00:77:9::1/64 bd2 >/dev/null
            $m run -d --name web --network bd0 -p 80:80 -p '[::1]:81:80' -p 8000-8002:9000-9002 \\
              sh -c 'echo page >/index.html; for p in 9000 9001 9002; do httpd -p $p -h /; done; exec httpd -f -h /' >/dev/null
            $m run -d --name other --network bd1 sleep 1000 >/dev/null
            $m run -d --name within --network bd2 sleep 1000 >/dev/null
            $m run -d --name near --network bd0 sleep 1000 >/dev/null
            sleep .2
            web=fd00:77:7::2
            ping6() { nsenter -t $($m inspect -f '{{.State.Pid}}' $1) -n ping -6 -q -c 1 -W 1 $2 | grep -q ' 1 received'; }
            curl6() { nsenter -t $($m inspect -f '{{.State.Pid}}' $1) -n curl -s -m 1 $2; }
            both far fd00:250::2 '[fd00:250::1]:80' far curl -s -m 1 '[fd00:250::1]/index.html'
            both loopback ::1 '[::1]:80' curl -s -m 1 '[::1]/index.html'
            both loopback-only ::1 '[::1]:81' curl -s -m 1 '[::1]:81/index.html'
            both host fd00:250::1 '[fd00:250::1]:80' curl -s -m 1 '[fd00:250::1]/index.html'
            both range fd00:250::2 '[fd00:250::1]:8002' far curl -s -m 1 '[fd00:250::1]:8002/index.html'
            both far-past-the-host fd00:250::2 "[$web]:80" far curl -s -m 1 "[$web]/index.html"
            both another-network fd00:77:8::2 $web ping6 other $web
            both neighbour fd00:77:7::3 "[$web]:80" curl6 near "[$web]/index.html"
            both itself $web '[fd00:250::1]:80' curl6 web '[fd00:250::1]/index.html'
            both other-published fd00:77:8::2 '[fd00:250::1]:80' curl6 other '[fd00:250::1]/index.html'
            both out web fd00:250::2 ping6 web fd00:250::2
            both gateway near fd00:77:7::1 ping6 near fd00:77:7::1
            both within-out within fd00:250::2 ping6 within fd00:250::2
            both within-in $web fd00:77:9::2 ping6 web fd00:77:9::2
            both within-gateway within fd00:77:9::1 ping6 within fd00:77:9::1
            way $web fd00:250::2 | tail -1; way $web '[fd00:250::1]:80' | tail -1
            way ::1 '[::1]:81' | tail -2; $m network doctor >/run/said || cat /run/said
            ip -6 route add default via fd00:250::2; ip6tables-nft -I FORWARD -i bd0 -j REJECT 2>/dev/null; both others web fd00:250::2 ping6 web fd00:250::2
            $m network doctor bd0 | grep -c 'ip6 filter FORWARD'
            ip6tables-nft -F FORWARD 2>/dev/null; ip -6 route add fd00:77:7:0:1::/80 dev out0
            $m network doctor bd0 | grep -o 'the route [^ ]* dev out0'
            """)
        let stopped: Set = ["far-past-the-host", "another-network", "within-out", "within-in"]
        let names = [
            "far", "loopback", "loopback-only", "host", "range", "far-past-the-host", "another-network", "neighbour",
            "itself", "other-published", "out", "gateway", "within-out", "within-in", "within-gateway",
        ]
        #expect(
            outcome.lines == names.map { "\($0) \(stopped.contains($0) ? 3 : 0)" } + [
                "arrives: it leaves this host by out0, as fd00:250::1",
                "arrives: at container web, port 80, from fd00:77:7::1",
                "supervisor   of container web listens, port 81, and passes it on from this host",
                "arrives: at container web, port 80", "others 3", "1", "the route fd00:77:7:0:1::/80 dev out0",
            ], "\(outcome.text)")
    }

    /// A container without IPv6 is found at `localhost` whichever family a program tries first: of this host, and of nobody else.
    @Test(arguments: ["iptables", "nftables"]) func localhostIsAnsweredInEitherOrder(firewall: String) {
        let remedy = "  publish another host port, or stop what uses this one"
        let outcome = scene(
            """
            ip addr add fd00:250::1/64 dev out0 nodad; ip -n far addr add fd00:250::2/64 dev out1 nodad
            $m network create --firewall \(firewall) --subnet 10.77.7.1/24 open >/dev/null
            python3 -c 'import socket, time
            s = socket.socket(socket.AF_INET6); s.bind(("::1", 84)); s.listen(); time.sleep(100)' & python=$!; until ss -Hltn | grep -q :84; do sleep .05; done
            $m run -d --name web --network open -p 80:80 -p 127.0.0.1:82:80 -p 84:80 -p 53:53/udp \\
              sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null
            nsenter -t $($m inspect -f '{{.State.Pid}}' web) -n python3 -c 'import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 53)); s.sendto(*s.recvfrom(99))' &
            sleep .4
            both loopback6 ::1 '[::1]:80' curl -s -m 1 '[::1]/index.html'
            both loopback 127.0.0.1 127.0.0.1:80 curl -s -m 1 127.0.0.1/index.html
            far curl -s -m 1 '[fd00:250::1]/index.html'; echo $?
            one() { curl -s -m 1 "[::1]:$1/index.html"; echo $?; }
            one 82; one 84
            exec 3<>/dev/udp/::1/53; echo datagram >&3; timeout -s KILL 2 dd bs=99 count=1 <&3 2>/dev/null
            $m port web; ss -Hltun | grep -o '\\[::1\\]:[0-9]*' | sort -u | tr '\\n' ' '; echo
            for address in '[::1]' '[::]'; do $m run --rm --network open -p "$address:80:80" true 2>&1; echo $?; done
            $m network disconnect open web; one 80; $m network connect open web; one 80
            kill -STOP $($m inspect -f '{{.State.Pid}}' web); one 80
            kill -9 $(awk '/PPid/ {print $2}' /proc/$($m inspect -f '{{.State.Pid}}' web)/status); sleep .3; one 80
            $m start web >/dev/null; sleep .2; one 80; $m stop -t 0 web >/dev/null; one 80
            $m rm -f web >/dev/null; kill -9 $python; wait $python 2>/dev/null; ss -Hltun | grep -c '\\[::1\\]'; $m network rm open; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "loopback6 0", "loopback 0", "7", "7", "28", "datagram", "53/udp -> 0.0.0.0:53",
                "80/tcp -> 0.0.0.0:80", "80/tcp -> 0.0.0.0:84", "80/tcp -> 127.0.0.1:82",
                "[::1]:53 [::1]:80 [::1]:84 ",
                "mydocker: Bind for [::1]:80 failed: port is already allocated (by container \"web\")", remedy, "125",
                "mydocker: Bind for [::]:80 failed: port is already allocated (by container \"web\")", remedy, "125",
                "7", "page", "0", "28", "7", "page", "0", "7", "0", "open", "clean",
            ], "\(outcome.text)")
    }

    /// What a supervisor passes on is not for members of an internal network, nor what such a one publishes for anybody elsewhere.
    @Test(arguments: ["iptables", "nftables"]) func whomASupervisorRefuses(firewall: String) {
        let outcome = scene(
            """
            $m network create --firewall \(firewall) --subnet 10.77.7.1/24 open >/dev/null
            $m network create --firewall \(firewall) --internal --ipv4=false --ipv6 --subnet fd00:77:9::1/64 closed >/dev/null
            $m run -d --name web --network open -p '[::]:80:80' sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null
            $m run -d --name within --network closed -p 81:80 sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null 2>&1
            sleep .2; id=$($m inspect -f '{{.Id}}' within)
            curl6() { nsenter -t $($m inspect -f '{{.State.Pid}}' $1) -n curl -s -m 1 $2; }
            both in-by-name within '[fd00:77:9::1]:80' curl6 within '[fd00:77:9::1]/index.html'
            both in-by-id ${id:0:12} '[fd00:77:9::1]:80' curl6 within '[fd00:77:9::1]/index.html'
            both far 10.250.0.2 10.250.0.1:81 far curl -s -m 1 10.250.0.1:81/index.html
            both loopback 127.0.0.1 127.0.0.1:81 curl -s -m 1 127.0.0.1:81/index.html
            both host 10.250.0.1 10.250.0.1:81 curl -s -m 1 10.250.0.1:81/index.html
            both loopback6 ::1 '[::1]:80' curl -s -m 1 '[::1]/index.html'
            way within '[fd00:77:9::1]:80' | tail -1; way 10.250.0.2 10.250.0.1:81 | tail -1
            $m network explain --from $id --to fd00:77:9::1 | tail -1; $m network explain --from ${id:0:12} --to ${id:0:9} | tail -1
            $m network explain --from nosuch --to 10.77.7.2; echo $?
            $m rm -f web within >/dev/null; $m network rm open closed; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "in-by-name 3", "in-by-id 3", "far 3", "loopback 0", "host 0", "loopback6 0",
                "does not arrive: it refuses fd00:77:9::2: network closed is internal, and has no way out",
                "does not arrive: it refuses 10.250.0.2: network closed is internal, and has no way in",
                "arrives: at this host, from fd00:77:9::2", "arrives: at container within, from fd00:77:9::2",
                "mydocker: No such container: nosuch", "1",
                "open", "closed", "clean",
            ], "\(outcome.text)")
    }

    @Test(arguments: ["iptables", "nftables"]) func theRuleThatDecides(firewall: String) {
        let outcome = scene(
            """
            networks \(firewall)
            way 10.250.0.2 10.250.0.1:80 | sed 's/   */|/g'
            way 10.250.0.2 web:80 | tail -1
            way other web | tail -1
            for to in 10.250.0.2 10.250.0.1:80 web:80; do way web $to | tail -1; done; way web web | grep -c '^lo '; way other 10.250.0.1:80 | tail -1
            """)
        let isLegacy = firewall == "iptables"
        let dropped =
            isLegacy
            ? "iptables-legacy filter MYDOCKER-FORWARD: -o bd0 -j DROP"
            : "nft ip mydocker-filter MYDOCKER-TO-bd0: oifname \"bd0\" counter drop"
        #expect(
            outcome.lines.suffix(7) == Array(repeating: "does not arrive: dropped by \(dropped)", count: 2) + [
                "arrives: it leaves this host by out0, as 10.250.0.1",
                "arrives: at container web, port 80, from 10.77.7.1",
                "arrives: at container web, port 80, from 10.77.7.2", "1",
                "arrives: at container web, port 80, from 10.77.7.1",
            ], "\(outcome.text)")
        #expect(
            outcome.lines.dropLast(7).last == "arrives: at container web, port 80, from 10.250.0.2", "\(outcome.text)")
        #expect(
            outcome.lines.contains {
                $0.hasPrefix("prerouting|") && $0.contains("MYDOCKER-DNAT: ") && $0.contains("10.77.7.2:80")
            })
        #expect(outcome.lines.contains { $0.hasPrefix("forward|") && $0.localizedCaseInsensitiveContains("dnat") })
    }

    /// What this host sends has an answer, too, which has to be let in.
    @Test func answersToThisHost() {
        let outcome = scene(
            """
            networks iptables
            check() { both $1 10.77.7.1 web:80 curl -s -m 1 10.77.7.2/index.html; way 10.77.7.1 web:80 | grep -c '(its answer)$'; }
            check before
            iptables-legacy -A INPUT -s 10.77.7.2 -j DROP; check dropped; iptables-legacy -D INPUT -s 10.77.7.2 -j DROP
            nft add table bridge mine; nft 'add chain bridge mine in { type filter hook input priority 0; }'
            nft add rule bridge mine in ip saddr 10.77.7.2 tcp sport 80 drop; check bridge; nft delete table bridge mine
            outside() { both $1 10.250.0.1 10.250.0.2 pings 10.250.0.2; }
            iptables-legacy -P INPUT DROP; outside policy
            iptables-legacy -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; outside established
            both loopback 127.0.0.1 127.0.0.1:80 curl -s -m 1 127.0.0.1/index.html; check both
            """)
        #expect(
            outcome.lines == [
                "before 0", "0", "dropped 3", "1", "bridge 3", "1", "policy 3", "established 0", "loopback 0", "both 0",
                "0",
            ], "\(outcome.text)")
    }

    /// Each as its owner would find it, and what the doctor makes of it.
    @Test func rulesOfOthers() {
        let outcome = scene(
            """
            networks iptables
            check() { both "$1" web 10.250.0.2 inside web ping -q -c 1 -W 1 10.250.0.2; way web 10.250.0.2 | tail -1; }
            iptables-legacy -I FORWARD -s 10.77.7.0/24 -m comment --comment mine -j REJECT; check legacy; iptables-legacy -D FORWARD 1
            iptables-nft -I FORWARD -i bd0 -m conntrack --ctstate NEW -j DROP 2>/dev/null; check nft-by-iptables; iptables-nft -F FORWARD 2>/dev/null
            nft add table inet mine; nft 'add set inet mine bad { type ipv4_addr; flags interval; elements = { 10.77.0.0/16 } }'
            nft 'add chain inet mine f { type filter hook forward priority 10; }'; nft add rule inet mine f ip saddr @bad drop; check set
            nft flush chain inet mine f; nft add rule inet mine f limit rate 1/day accept
            way web 10.250.0.2 >/run/told; echo $?; grep '^not known' /run/told; tail -1 /run/told
            $m network explain --json --from web --to 10.250.0.2 >/run/told; echo $? $(jq -c '[.arrives,(.unknown|length)]' /run/told)
            nft add rule inet mine f drop; way web 10.250.0.2 >/run/told; echo $?; tail -1 /run/told; nft flush chain inet mine f
            nft add rule inet mine f ip protocol vmap '{ icmp : drop }'; check vmap; nft flush chain inet mine f
            ip route add default via 10.250.0.2
            nft add rule inet mine f tcp dport 443 counter reject; $m network doctor bd0 | sed 's/   */|/g;1d;s/10.77.7.[23]/one/'
            nft delete table inet mine; echo 0 >/proc/sys/net/ipv4/ip_forward; check forwarding
            """)
        let dropped = "does not arrive: dropped by"
        #expect(
            outcome.lines == [
                "legacy 3",
                "\(dropped) iptables-legacy filter FORWARD: -s 10.77.7.0/24 -m comment --comment \"mine\" -j REJECT",
                "nft-by-iptables 3",
                "\(dropped) nft ip filter FORWARD: iifname \"bd0\" -m conntrack --ctstate NEW counter drop", "set 3",
                "\(dropped) nft inet mine f: meta nfproto ipv4 ip saddr @bad drop",
                "4", "not known: nft inet mine f: limit … accept (depends on limit)",
                "arrives, as far as is known: it leaves this host by out0, as 10.250.0.1", "4 [true,1]",
                "4", "does not arrive, as far as is known: dropped by nft inet mine f: drop", "vmap 3",
                "\(dropped) nft inet mine f: meta nfproto ipv4 ip protocol vmap @__map0 drop",
                "bd0|foreign|the rule nft inet mine f: tcp dport 443 counter reject drops what one sends to 192.0.2.1; "
                    + "take it away, or let \"bd0\" pass in front of it",
                "forwarding 3", "does not arrive: this host does not forward (net.ipv4.ip_forward is 0)",
            ], "\(outcome.text)")
    }

    @Test func whatCannotBeFollowed() {
        let outcome = scene(
            """
            networks iptables
            for words in '--from web' '--to web' '--from web --to web:80 bd0' '--from web --to nosuch' '--from ::1 --to web' '--from ::1 --to 10.0.0.1' \\
              '--from web --to 10.0.0.1:0' '--from web --to 10.0.0.1 --proto tcp' '--from web --to 10.0.0.1:80 --proto icmp' \\
              '--from web --to web --proto sctp'; do $m network explain $words; echo $?; done
            way 192.0.2.1 web:80; echo $?
            way web 10.77.7.99 | tail -1; way 10.250.0.2 127.0.0.1:81 | tail -1
            $m network explain --json --from web --to near | jq -c '[.arrives,(.steps|length>1),.unknown]'
            """)
        let together = ["mydocker: --from and --to go together, and without names of networks", "125"]
        let remedy = "  use --to ADDRESS:PORT for tcp and udp, and --to ADDRESS for icmp"
        #expect(
            outcome.lines == together + together + together + [
                "mydocker: No such container: nosuch", "1",
                "mydocker: container web: it has no address of IPv6", "1",
                "mydocker: follow a packet: its addresses are one of IPv4 and one of IPv6", "1",
                "mydocker: invalid port \"0\": use 1 to 65535",
                "1",
                "mydocker: tcp needs a port", remedy, "1", "mydocker: icmp has no ports", remedy, "1",
                "invalid argument \"sctp\" for \"--proto\" flag: there are tcp, udp and icmp",
                "Run 'mydocker network explain --help' for more information", "125",
                "does not arrive: there is no route to 192.0.2.1, so it is not known where it would come in", "3",
                "does not arrive: nobody on bd0 has the address 10.77.7.99",
                "does not arrive: routing drops addresses that cannot be there (a martian)", "[true,true,[]]",
            ], "\(outcome.text)")
    }
}
