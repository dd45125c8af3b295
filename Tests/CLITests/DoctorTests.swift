import Testing

extension CLI {
    /// Why networks do not work, and what they are like.
    @Suite(.serialized) struct Doctor {
        private static let tools = """
            exec 2>&1
            m=$MYDOCKER
            ip link set lo up
            ip link add out0 type veth peer name out1; ip link set out1 up
            ip address add 10.250.0.1/24 dev out0; ip link set out0 up mtu 1400
            ip route add default via 10.250.0.2
            $m network create --subnet 10.77.7.1/24 bd0 >/dev/null
            $m network create --firewall nftables --internal --subnet 10.77.8.1/24 bd1 >/dev/null
            $m run -d --name web --network bd0 -p 80:80 sleep 1000 >/dev/null
            doctor() { $m network doctor "$@" | sed 's/   */|/g'; echo ${PIPESTATUS[0]}; }

            """

        func elsewhere(_ script: String) -> Outcome { Host.elsewhere(Self.tools + script) }
    }
}

extension CLI.Doctor {
    @Test func whatIsOursIsMended() {
        let outcome = elsewhere(
            """
            doctor; doctor bd0
            ip link set bd0 down; echo 0 >/proc/sys/net/ipv4/conf/bd0/route_localnet
            iptables-legacy -t nat -F MYDOCKER-DNAT; nft delete table ip mydocker-filter
            doctor | cut -d'|' -f1,2 | sort -u | tr '\\n' ' '; echo
            doctor bd1 | cut -d'|' -f1,2 | sort -u | tr '\\n' ' '; echo
            doctor --repair bd0 | grep -c '(repaired)$' | sed 's/[1-9][0-9]*/some/'
            doctor; doctor --repair
            echo 0 >/proc/sys/net/ipv4/ip_forward
            $m network doctor --json bd1 | jq -c '[.clean,.findings[0].class,.findings[0].network,.findings[0].repairable]'
            doctor --repair | tail -2
            ip -4 addr flush dev bd0; doctor bd0; doctor --repair bd0 | tail -2
            $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "0", "0", "-|rule 3 NETWORK|CLASS bd0|bridge bd0|rule bd1|rule ",
                "-|rule 3 NETWORK|CLASS bd1|rule ", "some", "0", "0", #"[false,"bridge",null,true]"#,
                "-|bridge|net/ipv4/ip_forward: it is off, and networks need it (repaired)", "0",
                "NETWORK|CLASS|FINDING",
                "bd0|bridge|bd0: it lacks the address 10.77.7.1/24; mydocker network doctor --repair", "3",
                "bd0|bridge|bd0: it lacks the address 10.77.7.1/24 (repaired)", "0", "clean",
            ], "\(outcome.text)")
    }

    /// No repair brings a link back, and none is recommended.
    @Test func membersWithoutALink() {
        let outcome = elsewhere(
            """
            state=/run/mydocker/containers/$($m inspect -f '{{.Id}}' web)/state.json
            veth=$(jq -r '.endpoints[0].hostInterface' $state); ip link del $veth
            doctor bd0 | sed "s/$veth/VETH/"; doctor --repair bd0 | tail -1; $m system check | grep -c "$veth.*is gone (mydocker restart"
            $m restart -t 0 web; doctor bd0
            cat $state >/run/before; jq -c '.endpoints=[]' /run/before >$state; doctor bd0 | grep link
            cat /run/before >$state; doctor bd0; $m network doctor --json | jq -c .clean
            """)
        #expect(
            outcome.lines == [
                "NETWORK|CLASS|FINDING",
                "bd0|link|container web has no link any more: VETH is gone; run: mydocker restart web", "3", "3", "1",
                "web", "0",
                "bd0|link|container web has no link, and is to be on this network; run: mydocker network disconnect bd0 web; "
                    + "mydocker network connect bd0 web", "0", "true",
            ], "\(outcome.text)")
    }

    /// Members have its MAC address for good: with another one they reach neither it nor what is behind.
    @Test func aBridgeHasItsOwnMACAddressAgain() {
        let outcome = elsewhere(
            """
            reach() { $m exec web ping -c 1 -W 1 10.77.7.1 >/dev/null && echo reached || echo not; }
            ip link set bd0 address 02:00:00:00:00:99; reach; doctor bd0; $m system check | grep -c 'MAC address'
            doctor --repair bd0 | tail -2; reach
            ip link set bd0 address 02:00:00:00:00:99; $m network reload bd0; reach; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "not", "NETWORK|CLASS|FINDING",
                "bd0|bridge|bd0: its MAC address is not 02:42:0a:4d:07:01; mydocker network doctor --repair", "3", "1",
                "bd0|bridge|bd0: its MAC address is not 02:42:0a:4d:07:01 (repaired)", "0", "reached", "bd0",
                "reached",
                "clean",
            ], "\(outcome.text)")
    }

    /// Of one link alone it is off without the host's own setting telling it.
    @Test func linksThatSendNothingOn() {
        let outcome = elsewhere(
            """
            sysctl -qw net/ipv4/conf/bd0/forwarding=0; doctor bd0; doctor --repair bd0 | tail -2; doctor bd0
            sysctl -qw net/ipv4/conf/bd0/forwarding=0; $m network reload bd0; cat /proc/sys/net/ipv4/conf/bd0/forwarding
            sysctl -qw net/ipv4/conf/out0/forwarding=0; doctor bd0; $(doctor bd0 | sed -n 's/.*run: //p') >/dev/null; doctor bd0
            """)
        let what = "bd0|bridge|bd0: it does not forward: net/ipv4/conf/bd0/forwarding is 0"
        #expect(
            outcome.lines == [
                "NETWORK|CLASS|FINDING", "\(what); mydocker network doctor --repair", "3", "\(what) (repaired)", "0",
                "0",
                "bd0", "1", "NETWORK|CLASS|FINDING",
                "bd0|route|the setting net/ipv4/conf/out0/forwarding=0 loses what comes in by out0 for containers: answers, "
                    + "and what is for published ports; run: sysctl -w net/ipv4/conf/out0/forwarding=1", "3",
                "0",
            ], "\(outcome.text)")
    }

    @Test func somebodyElseHasTheNameOfABridge() {
        let outcome = elsewhere(
            """
            ip link del bd1; ip link add bd1 type bridge; doctor bd1
            $m system check | grep -c 'ip link delete bd1'; doctor --repair bd1 | tail -1
            $m run --rm --network bd1 true; echo $?; $m network reload bd1
            ip link delete bd1; $m network reload bd1; doctor bd1
            """)
        let remedy =
            "remove the interface or give it another name, as by: ip link delete bd1; then: mydocker network reload bd1"
        let refusal = [
            "mydocker: create bridge \"bd1\": an interface of that name exists and is not mydocker's", "  \(remedy)",
        ]
        #expect(
            outcome.lines == [
                "NETWORK|CLASS|FINDING",
                "bd1|foreign|the interface \"bd1\" is not mydocker's, and has the name of the network's bridge; \(remedy)",
                "3", "1", "3",
            ] + refusal + ["125"] + refusal + ["bd1", "0"], "\(outcome.text)")
    }

    @Test func whatIsOthersIsNamedAndLeftAlone() {
        let outcome = elsewhere(
            """
            ip link set out0 mtu 1300
            ip link add wg0 type veth peer name wg1; ip link set wg1 up; ip link set wg0 up; ip route add 10.77.0.0/16 dev wg0; ip route add 10.77.7.128/25 dev wg0
            nft add table inet strict; nft 'add chain inet strict forward { type filter hook forward priority 0; policy drop; }'
            nft list ruleset >/run/before
            doctor bd0
            $m network doctor --json bd0 | jq -c '.findings[]|[.class,.repairable]'
            doctor --repair bd0 | grep -c repaired; nft list ruleset | diff - /run/before && echo untouched
            doctor bd1 | cut -d'|' -f2
            """)
        let remedy = "; make the network anew with another --subnet, or take the route away"
        #expect(
            outcome.lines == [
                "NETWORK|CLASS|FINDING",
                "bd0|foreign|the nftables chain \"inet strict forward\" drops what \"bd0\" exchanges with the outside; "
                    + "let it pass: nft insert rule inet strict forward iifname bd0 accept; "
                    + "nft insert rule inet strict forward oifname bd0 accept",
                "bd0|route|the route 10.77.0.0/16 dev wg0 leads to hosts that cannot be reached from here where they have "
                    + "addresses of 10.77.7.0/24\(remedy)",
                "bd0|route|the route 10.77.7.128/25 dev wg0 takes what is for these addresses of 10.77.7.0/24 away from "
                    + "its containers\(remedy)",
                "bd0|mtu|the MTU 1400 of \"bd0\" is more than the 1300 bytes of the way out: what must not be broken up "
                    + "gets lost there; make the network anew with -o mtu=1300",
                "3", #"["foreign",false]"#, #"["route",false]"#, #"["route",false]"#, #"["mtu",false]"#, "0",
                "untouched",
                "CLASS", "foreign", "route", "3",
            ], "\(outcome.text)")
    }

    /// Ports that a supervisor answers come in by INPUT.
    @Test func whoDropsWhatASupervisorAnswers() {
        let outcome = elsewhere(
            """
            nft add table inet strict; nft 'add chain inet strict input { type filter hook input priority 0; policy drop; }'
            nft add rule inet strict input ct state established,related accept
            $m network create --ipv4=false --ipv6 --subnet fd00:77:6::/64 six | sed 's/[0-9a-f]\\{64\\}/ID/'
            $m run -d --name box --network six -p 90:80 -p 91:80/udp -p 127.0.0.1:92:80 sleep 1000 >/dev/null; doctor six
            nft insert rule inet strict input udp dport 91 accept; nft insert rule inet strict input tcp dport 90 accept; doctor six; doctor bd0
            $m run --rm --network six -p 93:80 -p 127.0.0.1:94:80 true; $m run --rm --network six -p 127.0.0.1:94:80 true
            """)
        let answers = "at addresses of IPv4, which no rule sends on: a supervisor answers there; let it in: "
        let chain = "the chain \"nft inet strict input\" drops what comes for"
        func row(_ port: Int, _ transport: String) -> String {
            "six|foreign|\(chain) port \(port)/\(transport) \(answers)"
                + "nft insert rule inet strict input \(transport) dport \(port) accept"
        }
        let any = "\(chain) published ports \(answers)nft insert rule inet strict input tcp dport PORT accept"
        #expect(
            outcome.lines == [
                "mydocker: warning: \(any)", "ID", "mydocker: warning: \(any)", "NETWORK|CLASS|FINDING",
                row(90, "tcp"), row(91, "udp"), "3", "0", "0",
                row(93, "tcp").replacing("six|foreign|", with: "mydocker: warning: "),
            ], "\(outcome.text)")
    }

    /// As releases before have made them.
    @Test func networksWithoutTheFirewallThatTheyNeed() {
        let outcome = elsewhere(
            """
            without() { file=/var/lib/mydocker/networks/$1.json; sed 's/"name": *"/"firewall":"none",&/' $file >/run/record; cat /run/record >$file; }
            without $($m network create --firewall iptables --internal --subnet 10.77.9.1/24 within)
            without $($m network create --firewall iptables -o com.docker.network.bridge.enable_icc=false --subnet 10.77.10.1/24 apart)
            $m network create --firewall none --subnet 10.77.11.1/24 fine >/dev/null
            doctor within apart fine; $m network doctor --json within | jq -c '.findings[]|[.class,.repairable]'; doctor --repair within | tail -1
            for firewall in nftables iptables; do $m network reload --firewall $firewall within; doctor within; done
            iptables-legacy -S | grep -q -- '-o within' && echo back
            """)
        func row(_ name: String, _ open: String) -> String {
            "\(name)|rule|network \"\(name)\" has no firewall: \(open); mydocker network reload --firewall iptables|nftables \(name)"
        }
        #expect(
            outcome.lines == [
                "NETWORK|CLASS|FINDING",
                row(
                    "within",
                    "whoever of its members has a route of its own gets out by this host, and others reach them"),
                row("apart", "its members reach each other by way of this host"), "3", #"["rule",false]"#, "3",
                "within", "0", "within", "0", "back",
            ], "\(outcome.text)")
    }

    /// Whatever accepts packets in front of an internal network's own rules, or among them; not what users put where that is theirs to
    /// do. Other tables than the network's own do not matter.
    @Test func whatLetsPassWhatInternalNetworksAreKeptFrom() {
        let outcome = elsewhere(
            """
            $m network create --firewall iptables --internal --subnet 10.77.9.1/24 bd2 >/dev/null; doctor bd1 bd2
            told() { doctor bd1 bd2 | grep -E 'lets pass|^[0-9]+$' | tr '\\n' ' '; echo; }
            table="ip mydocker-filter"
            for chain in FORWARD MYDOCKER-ISOLATE MYDOCKER-APART-bd1; do
              nft insert rule $table $chain accept; told
              nft delete rule $table $chain handle $(nft -a list chain $table $chain | sed -n 's/.*accept # handle //p')
            done
            nft insert rule $table FORWARD iifname bd0 accept; told; nft delete rule $table FORWARD handle $(nft -a list chain $table FORWARD | sed -n 's/.*accept # handle //p')
            for chain in FORWARD MYDOCKER-ISOLATE; do iptables-legacy -I $chain -j ACCEPT; told; iptables-legacy -D $chain -j ACCEPT; done
            nft add rule $table MYDOCKER-USER accept; iptables-legacy -A MYDOCKER-USER -j ACCEPT; told
            """)
        func row(_ network: String, _ rule: String, _ remedy: String) -> String {
            "\(network)|foreign|the rule \(rule) lets pass what \"\(network)\", an internal network's, is kept from; \(remedy) 3 "
        }
        func inNFTables(_ chain: String, _ rule: String) -> String {
            let place = "ip mydocker-filter \(chain)"
            return row(
                "bd1", "nft \(place): \(rule)",
                "take it away: nft delete rule \(place) handle HANDLE, which is told by nft -a list chain \(place)")
        }
        #expect(
            outcome.lines == [
                "0", inNFTables("FORWARD", "accept"), inNFTables("MYDOCKER-ISOLATE", "accept"),
                inNFTables("MYDOCKER-APART-bd1", "accept"), inNFTables("FORWARD", "iifname \"bd0\" accept"),
                row(
                    "bd2", "iptables-legacy filter FORWARD: -j ACCEPT",
                    "put it behind the jumps to MYDOCKER- chains, or take it away"),
                row("bd2", "iptables-legacy filter MYDOCKER-ISOLATE: -j ACCEPT", "take it away"), "0 ",
            ], "\(outcome.text)")
    }

    /// Rules, links and routes are read once, however many networks are looked at.
    @Test func theKernelIsAskedTheSameAboutManyNetworks() {
        let outcome = elsewhere(
            """
            make() { for i in "$@"; do $m network create --firewall nftables --ipv6 q$i >/dev/null; done; }
            asked() { strace -f -qqq -e trace=sendto,sendmsg -o /run/asked $m network doctor >/dev/null; grep -c send /run/asked; }
            make 1 2; few=$(asked); make 3 4 5 6; many=$(asked)
            [ $few -gt 10 ] && [ $few = $many ] && echo same || echo $few, then $many
            """)
        #expect(outcome.lines == ["same"], "\(outcome.text)")
    }

    @Test func whatCannotBeDiagnosed() {
        let outcome = elsewhere(
            """
            doctor nosuch; doctor nosuch bd0; $m network doctor --nosuch; echo $?
            $m network graph nosuch; echo $?; $m network graph --format png; echo $?
            """)
        #expect(
            outcome.lines == [
                "mydocker: network nosuch not found", "1", "mydocker: network nosuch not found", "1",
                "unknown flag: --nosuch",
                "Usage:  mydocker network doctor [OPTIONS] [NETWORK... | --adopt [DIRECTORY]]",
                "Run 'mydocker network doctor --help' for more information", "125",
                "mydocker: network nosuch not found", "1",
                "invalid argument \"png\" for \"--format\" flag: there are text, dot, svg and json",
                "Run 'mydocker network graph --help' for more information", "125",
            ], "\(outcome.text)")
    }

    @Test func drawings() {
        let outcome = elsewhere(
            """
            $m network connect bd1 web; $m run -d --name other --network bd1 sleep 1000 >/dev/null
            $m network graph | sed 1d
            $m network graph --format json >/run/told; $m network graph --json | cmp - /run/told && jq -r '.networks[].name' /run/told
            $m network graph --format dot bd0 | grep -c -- --
            $m network graph --format svg | python3 -c 'import sys, xml.etree.ElementTree as e; print(e.parse(sys.stdin).getroot().tag)'
            """)
        #expect(
            outcome.lines == [
                "├── bd0  bridge bd0  10.77.7.1/24", "│   └── web  eth0  10.77.7.2/24  02:42:0a:4d:07:02",
                "│       └── 0.0.0.0:80->80/tcp", "└── bd1  bridge bd1  10.77.8.1/24  internal",
                "    ├── web  eth1  10.77.8.2/24  02:42:0a:4d:08:02",
                "    └── other  eth0  10.77.8.3/24  02:42:0a:4d:08:03", "bd0", "bd1", "2",
                "{http://www.w3.org/2000/svg}svg",
            ], "\(outcome.text)")
    }

    /// Who is in the network namespace of another container is where that is.
    @Test func containersThatShareANetwork() {
        let outcome = elsewhere(
            """
            $m run -d --name side --network container:web sleep 1000 >/dev/null; $m run -d --name far --network bd0 sleep 1000 >/dev/null
            $m network graph bd0 | sed 1d; $m network explain --from far --to side | tail -1; doctor bd0
            """)
        let lines = outcome.lines
        #expect(
            lines.contains("    ├── side  eth0  10.77.7.2/24  02:42:0a:4d:07:02")
                && lines.contains("    ├── web  eth0  10.77.7.2/24  02:42:0a:4d:07:02"), "\(outcome.text)")
        #expect(lines.filter { $0.contains("80->80/tcp") }.count == 1, "\(outcome.text)")
        #expect(lines.dropLast().last?.contains("at container web") == true && lines.last == "0", "\(outcome.text)")
    }
}
