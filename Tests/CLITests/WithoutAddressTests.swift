import Testing

/// Networks that give no addresses (`--ipam-driver null`): whoever is inside sees to that.
extension CLI.NetworkOptions {
    /// `server` has an address of its own making and gives others out by DHCP; `client` asks.
    private static let dhcp = #"""
        inside_root() { timeout 9 $m exec "$@"; }
        cat >/run/dhcpd.conf <<'END'
        start 10.99.0.20
        end 10.99.0.20
        interface eth0
        lease_file /tmp/leases
        option subnet 255.255.255.0
        END
        printf '#!/bin/sh\n[ "$1" = bound ] && ip addr add $ip/24 dev eth0\nexit 0\n' >/run/bound; chmod +x /run/bound
        members() {
          $m run -d --name server --network $1 --cap-add NET_ADMIN -v /run/dhcpd.conf:/dhcpd.conf sh -c 'ip addr add 10.99.0.1/24 dev eth0; : >/tmp/leases; exec udhcpd -f /dhcpd.conf' >/dev/null
          $m run -d --name client --network $1 --cap-add NET_ADMIN -v /run/bound:/bound sleep 1000 >/dev/null
        }
        lease() { for n in 1 2 3 4 5; do inside_root client udhcpc -i eth0 -n -q -t 2 -T 1 -s /bound >/dev/null 2>&1 && break; done; inside client ip -o -4 addr show eth0 | awk '{print $4}'; }

