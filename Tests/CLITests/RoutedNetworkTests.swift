import Testing

extension CLI.NetworkOptions {
    /// Gateway mode routed: members have their own addresses outside, and are reached at them where they publish something.
    @Test(arguments: [("iptables", "nftables"), ("nftables", "iptables")]) func routed(firewall: String, other: String)
    {
        let outcome = scene(
            """
            b=com.docker.network.bridge
            ip addr add fd00:250::1/64 dev out0 nodad; ip -n far addr add fd00:250::2/64 dev out1 nodad
            ip -n far route add default via fd00:250::1
            $m network create --firewall \(firewall) --subnet 10.77.1.0/24 --subnet fd00:77:1::/64 -o $b.gateway_mode_ipv4=routed \\
              -o $b.gateway_mode_ipv6=routed routed >/dev/null
            $m network create --firewall \(firewall) --subnet 10.77.2.0/24 usual >/dev/null
            page routed web -p 8080:80 -p 53:53/udp; page usual other -p 8080:80; $m exec -d web httpd -p 81 -h /
            ip netns exec far python3 -c '
            import socket
            s = socket.create_server(("", 81)); print(flush=True)
            while True:
                c, peer = s.accept(); c.sendall(peer[0].encode()); c.close()' >/run/server &
            until [ -s /run/server ] && $fetch 10.77.1.2:81/index.html >/dev/null; do sleep .05; done
            all() {
              yes far far $fetch 10.77.1.2/index.html; yes far6 far $fetch -g '[fd00:77:1::2]/index.html'
              yes unpublished far $fetch 10.77.1.2:81/index.html; yes unpublished6 far $fetch -g '[fd00:77:1::2]:81/index.html'
              yes other-network inside other wget -qO- http://10.77.1.2/
              yes other-network-unpublished inside other wget -qO- http://10.77.1.2:81/
              yes out-of-it pings web 10.250.0.2
              yes ping answers 10.77.1.2; yes ping6 answers fd00:77:1::2; yes ping-usual answers $(address other)
            }
            answers() { far ping -q -c 1 -W 1 $1 | grep -q ' 1 received' && echo reached; }
            all; yes host $fetch 10.77.1.2:81/index.html; echo from $(inside web nc -w 1 10.250.0.2 81)
            $m network inspect routed -f '{{range $k, $v := .Options}}{{$k}}={{$v}} {{end}}'; $m port web; $m port web 80
            $m ps --filter name=web --format '{{.Ports}}'; $m inspect web -f '{{json .NetworkSettings.Ports}}'; yes host-port far $fetch 10.250.0.1:8080/index.html
            $m system check && echo clean; all >/run/all
            $m network explain web | grep -c 'MYDOCKER-FORWARD.*dport 80 '
            iptables-legacy -F MYDOCKER-FORWARD 2>/dev/null; nft flush ruleset; $m system check | grep -c 'needs it' | sed 's/[1-9][0-9]*/some/'
            $m network reload >/dev/null; all | diff /run/all - && echo as before
            $m network reload --firewall \(other) routed; all | diff /run/all - && echo as before
            $m restart -t 0 web >/dev/null; until $fetch 10.77.1.2/index.html; do sleep .05; done; yes again far $fetch 10.77.1.2/index.html
            $m rm -f web other >/dev/null; $m system check && echo clean; $m network rm routed usual >/dev/null
            { iptables-legacy -S; ip6tables-legacy -S; } | grep -c MYDOCKER; nft list tables | grep -c mydocker
            """)
        let reached = [
            "far page", "far6 page", "unpublished no", "unpublished6 no", "other-network page",
            "other-network-unpublished no", "out-of-it reached", "ping reached", "ping6 reached", "ping-usual no",
        ]
        // Docker's form: at the container's own address there is no port of this host.
        let bindings = #"[{"HostIp":"0.0.0.0","HostPort":""},{"HostIp":"::","HostPort":""}]"#
        let shown = [
            "53/udp -> 0.0.0.0:", "53/udp -> [::]:", "80/tcp -> 0.0.0.0:", "80/tcp -> [::]:", "0.0.0.0:", "[::]:",
            "53/udp, 80/tcp", #"{"53/udp":\#(bindings),"80/tcp":\#(bindings)}"#,
        ]
        #expect(
            outcome.lines == reached + [
                "host page", "from 10.77.1.2",
                "com.docker.network.bridge.gateway_mode_ipv4=routed com.docker.network.bridge.gateway_mode_ipv6=routed "
                    + "com.docker.network.bridge.name=routed mydocker.firewall=\(firewall) ",
            ] + shown + [
                "host-port page", "clean", "2", "some", "as before", "routed", "as before", "page", "again page",
                "clean", "0",
                "0",
            ], "\(outcome.text)")
    }

    /// What is published goes by the network that leads, in the way that is usual there.
    @Test(arguments: ["iptables", "nftables"]) func portsGoAlong(firewall: String) {
        let outcome = scene(
            #"""
            b=com.docker.network.bridge
            ip -n far route add 10.77.0.0/16 via 10.250.0.1 2>/dev/null
            create="$m network create --firewall \#(firewall)"
            $create --subnet 10.77.1.0/24 -o $b.gateway_mode_ipv4=routed routed >/dev/null; $create --subnet 10.77.2.0/24 usual >/dev/null
            $create --subnet 10.77.3.0/24 -o $b.gateway_mode_ipv4=routed second >/dev/null
            where() {
              for at in $(address web); do far $fetch $at:80/index.html >/run/said && echo ${at%.*} $(cat /run/said); done
              yes host far $fetch 10.250.0.1:8080/index.html; $m port web
              ss -4 -Htln 'sport = 8080' | wc -l; $m system check && echo clean
            }
            page routed web -p 8080:80; until $fetch 10.77.1.2/index.html >/dev/null; do sleep .05; done; echo -- routed; where
            $m network connect usual web; $m network disconnect routed web; echo -- usual; where
            $m network connect --gw-priority 9 routed web; echo -- routed first; where
            $m network disconnect routed web; echo -- usual again; where
            $m network disconnect usual web; $m network connect second web; echo -- second; where
            $m network connect routed web; $m network disconnect second web; echo -- routed; where
            python3 -c 'import socket,time; s=socket.create_server(("",8080)); time.sleep(1000)' & server=$!; until ss -Htln 'sport = 8080' | grep -q .; do sleep .05; done
            $m network connect --gw-priority 9 usual web 2>&1 | sed 's/pid [0-9]*/pid PID/;2,$d'; $m network disconnect routed web; $m network connect usual web 2>&1 | sed 's/pid [0-9]*/pid PID/;2,$d'
            kill -9 $server; wait $server 2>/dev/null; $m network connect usual web; echo -- usual; where
            $m rm -f web >/dev/null; $m network rm routed usual second >/dev/null; $m system check && echo clean
            { iptables-legacy -S; iptables-legacy -t nat -S; } | grep -c MYDOCKER; nft list tables | grep -c mydocker
            """#)
        let usual = ["host page", "80/tcp -> 0.0.0.0:8080", "1", "clean"]
        func routed(_ network: Int) -> [String] {
            ["10.77.\(network) page", "host no", "80/tcp -> 0.0.0.0:", "0", "clean"]
        }
        #expect(
            outcome.lines == ["-- routed"] + routed(1) + ["-- usual"] + usual + ["-- routed first"] + routed(1) + [
                "-- usual again"
            ] + usual + ["-- second"] + routed(3) + ["-- routed"] + routed(1) + [
                "mydocker: Bind for 0.0.0.0:8080 failed: port is already allocated (by python3, pid PID)",
                "mydocker: Bind for 0.0.0.0:8080 failed: port is already allocated (by python3, pid PID)", "-- usual",
            ] + usual + ["clean", "0", "0"], "\(outcome.text)")
    }

    /// What is for one address of this host is for nobody elsewhere: typed it is refused, of a default it is told and not opened.
    @Test(arguments: ["iptables", "nftables"]) func portsAtOneAddressOfThisHost(firewall: String) {
        let outcome = scene(
            """
            b=com.docker.network.bridge
            routed="$m network create --firewall \(firewall) -o $b.gateway_mode_ipv4=routed"
            $routed --subnet 10.77.1.0/24 routed >/dev/null
            $routed --subnet 10.77.2.0/24 -o $b.host_binding_ipv4=127.0.0.1 near >/dev/null
            $routed --subnet 10.77.3.0/24 -o $b.enable_icc=false apart >/dev/null
            $m run --rm --network routed -p 127.0.0.1:80:80 true; echo $?
            $m run --rm --dry-run --network routed -p 10.250.0.1:80:80 true 2>&1 | head -1
            run() { $m run -d "$@" sh -c 'echo page >/index.html; exec httpd -f -h /' | grep -v '^[0-9a-f]*$'; }
            MYDOCKER_PUBLISH_IP=127.0.0.1 run --name aa --network routed -p 80:80 -p 0.0.0.0:81:80
            run --name bb --network near -p 80:80
            run --name cc --network routed -p 80:8080 -p 80:80
            run --name dd --network apart -p 80:80; run --name ee --network apart
            until $fetch 10.77.1.2/index.html && $fetch 10.77.2.2/index.html && $fetch 10.77.1.3/index.html && $fetch 10.77.3.2/index.html
            do sleep .05; done >/dev/null
            yes opened-by-81 far $fetch 10.77.1.2/index.html; yes bound far $fetch 10.77.2.2/index.html
            yes twice far $fetch 10.77.1.3/index.html; yes apart far $fetch 10.77.3.2/index.html
            yes neighbour pings ee 10.77.3.2; yes apart-published inside ee wget -qO- http://10.77.3.2/
            $m port bb | wc -l; $m network explain bb | grep -c 'MYDOCKER-FORWARD.*dport'
            $m rm -f aa bb cc dd ee >/dev/null; $m system check && echo clean
            """)
        let members = "are reached at their own addresses (gateway mode routed)"
        #expect(
            outcome.lines == [
                "mydocker: publish port at 127.0.0.1: members of network routed \(members)",
                "  name no address with -p, or use a network with gateway mode nat", "125",
                "mydocker: publish port at 10.250.0.1: members of network routed \(members)",
                "mydocker: warning: members of network routed \(members): what is published at 127.0.0.1 is not opened there",
                "mydocker: warning: members of network near \(members): what is published at 127.0.0.1 is not opened there",
                "opened-by-81 page", "bound no", "twice page", "apart page", "neighbour no", "apart-published no", "0",
                "0",
                "clean",
            ], "\(outcome.text)")
    }

    /// One line each, and nothing is left.
    @Test func modesThatCannotBe() {
        let outcome = scene(
            """
            b=com.docker.network.bridge
            create() { $m network create --subnet 10.77.1.0/24 "$@" one >/run/said 2>&1; echo $? $(head -1 /run/said); }
            create --internal -o $b.gateway_mode_ipv4=routed
            create -o $b.gateway_mode_ipv6=routed
            create --firewall none -o $b.gateway_mode_ipv4=routed
            create --ipv6 -o $b.gateway_mode_ipv6=isolated
            create -o mode=unmanaged -o $b.gateway_mode_ipv4=routed
            ls /var/lib/mydocker/networks; ip -o link | wc -l; $m system check && echo clean
            """)
        let conflict = "1 mydocker: conflicting options:"
        #expect(
            outcome.lines == [
                "\(conflict) an internal network has no way in: gateway modes nat-unprotected and routed and trusted interfaces are one",
                "\(conflict) a gateway mode of IPv6 needs --ipv6",
                "\(conflict) with gateway mode 'routed' a firewall keeps out what is not published, and it has none",
                #"1 mydocker: "isolated" is no value of option com.docker.network.bridge.gateway_mode_ipv6: there are nat, nat-unprotected, routed"#,
                "\(conflict) option com.docker.network.bridge.gateway_mode_ipv4 and mode=unmanaged: "
                    + "the bridge is not ours to change, and has no rules of ours",
                "2", "clean",
            ], "\(outcome.text)")
    }
}
