import Testing

/// At home beside Docker: its FORWARD drops what is not its own, and DOCKER-USER is the chain that it leaves to others.
extension CLI {
    @Suite(.serialized) struct BesideDocker {
        /// What dockerd makes on a host whose iptables is that of nftables, with a container of its own; and a host far away.
        /// `rules` prints what is in DOCKER-USER.
        private static let docker = """
            exec 2>&1
            m=$MYDOCKER
            ip netns add far; ip link add out0 type veth peer name out1 netns far
            ip addr add 10.250.0.1/24 dev out0; ip link set out0 up
            ip -n far addr add 10.250.0.2/24 dev out1; ip -n far addr add 10.250.0.3/24 dev out1; ip -n far link set out1 up
            n() { iptables-nft "$@" 2>/dev/null; }
            n -P FORWARD DROP; n -N DOCKER-USER; n -A DOCKER-USER -j RETURN; n -A FORWARD -j DOCKER-USER
            n -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            n -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
            ip link add docker0 type bridge; ip addr add 172.30.0.1/24 dev docker0; ip link set docker0 up
            ip netns add theirs; ip link add dk0 type veth peer name dk1 netns theirs; ip link set dk0 master docker0 up
            ip -n theirs addr add 172.30.0.2/24 dev dk1; ip -n theirs link set dk1 up
            ip -n theirs route add default via 172.30.0.1
            rules() { n -S DOCKER-USER | sed 1d; }

            """

        private func beside(_ script: String) -> Outcome { Host.elsewhere(Self.docker + script) }
    }
}

extension CLI.BesideDocker {
    @Test func networksWorkWithNothingTyped() {
        let outcome = beside(
            """
            n -I DOCKER-USER -d 10.250.0.3 -j DROP
            n -S >/run/before
            $m network create --subnet 10.77.7.1/24 bd0 >/dev/null
            $m network create --subnet 10.77.8.1/24 bd1 >/dev/null
            $m network create --internal --subnet 10.77.9.1/24 bd2 >/dev/null
            rules | grep -v bd1
            $m run -d --name web -net bd0 -p 80:80 sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null
            $m run -d --name other -net bd1 sleep 1000 >/dev/null
            $m run -d --name within -net bd2 sleep 1000 >/dev/null
            inside() { $m exec $1 ping -q -c 1 -W 1 $2 >/dev/null 2>&1; }
            inside web 10.250.0.2 && echo out
            ip netns exec far curl -s -m 2 10.250.0.1/index.html
            ip netns exec theirs curl -s -m 2 172.30.0.1/index.html
            inside web 10.250.0.3 || echo their own rule stays
            inside web 172.30.0.2 || echo their containers stay theirs
            ip netns exec theirs ping -q -c 1 -W 1 10.77.7.2 >/dev/null || echo and ours stay ours
            inside other 10.77.7.2 || echo isolated
            inside within 10.250.0.2 || echo internal
            $m system check && echo clean
            $m rm -f web other within >/dev/null
            $m network rm bd0 bd1 bd2 >/dev/null
            n -S | diff - /run/before && echo as before
            """)
        let own = ["-i bd0 -o bd0", "-i bd0 -o docker+", "-i bd0 -o br-+", "-i bd0", "-o bd0"]
        let within = "-A DOCKER-USER -i bd2 -o bd2 -m comment --comment \"mydocker: bd2\" -j ACCEPT"
        let verdicts = ["ACCEPT", "RETURN", "RETURN", "ACCEPT", "ACCEPT"]
        let wanted =
            ["-A DOCKER-USER -d 10.250.0.3/32 -j DROP"]
            + zip(own, verdicts).map {
                "-A DOCKER-USER \($0) -m comment --comment \"mydocker: bd0\" -j \($1)"
            } + [
                within, "-A DOCKER-USER -j RETURN", "out", "page", "page", "their own rule stays",
                "their containers stay theirs",
                "and ours stay ours", "isolated", "internal", "clean", "as before",
            ]
        #expect(outcome.lines == wanted, "\(outcome.text)")
    }