        """#

    @Test(arguments: [("iptables", 0), ("nftables", 1)]) func aBridgeWithoutAddresses(firewall: String, bridged: Int) {
        let outcome = scene(
            Self.dhcp + #"""
                echo \#(bridged) >/proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null
                [ \#(firewall) = nftables ] || iptables-legacy -P FORWARD DROP
                $m network create --firewall \#(firewall) --ipam-driver null bare >/dev/null
                ip -o addr show bare | wc -l; cat /proc/sys/net/ipv4/conf/bare/route_localnet
                $m network inspect bare -f '{{.IPAM.Driver}} {{json .IPAM.Config}} {{.EnableIPv4}} {{.EnableIPv6}}'
                members bare
                inside client ip -o link show eth0 | grep -c ,UP; inside client ip -o addr show eth0 | wc -l; inside client ip route | wc -l
                $m inspect client -f '{{with .NetworkSettings.Networks.bare}}[{{.IPAddress}}/{{.IPPrefixLen}} {{.Gateway}} {{.GlobalIPv6Address}}] {{.MacAddress}}{{end}}' | sed 's/02\(:[0-9a-f][0-9a-f]\)\{5\}/MAC/'
                $m network inspect bare -f '{{range .Containers}}{{.Name}} [{{.IPv4Address}}]
                {{end}}' | grep . | sort
                lease; yes neighbour pings client 10.99.0.1
                mac=$(inside client cat /sys/class/net/eth0/address); inside client ip link set eth0 address 02:00:00:00:00:99; yes foreign pings client 10.99.0.1
                inside client ip link set eth0 address $mac; yes own pings client 10.99.0.1
                inside client ip addr add 10.250.0.77/24 dev eth0; yes host pings client 10.250.0.1
                $m system check && echo clean; $m network doctor bare | grep -c 'is on it\|dropped'
                $m network explain bare client >/run/commands; echo $? $(grep -c 'addr add\|address add' /run/commands)
                $m network graph bare | grep -c 'no addresses'
                ip link set bare down; $m network reload bare; yes again pings client 10.99.0.1
                $m network connect bare $($m run -d --network none --name late sleep 1000) 2>&1 | head -1; $m rm -f late >/dev/null
                $m network rm bare 2>&1 | sed 's/(.*//;2d'
                $m network create --firewall \#(firewall) --subnet 10.77.7.1/24 usual >/dev/null
                $m run -d --name both --network bare --network usual -p 8081:80 sleep 1000 >/dev/null; $m port both; $m rm -f both >/dev/null
                page usual web -p 8080:80; $m network connect bare web
                inside web ip -o link | grep -c eth; yes page $fetch 10.250.0.1:8080/index.html; $m network disconnect usual web; yes gone $fetch 10.250.0.1:8080/index.html
                $m network connect usual web; yes back $fetch 10.250.0.1:8080/index.html
                $m restart -t 0 web >/dev/null; until $fetch $(address web | cut -d' ' -f2)/index.html; do sleep .05; done; yes again $fetch 10.250.0.1:8080/index.html
                $m rm -f server client web >/dev/null; $m network rm bare usual; $m system check && echo clean
                { iptables-legacy-save; } 2>/dev/null | grep -c MYDOCKER; nft list tables | grep -c mydocker
                """#)
        #expect(
            outcome.lines == [
                "0", "0", "null [] true false", "1", "0", "0", "[/0  ] MAC", "client []", "server []", "10.99.0.20/24",
                "neighbour reached", "foreign no", "own reached", "host no", "clean", "0", "0 0", "1", "bare",
                "again reached",
                "mydocker: container cannot be connected to multiple networks with one of the networks in private (none) mode",
                "mydocker: error while removing network: network bare has active endpoints ",
                "80/tcp -> 0.0.0.0:8081", "2", "page page", "gone no", "back page", "page", "again page", "bare",
                "usual", "clean", "0", "0",
            ], "\(outcome.text)")
    }

    /// Members reach each other by IPv6 as well, also where bridges ask rules of it and everything else is dropped; and nobody learns by ARP
    /// which addresses this host has elsewhere.
    @Test(arguments: ["iptables", "nftables"]) func eitherFamilyOnABridgeWithoutAddresses(firewall: String) {
        let outcome = scene(
            #"""
            for n in iptables ip6tables; do echo 1 >/proc/sys/net/bridge/bridge-nf-call-$n; done 2>/dev/null
            [ \#(firewall) = nftables ] || { iptables-legacy -P FORWARD DROP; ip6tables-legacy -P FORWARD DROP; }
            $m network create --firewall \#(firewall) --ipam-driver null bare >/dev/null
            $m network create --firewall \#(firewall) --subnet 10.77.7.1/24 usual >/dev/null
            cat /proc/sys/net/ipv4/conf/{bare,usual}/arp_ignore
            entered() { local name=$1; shift; nsenter -t $($m inspect -f '{{.State.Pid}}' $name) -n "$@"; }
            for n in 1 2; do
              $m run -d --name box$n --network bare sleep 1000 >/dev/null
              entered box$n sh -c "echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip addr add fd00:99::$n/64 dev eth0 nodad; ip addr add 10.99.0.$n/24 dev eth0"
            done
            pings6() { entered $1 ping -6 -q -c 1 -W 2 $2 | grep -q ' 1 received' && echo reached; }
            pings4() { entered $1 ping -q -c 1 -W 2 $2 | grep -q ' 1 received' && echo reached; }
            asks() { entered $1 busybox arping -q -c 2 -w 2 -I eth0 $2 && echo answered; }
            yes six pings6 box1 fd00:99::2; yes four pings4 box1 10.99.0.2
            yes neighbour asks box1 10.99.0.2; yes host asks box1 10.250.0.1; yes gateway asks box1 10.77.7.1
            $m system check && echo clean
            case \#(firewall) in
              iptables) ip6tables-legacy -F MYDOCKER-FORWARD;;
              nftables) nft flush chain ip6 mydocker-filter MYDOCKER-TO-bare;;
            esac
            echo 0 >/proc/sys/net/ipv4/conf/bare/arp_ignore
            $m system check | sed 's/ (.*//' | grep -c -e 'bridge bare: its settings' -e 'rule ip6 filter -A MYDOCKER-[A-Za-z-]* -i bare -o bare -j ACCEPT: missing'
            $m run --rm --network usual true; yes again pings6 box1 fd00:99::2; yes host asks box1 10.250.0.1
            $m rm -f box1 box2 >/dev/null; $m network rm bare; { ip6tables-legacy-save; nft list tables; } 2>/dev/null | grep -c -e MYDOCKER -e 'ip6 mydocker'
            $m network rm usual; $m system check && echo clean
            """#)
        #expect(
            outcome.lines == [
                "1", "0", "six reached", "four reached", "neighbour answered", "host no", "gateway no", "clean",
                "2", "again reached", "host no", "bare", "0", "usual", "clean",
            ], "\(outcome.text)")
    }

    @Test func aParentWithoutAddresses() {
        let outcome = scene(
            Self.dhcp + #"""
                ip netns add lan; ip link add eth9 type veth peer name lan0 netns lan; ip link set eth9 up; ip -n lan link set lan0 up
                ip -n lan addr add 10.99.0.7/24 dev lan0
                $m network create -d macvlan -o parent=eth9 --ipam-driver null bare >/dev/null; members bare
                lease; yes neighbour pings client 10.99.0.1; yes lan pings client 10.99.0.7
                $m network inspect bare -f '{{.Driver}} {{.IPAM.Driver}} {{json .IPAM.Config}}'
                $m run --rm --network bare -p 80:80 true; echo $?; $m system check && echo clean
                $m restart -t 0 client >/dev/null; inside client ip -o -4 addr show eth0 | wc -l
                $m rm -f server client >/dev/null; $m network rm bare; $m system check && echo clean
                """#)
        #expect(
            outcome.lines == [
                "10.99.0.20/24", "neighbour reached", "lan reached", "macvlan null []",
                "mydocker: network bare gives no addresses (--ipam-driver null)",
                "  leave -p away, or use another network", "125", "clean", "0", "bare", "clean",
            ], "\(outcome.text)")
    }

    /// One line each, and nothing is left.
    @Test func withoutAddressesWhatCannotBe() {
        let outcome = scene(
            #"""
            b=com.docker.network.bridge
            create() { $m network create --ipam-driver "$@" one >/run/said 2>&1; echo $? $(head -1 /run/said); }
            create null --subnet 10.77.1.0/24; create null --gateway 10.77.1.1; create null --aux-address a=10.77.1.1
            create null --ipv6; create null --ipv4=false; create null -o $b.gateway_mode_ipv4=routed; create null -o $b.enable_icc=false
            create null -o $b.host_binding_ipv4=127.0.0.1; create dhcp
            ls /var/lib/mydocker/networks 2>/dev/null | wc -l; ip -o link | wc -l
            $m network create --ipam-driver null bare >/dev/null
            for flags in '--ip 10.77.1.2' '--ip6 fd00::2' '--link-local-ip 169.254.7.7' '-p 80:80' '-P --expose 80'; do
              $m run --rm --network bare $flags true >/run/said 2>&1; echo $? $(head -1 /run/said)
              $m run --dry-run --network bare $flags true >/run/said 2>&1; echo $? $(head -1 /run/said)
            done
            $m network create --ipam-driver null --ignore bare >/dev/null; $m network create --ignore bare >/dev/null
            $m run -d --name web sleep 1000 >/dev/null; $m network connect --ip 10.77.1.2 bare web 2>&1 | head -1; $m rm -f web >/dev/null
            $m network rm bare; $m system check && echo clean
            """#)
        let conflict = "1 mydocker: conflicting options: --ipam-driver null and"
        let refusal = "125 mydocker: network bare gives no addresses (--ipam-driver null)"
        #expect(
            outcome.lines == [
                "\(conflict) addresses: it gives none", "\(conflict) addresses: it gives none",
                "\(conflict) addresses: it gives none",
                "\(conflict) address families: members have those that they give themselves",
                "\(conflict) address families: members have those that they give themselves",
                "1 mydocker: conflicting options: --ipam-driver null, and an option about what is translated: nothing is",
                "1 mydocker: conflicting options: members of a network that do not meet reach this host alone, "
                    + "and it has no address there",
                "1 mydocker: conflicting options: --ipam-driver null, and an option about what is translated: nothing is",
                "1 mydocker: failed to find ipam driver: dhcp", "0", "2",
            ] + Array(repeating: refusal, count: 10) + [
                #"mydocker: warning: network "bare" exists: its IPAM driver is null, not default"#,
                "mydocker: network bare gives no addresses (--ipam-driver null)", "bare", "clean",
            ], "\(outcome.text)")
    }
}
