import Foundation
import Testing

extension CLI.PacketWay {
    /// Rules of routing, settings and links, each taken away again.
    @Test func whatRoutingRefuses() {
        let outcome = scene(
            """
            networks iptables
            out() { both "$1" web 10.250.0.2 inside web ping -q -c 1 -W 1 10.250.0.2; way web 10.250.0.2 | tail -1; }
            ip rule add from 10.77.7.0/24 prohibit; out prohibit; ip rule del from 10.77.7.0/24 prohibit
            ip rule add iif bd0 blackhole; out blackhole; ip rule del iif bd0 blackhole
            ip rule add iif bd0 unreachable; out unreachable; ip rule del iif bd0 unreachable
            ip rule add from 10.77.7.0/24 blackhole
            both answer 10.250.0.2 10.250.0.1:80 far curl -s -m 1 10.250.0.1/index.html
            ip rule del from 10.77.7.0/24 blackhole
            ip rule add iif bd0 ipproto icmp prohibit; out protocol; ip rule del iif bd0 ipproto icmp prohibit
            ip rule add iif bd0 ipproto tcp dport 443 prohibit; out other | head -1; way web 10.250.0.2:443 | tail -1
            ip rule del iif bd0 ipproto tcp dport 443 prohibit; ip rule add ipproto tcp sport 80 prohibit
            far curl -s -m 1 10.250.0.1/index.html || echo nothing; way 10.250.0.2 10.250.0.1:80 | tail -2
            ip rule del ipproto tcp sport 80 prohibit
            echo 0 >/proc/sys/net/ipv4/conf/bd0/forwarding; out forwarding; echo 1 >/proc/sys/net/ipv4/conf/bd0/forwarding
            link=$(way web 10.250.0.2 | awk 'NR==1{print $5}' | tr -d ,)
            ip link set $link down; out down | sed "s/$link/LINK/"; ip link set $link up
            ip link set $link nomaster; way web 10.250.0.2 | tail -1 | sed "s/$link/LINK/"
            """)
        let way = "from 10.77.7.2 to 10.250.0.2"
        #expect(
            outcome.lines == [
                "prohibit 3", "does not arrive: a routing rule or a route prohibits what is \(way) (prohibit)",
                "blackhole 3", "does not arrive: a routing rule or a route drops what is \(way) (blackhole)",
                "unreachable 3", "does not arrive: no route leads \(way), or one or a routing rule says unreachable",
                "answer 3",
                "protocol 3", "does not arrive: a routing rule or a route prohibits what is \(way) (prohibit)",
                "other 0",
                "does not arrive: a routing rule or a route prohibits what is \(way) (prohibit)", "nothing",
                "not known: routing (depends on the port that the packet comes from)",
                "does not arrive, as far as is known: its answer does not: a routing rule or a route prohibits what is "
                    + "\(way) (prohibit)",
                "forwarding 3", "does not arrive: this host does not forward (net.ipv4.conf.bd0.forwarding is 0)",
                "down 3", "does not arrive: LINK is down", "does not arrive: LINK is not on the bridge bd0",
            ], "\(outcome.text)")
    }

    /// What one rule does to a packet another one asks for, and routing does.
    @Test func whatRulesDoToPackets() {
        let outcome = scene(
            """
            networks iptables
            out() { both "$1" web 10.250.0.2 inside web ping -q -c 1 -W 1 10.250.0.2; way web 10.250.0.2 | tail -1; }
            iptables-legacy -t mangle -A PREROUTING -i bd0 -j MARK --set-mark 7
            iptables-legacy -I FORWARD -m mark --mark 7 -j DROP; out mark; iptables-legacy -D FORWARD 1
            ip rule add fwmark 7 prohibit; out routed | head -1; ip rule del fwmark 7 prohibit
            iptables-legacy -t mangle -F PREROUTING
            nft add table inet mine; nft 'add chain inet mine p { type filter hook prerouting priority -150; }'
            nft 'add chain inet mine f { type filter hook forward priority 10; }'; nft 'add chain inet mine r { type filter hook prerouting priority -300; }'
            nft add rule inet mine p iifname bd0 meta mark set 7; nft add rule inet mine f meta mark 7 drop; out nft
            nft flush chain inet mine p; nft add rule inet mine p iifname out0 meta mark set 7; out answer
            nft flush chain inet mine p; nft flush chain inet mine f
            nft add rule inet mine r iifname bd0 notrack; out notrack | head -1; nft delete table inet mine
            nft add table netdev links; nft 'add chain netdev links entry { type filter hook ingress device out0 priority 0; }'
            way 10.250.0.2 10.250.0.1:80 | grep -c '^not known'; nft add rule netdev links entry tcp dport 80 drop
            way 10.250.0.2 10.250.0.1:80 | grep '^not known'
            """)
        let dropped = "does not arrive: dropped by"
        #expect(
            outcome.lines == [
                "mark 3", "\(dropped) iptables-legacy filter FORWARD: -m mark --mark 0x7 -j DROP", "routed 3",
                "nft 3", "\(dropped) nft inet mine f: meta mark 0x00000007 drop",
                "answer 3", "\(dropped) nft inet mine f: meta mark 0x00000007 drop (its answer)",
                "notrack told 4 happens 3",
                "0", "not known: nft netdev links entry: rules at the link out0 are not followed",
            ], "\(outcome.text)")
    }

    /// Rules of the family bridge, which know the ports of bridges.
    @Test func rulesOfBridges() {
        let outcome = scene(
            """
            networks iptables
            nft add table bridge mine
            for hook in prerouting input forward output postrouting; do nft "add chain bridge mine $hook { type filter hook $hook priority 0; }"; done
            rule() { nft flush table bridge mine; nft add rule bridge mine "$@"; }
            port=$(way web 10.250.0.2 | awk 'NR==1{print $5}' | tr -d ,)
            last() { way "$@" | tail -1 | sed "s/$port/PORT/"; }
            near() { both "$1" near web:80 inside near wget -qO- http://10.77.7.2/; last near web:80; }
            rule forward ip daddr 10.77.7.2 tcp dport 80 drop; near neighbour
            rule forward "iifname \\"$port\\" tcp sport 80 drop"; near answer
            rule forward oifname bd0 drop; near not-a-port
            rule input ip saddr 10.77.7.2 drop; both out web 10.250.0.2 inside web ping -q -c 1 -W 1 10.250.0.2; last web 10.250.0.2
            rule output "oifname \\"$port\\" tcp dport 80 drop"
            both published 10.250.0.2 10.250.0.1:80 far curl -s -m 1 10.250.0.1/index.html; last 10.250.0.2 10.250.0.1:80
            rule input "iifname \\"$port\\" tcp sport 80 drop"
            both published-answer 10.250.0.2 10.250.0.1:80 far curl -s -m 1 10.250.0.1/index.html; last 10.250.0.2 10.250.0.1:80
            rule forward ether saddr 02:00:00:00:00:01 drop; way near web:80 >/run/told; echo $? $(grep -c '^not known: nft bridge mine forward' /run/told)
            """)
        let dropped = "does not arrive: dropped by nft bridge mine"
        let arrives = "arrives: at container web, port 80, from 10.77.7.3"
        #expect(
            outcome.lines == [
                "neighbour 3", "\(dropped) forward: meta protocol 0x0800 ip daddr 10.77.7.2 tcp dport 80 drop",
                "answer 3", #"\#(dropped) forward: iifname "PORT" tcp sport 80 drop (its answer)"#,
                "not-a-port 0", arrives,
                "out 3", "\(dropped) input: meta protocol 0x0800 ip saddr 10.77.7.2 drop",
                "published 3", #"\#(dropped) output: oifname "PORT" tcp dport 80 drop"#,
                "published-answer 3", #"\#(dropped) input: iifname "PORT" tcp sport 80 drop (its answer)"#, "4 1",
            ], "\(outcome.text)")
    }

    /// What an answer meets on its way out.
    @Test func rulesThatStopAnswers() {
        let outcome = scene(
            """
            networks iptables
            iptables-legacy -t mangle -A POSTROUTING -s 10.77.7.2 -o out0 -j DROP
            both forwarded 10.250.0.2 10.250.0.1:80 far curl -s -m 1 10.250.0.1/index.html; way 10.250.0.2 10.250.0.1:80 | tail -1
            iptables-legacy -t mangle -F POSTROUTING; iptables-legacy -A OUTPUT -d 10.250.0.2 -p icmp -j DROP
            both here 10.250.0.2 10.250.0.1 far ping -q -c 1 -W 1 10.250.0.1; way 10.250.0.2 10.250.0.1 | tail -1
            """)
        let dropped = "does not arrive: dropped by iptables-legacy"
        #expect(
            outcome.lines == [
                "forwarded 3", "\(dropped) mangle POSTROUTING: -s 10.77.7.2/32 -o out0 -j DROP (its answer)",
                "here 3", "\(dropped) filter OUTPUT: -d 10.250.0.2/32 -p icmp -j DROP (its answer)",
            ], "\(outcome.text)")
    }

    /// Rules of others that keep what is for published ports, or what goes out, from where it belongs: the doctor names each.
    @Test func whatTheDoctorFindsAtPublishedPorts() {
        let outcome = scene(
            """
            networks iptables
            ip route add default via 10.250.0.2; $m network doctor bd0 && echo well
            check() {
              local table=$1 chain=$2; shift 2
              iptables-legacy -t $table -I $chain "$@"
              $m network doctor bd0 | sed 's/   */|/g;s/10.77.7.[23] /one /' | grep foreign | head -1; iptables-legacy -t $table -D $chain 1
            }
            check filter FORWARD -p tcp --dport 80 -j REJECT
            check raw PREROUTING -p tcp --dport 8000 -j DROP
            check nat PREROUTING -p tcp --dport 80 -j ACCEPT
            check nat PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 9999
            check nat POSTROUTING -s 10.77.7.0/24 -j ACCEPT
            """)
        func line(_ rule: String, _ effect: String) -> String {
            "bd0|foreign|the rule iptables-legacy \(rule) \(effect); take it away, or let \"bd0\" pass in front of it"
        }
        let kept = "keeps what is for 10.250.0.1, port 80 from container web"
        #expect(
            outcome.lines.filter { $0.hasPrefix("bd0|") } == [
                line(
                    "filter FORWARD: -p tcp -m tcp --dport 80 -j REJECT",
                    "drops what 192.0.2.1 sends to 10.250.0.1, port 80"),
                line(
                    "raw PREROUTING: -p tcp -m tcp --dport 8000 -j DROP",
                    "drops what 192.0.2.1 sends to 10.250.0.1, port 8000"),
                line("nat PREROUTING: -p tcp -m tcp --dport 80 -j ACCEPT", kept),
                line("nat PREROUTING: -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 9999", kept),
                line(
                    "nat POSTROUTING: -s 10.77.7.0/24 -j ACCEPT",
                    "lets what one sends to 192.0.2.1 out under its own address"),
            ], "\(outcome.text)")
    }
}