    /// Docker has bridges ask the rules of IP (bridge-nf-call-iptables), and those of internal networks are asked, too.
    @Test(arguments: [
        "--internal", "--internal --ipv6", "--ipam-driver null",
        "--internal -o com.docker.network.bridge.inhibit_ipv4=true",
    ])
    func membersOfNetworksWithoutAWayOutMeet(options: String) {
        let outcome = beside(
            """
            sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
            n6() { ip6tables-nft "$@" 2>/dev/null; }
            n6 -P FORWARD DROP; n6 -N DOCKER-USER; n6 -A DOCKER-USER -j RETURN; n6 -A FORWARD -j DOCKER-USER
            all() { n -S; n6 -S; }; all >/run/before
            meet() {
              $m network create \(options) bd0 2>/run/said >/dev/null
              for name in aa bb; do $m run -d --name $name --net bd0 sleep 1000 >/dev/null; done
              for name in aa bb; do
                nsenter -t $($m inspect -f '{{.State.Pid}}' $name) -n sh -c "ip -4 addr show eth0 | grep -q inet ||
                  ip addr add 10.3.3.$((16#$name % 100))/24 dev eth0; ip -o -4 addr show eth0" | awk '{print $4}' | cut -d/ -f1
              done >/run/places
              try
            }
            try() {
              for place in $(tail -n 1 /run/places) $($m inspect -f '{{.NetworkSettings.Networks.bd0.GlobalIPv6Address}}' bb | grep :); do
                $m exec aa ping -q -c 4 -W 1 $place >/dev/null || echo apart from $place
              done; echo met
            }
            away() { $m rm -f aa bb >/dev/null; $m network rm bd0 >/dev/null; $m system check; all | diff - /run/before && echo as before; }
            meet; cat /run/said; away
            for tool in n n6; do $tool -D FORWARD -j DOCKER-USER; $tool -F DOCKER-USER; $tool -X DOCKER-USER; done; all >/run/before
            meet | sed 's/ from .*//' | sort -u; sed 's/;.*//' /run/said
            sed 's/.*let it pass: //' /run/said | sh 2>/dev/null; try
            $m network reload bd0 2>&1
            """)
        let families = options.hasSuffix("null") || options.hasSuffix("--ipv6") ? ["ip", "ip6"] : ["ip"]
        let warnings = families.map {
            "mydocker: warning: the nftables chain \"\($0) filter FORWARD\" drops what members of \"bd0\" exchange"
        }
        #expect(
            outcome.lines == ["met", "as before", "apart", "met"] + warnings + ["met", "bd0"],
            "\(outcome.text)")
    }

    /// Docker puts its jump in front again whenever it makes a network, by two commands: between them, FORWARD drops everything.
    @Test func aMomentWithoutTheJumpIsNotComplainedOf() {
        let outcome = beside(
            """
            $m network create --subnet 10.77.7.1/24 bd0 >/dev/null
            n -D FORWARD -j DOCKER-USER
            (sleep 0.2; n -I FORWARD -j DOCKER-USER) &
            $m network reload bd0 >/dev/null; echo reloaded
            wait
            n -D FORWARD -j DOCKER-USER
            $m network reload bd0 2>&1 >/dev/null | grep -o 'drops what "bd0" exchanges'
            $m network rm bd0 >/dev/null
            """)
        #expect(outcome.lines == ["reloaded", "drops what \"bd0\" exchanges"], "\(outcome.text)")
    }

    /// Of what the commands see to nothing more is said; of a chain that nobody leaves a place in, it is.
    @Test func aDryRunTellsOfWhatIsInTheWayStill() {
        let outcome = beside(
            """
            dry() { $m network create --dry-run --subnet 10.77.7.1/24 bd0 >/run/out 2>/run/err; echo $? $(grep -c ' DOCKER-USER ' /run/out) $(wc -l </run/err); }
            dry; sh -e <(grep -v iptables-legacy /run/out) >/dev/null 2>&1; n -S DOCKER-USER | grep -c 'mydocker: bd0'
            ip link delete bd0; n -F DOCKER-USER; n -A DOCKER-USER -j RETURN
            n -D FORWARD -j DOCKER-USER; dry; sed 's/ (.*//;s/;.*//' /run/err; n -I FORWARD -j DOCKER-USER
            nft 'table inet theirs { chain c { type filter hook forward priority 5; policy drop; }; }'; dry; sed 's/;.*//' /run/err
            $m network create --subnet 10.77.7.1/24 bd0 2>&1 >/dev/null | diff /run/err - && echo as it is then
            $m network rm bd0; $m system check && echo clean
            """)
        let warning = #"drops what "bd0" exchanges with the outside"#
        #expect(
            outcome.lines == [
                "0 5 0", "5", "0 5 1", "mydocker: warning: the nftables chain \"ip filter FORWARD\" \(warning)",
                "0 5 1", "mydocker: warning: the nftables chain \"inet theirs c\" \(warning)", "as it is then", "bd0",
                "clean",
            ], "\(outcome.text)")
    }

    /// The same where Docker has ip6tables, too: for networks that have IPv6, and no others.
    @Test func networksOfIPv6() {
        let outcome = beside(
            """
            n6() { ip6tables-nft "$@" 2>/dev/null; }
            rules6() { n6 -S DOCKER-USER | sed 1d; }
            ip addr add fd00:250::1/64 dev out0 nodad; ip -n far addr add fd00:250::2/64 dev out1 nodad
            n6 -P FORWARD DROP; n6 -N DOCKER-USER; n6 -A DOCKER-USER -j RETURN; n6 -A FORWARD -j DOCKER-USER
            $m network create --subnet 10.77.7.1/24 --subnet fd00:77:7::1/64 bd0 >/dev/null
            $m network create --subnet 10.77.8.1/24 bd1 >/dev/null
            rules6 | wc -l; rules6 | grep -c bd1; rules | grep -c bd1
            $m run -d --name web -net bd0 -p 80:80 sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null
            nsenter -t $($m inspect -f '{{.State.Pid}}' web) -n ping -6 -q -c 1 -W 2 fd00:250::2 >/dev/null && echo out
            ip netns exec far curl -s -m 2 '[fd00:250::1]/index.html'
            n6 -F DOCKER-USER; n6 -A DOCKER-USER -j RETURN; $m system check; echo $?
            $m run --rm -net bd0 true; rules6 | wc -l
            $m network explain bd0 | grep -c '^ip6tables-nft -I DOCKER-USER'
            $m rm -f web >/dev/null; $m network rm bd0 bd1 >/dev/null; rules6
            """)
        #expect(
            outcome.lines == [
                "6", "0", "5", "out", "page", #"rule ip6 filter DOCKER-USER bd0: missing; network "bd0" needs it"#, "3",
                "6", "5", "-A DOCKER-USER -j RETURN",
            ], "\(outcome.text)")
    }

    /// Nobody is asked by a chain that nothing leads to.
    @Test func aChainThatIsNotAskedIsNoHelp() {
        let outcome = beside(
            """
            n -D FORWARD -j DOCKER-USER
            $m network create --subnet 10.77.7.1/24 bd0 | wc -l
            n -I FORWARD -j DOCKER-USER
            $m network create --subnet 10.77.8.1/24 bd1 | wc -l
            """)
        #expect(outcome.lines.count == 3 && outcome.lines.suffix(2) == ["1", "1"], "\(outcome.text)")
        #expect(outcome.text.contains("the nftables chain \"ip filter FORWARD\" drops what \"bd0\""))
    }

    /// Docker's restart leaves the chain; whoever flushes it, or puts a rule in front, is made up for.
    @Test func theNextCommandPutsThemBack() {
        let outcome = beside(
            """
            $m network create --subnet 10.77.7.1/24 bd0 >/dev/null
            $m run -d --name stays -net bd0 sleep 1000 >/dev/null
            rules >/run/whole
            n -F DOCKER-USER; n -A DOCKER-USER -j RETURN
            $m system check; echo $?
            $m run --rm -net bd0 true; rules | diff - /run/whole && echo by run
            iptables-nft-save 2>/dev/null | iptables-nft-restore 2>/dev/null
            $m system check && $m network reload bd0 >/dev/null; rules | diff - /run/whole && echo as restored
            n -F DOCKER-USER; n -A DOCKER-USER -j RETURN
            $m network reload bd0 >/dev/null; rules | diff - /run/whole && echo by reload
            n -I DOCKER-USER -j RETURN
            $m system check --repair >/dev/null; rules | sed -n '/ACCEPT/q;/RETURN/p' | wc -l
            n -D DOCKER-USER -j RETURN; n -F DOCKER-USER; n -X DOCKER-USER 2>/dev/null
            n -D FORWARD -j DOCKER-USER; n -X DOCKER-USER
            $m system check && echo none, none needed
            n -N DOCKER-USER
            $m run --rm -net bd0 true; rules | wc -l
            $m rm -f stays >/dev/null; $m network rm bd0 >/dev/null; rules | wc -l
            """)
        #expect(
            outcome.lines == [
                "rule ip filter DOCKER-USER bd0: missing; network \"bd0\" needs it", "3", "by run", "as restored",
                "by reload", "0",
                "none, none needed", "5", "0",
            ], "\(outcome.text)")
    }

    /// Killed at any of its points, nothing is left that the next command does not see to.
    @Test func killsLeaveNoRule() {
        let outcome = beside(
            """
            $m network create --subnet 10.77.6.1/24 first >/dev/null; $m network rm first >/dev/null
            MYDOCKER_FAULT_LIST=/run/create $m network create --subnet 10.77.7.1/24 bd0 >/dev/null
            MYDOCKER_FAULT_LIST=/run/remove $m network rm bd0 >/dev/null
            grep -h '^[0-9]* change rules' /run/create /run/remove | sed 's/^[0-9]* //'
            rules >/run/none
            {
            for action in kill error; do
              for point in $(seq $(wc -l </run/create)); do
                MYDOCKER_FAULT=$action@$point $m network create --subnet 10.77.7.1/24 bd0 >/dev/null 2>&1
                $m network rm bd0 >/dev/null 2>&1 || $m system check --repair >/dev/null
                rules | diff - /run/none || echo create $action@$point
              done
              for point in $(seq $(wc -l </run/remove)); do
                $m network create --subnet 10.77.7.1/24 bd0 >/dev/null
                MYDOCKER_FAULT=$action@$point $m network rm bd0 >/dev/null 2>&1
                $m network rm bd0 >/dev/null 2>&1; $m system check --repair >/dev/null
                rules | diff - /run/none || echo remove $action@$point
              done
            done
            } 2>&1 | grep -v Killed
            $m system check && echo clean
            """)
        let line = "change rules \"ip filter DOCKER-USER\""
        #expect(outcome.lines == [line, line, "clean"], "\(outcome.text)")
    }

    /// Without the chain nothing is made, and a rule of a network that is gone is found.
    @Test func aRuleWithoutANetworkIsFound() {
        let outcome = beside(
            """
            n -I DOCKER-USER -i gone0 -m comment --comment "mydocker: gone0" -j ACCEPT
            n -I DOCKER-USER -i mine -m comment --comment "for me" -j ACCEPT
            nft insert rule ip filter DOCKER-USER iifname gone1 accept comment '"mydocker: gone1"'
            $m system check; echo $?
            $m system check --repair >/dev/null; rules
            """)
        #expect(
            outcome.lines.suffix(5) == [
                "rule ip filter DOCKER-USER gone0: there is no network that it belongs to",
                "rule ip filter DOCKER-USER gone1: there is no network that it belongs to", "3",
                "-A DOCKER-USER -i mine -m comment --comment \"for me\" -j ACCEPT", "-A DOCKER-USER -j RETURN",
            ], "\(outcome.text)")
    }
}
