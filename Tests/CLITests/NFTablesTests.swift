import Testing

/// Networks whose rules nftables has, beside those of the legacy tables: what a packet meets is the same.
extension CLI {
    @Suite(.serialized) struct NFTables {
        /// A host far away, by a link of this one's; `far COMMAND` runs there, `inside CONTAINER COMMAND` in a container. `networks
        /// FIREWALL` makes two networks and an internal one, with a server on the first.
        private static let scene = """
            exec 2>&1
            m=$MYDOCKER
            ip link set lo up
            ip netns add far; ip link add out0 type veth peer name out1 netns far
            ip addr add 10.250.0.1/24 dev out0; ip link set out0 up
            ip -n far addr add 10.250.0.2/24 dev out1; ip -n far link set out1 up; ip -n far route add default via 10.250.0.1
            far() { timeout 5 ip netns exec far "$@"; }
            inside() { timeout 5 $m exec "$@"; }
            yes() { local name=$1; shift; if "$@" >/run/said 2>&1; then echo "$name $(tr -d '\\n' </run/said)"; else echo "$name no"; fi; }
            fetch="curl -s -m 1"
            pings() { inside $1 ping -q -c 1 -W 1 $2 | grep -q ' 1 packets received' && echo reached; }
            networks() {
              $m network create --firewall $1 --subnet 10.77.7.1/24 bd0 >/dev/null
              $m network create --firewall $1 --subnet 10.77.8.1/24 bd1 >/dev/null
              $m network create --firewall $1 --internal --subnet 10.77.9.1/24 bd2 >/dev/null
              $m run -d --name web --network bd0 -p 80:80 -p 127.0.0.1:81:80 -p 8000-8002:9000-9002 -p 5300:53/udp \\
                sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null
              $m run -d --name other --network bd1 sleep 1000 >/dev/null
              $m run -d --name within --network bd2 sleep 1000 >/dev/null
            }

            """

        func scene(_ script: String) -> Outcome { Host.elsewhere(Self.scene + script) }
    }
}

extension CLI.NFTables {
    /// What is in it stays, and it does with that.
    @Test func aTableOfThatNameMayBeThereWithoutOurChains() {
        let outcome = scene(
            """
            nft add table ip mydocker-filter; nft add chain ip mydocker-filter theirs
            $m network create --firewall nftables --subnet 10.77.7.1/24 bd0 >/dev/null; echo $?
            nft list chain ip mydocker-filter FORWARD | grep -c 'hook forward'; $m system check && echo clean
            $m network rm bd0; nft list chain ip mydocker-filter theirs >/dev/null && echo kept
            """)
        #expect(outcome.lines == ["0", "1", "clean", "bd0", "kept"], "\(outcome.text)")
    }

    @Test func aTableThatIsDormantIsWoken() {
        let outcome = scene(
            """
            $m network create --firewall nftables --subnet 10.77.7.1/24 bd0 >/dev/null
            dormant() { nft list table ip mydocker-filter | grep -c dormant; }
            sleeping() { nft add table ip mydocker-filter '{ flags dormant; }'; dormant; }
            sleeping; $m network doctor | grep -c 'dormant'; $m system check | grep -c dormant
            $m network doctor --repair | grep -c 'dormant.*(repaired)'; dormant
            sleeping; $m network reload bd0; dormant; $m system check && echo clean
            """)
        #expect(outcome.lines == ["1", "1", "1", "1", "0", "1", "bd0", "0", "clean"], "\(outcome.text)")
    }

    /// The same questions to networks of each firewall, and with the kernel's bridges passing iptables or not.
    @Test(arguments: ["iptables", "nftables"], [0, 1]) func whatAPacketMeets(firewall: String, bridged: Int) {
        let outcome = scene(
            """
            echo \(bridged) >/proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null
            networks \(firewall)
            $m exec -d web sh -c 'for p in 9000 9002; do httpd -p $p -h /; done'
            yes far far $fetch 10.250.0.1/index.html
            yes loopback $fetch 127.0.0.1/index.html
            yes host $fetch 10.250.0.1/index.html
            yes gateway $fetch 10.77.7.1/index.html
            yes loopback-only $fetch 127.0.0.1:81/index.html
            yes far-loopback-only far $fetch 10.250.0.1:81/index.html
            yes range far $fetch 10.250.0.1:8002/index.html
            yes outside-range far $fetch 10.250.0.1:8003/index.html
            yes itself inside web wget -qO- http://10.250.0.1/
            yes neighbour-network inside other wget -qO- http://10.250.0.1/
            yes past-the-host pings other 10.77.7.2
            yes unpublished far $fetch 10.77.7.2/index.html
            yes out pings web 10.250.0.2
            yes within-out pings within 10.250.0.2
            yes within-in pings web 10.77.9.2
            yes within-gateway pings within 10.77.9.1
            yes within-published inside within wget -qO- http://10.77.9.1/
            nsenter -t $($m inspect -f '{{.State.Pid}}' web) -n python3 -c '
            import socket
            s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("", 53)); s.settimeout(5)
            bytes, peer = s.recvfrom(99); s.sendto(bytes + b" of " + peer[0].encode(), peer)' &
            until nsenter -t $($m inspect -f '{{.State.Pid}}' web) -n ss -lun | grep -q ':53 '; do sleep .05; done
            far python3 -c '
            import socket
            s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(3)
            s.sendto(b"datagram", ("10.250.0.1", 5300)); print(s.recv(99).decode())'
            echo \(firewall) $(nft list tables | grep -c mydocker-) $(iptables-legacy -t nat -S 2>/dev/null | grep -c 'j DNAT')
            $m system check && echo clean
            """)
        let isLegacy = firewall == "iptables"
        #expect(
            outcome.lines == [
                "far page", "loopback page", "host page", "gateway page", "loopback-only page", "far-loopback-only no",
                "range page", "outside-range no", "itself page", "neighbour-network page", "past-the-host no",
                "unpublished no", "out reached", "within-out no", "within-in no", "within-gateway reached",
                "within-published no", "datagram of 10.250.0.2", "\(firewall) \(isLegacy ? 0 : 2) \(isLegacy ? 4 : 0)",
                "clean",
            ], "\(outcome.text)")
    }

    /// A port is an element of a map, and a range that is moved one rule, with a map of its own.
    @Test func rulesComeAndGo() {
        let outcome = scene(
            """
            nft list ruleset >/run/before
            networks nftables
            nft list chain ip mydocker-nat MYDOCKER-DNAT | sed -n 's/ counter packets [0-9]* bytes [0-9]*//;s/"mydocker-.*/ID/;s/^\\t*//;/dnat/p'
            nft list table ip mydocker-nat | grep -o '[a-z]* \\. [^"]*comment "mydocker-[^"]*" : [0-9. ]*[0-9]' | sed 's/"mydocker-[^"]*"/ID/' | sort
            nft list table ip mydocker-nat | grep -c 'hook.*dstnat - 5'
            $m rm -f web >/dev/null; nft list table ip mydocker-nat | grep -c 'comment "mydocker-'
            nft add rule ip mydocker-filter MYDOCKER-USER ip saddr 192.0.2.1 drop
            $m rm -f other within >/dev/null; $m network rm bd0 bd1 bd2
            nft list tables; nft list chain ip mydocker-filter MYDOCKER-USER | grep -c 192.0.2.1
            nft flush chain ip mydocker-filter MYDOCKER-USER; $m network create --firewall nftables bd0 >/dev/null; $m network rm bd0
            nft list ruleset | diff - /run/before && echo as before
            """)
        #expect(
            outcome.lines == [
                "tcp dport 8000-8002 dnat to 10.77.7.2:tcp dport map { 8000 : 9000, 8001 : 9001, 8002 : 9002 } comment ID",
                "dnat ip to meta l4proto . ip daddr . th dport map @MYDOCKER-DNAT-daddr-dport",
                "dnat to meta l4proto . ip daddr . th dport map @MYDOCKER-DNAT-daddr-range",
                "dnat ip to meta l4proto . th dport map @MYDOCKER-DNAT-dport",
                "dnat to meta l4proto . th dport map @MYDOCKER-DNAT-range",
                "tcp . 127.0.0.1 . 81 comment ID : 10.77.7.2 . 80", "tcp . 80 comment ID : 10.77.7.2 . 80",
                "udp . 5300 comment ID : 10.77.7.2 . 53", "1", "0", "bd0", "bd1", "bd2",
                "table ip mydocker-filter", "1", "bd0", "as before",
            ], "\(outcome.text)")
    }

    /// However many ports there are, a new connection to this host asks four maps: a port is an element, and so is a range.
    @Test func portsOfManyContainers() {
        let outcome = scene(
            """
            $m network create --firewall nftables --subnet 10.77.7.1/24 bd0 >/dev/null
            $m network create --firewall nftables --subnet 10.77.8.1/24 bd1 >/dev/null
            $m run -d --name other --network bd1 -p 30000-30999:30000-30999 -p 127.0.0.1:81:30999 \
              sh -c 'echo ranged >/index.html; exec httpd -f -p 30999 -h /' >/dev/null
            nft add rule ip mydocker-nat MYDOCKER-DNAT counter comment '"theirs"'
            nft add element ip mydocker-nat MYDOCKER-DNAT-dport '{ tcp . 9 comment "theirs" : 192.0.2.1 . 9 }'
            rules() { nft -s list table ip mydocker-nat | tr ',{}' '\\n' | sed 's/^[[:space:]]*//' | sort; }
            rules >/run/before
            for c in 1 2 3; do
              $m run -d --name web$c --network bd0 $(seq -f '-p %g:80' $((20000 + c)) 10 $((20990 + c))) \
                sh -c "echo page$c >/index.html; exec httpd -f -h /" >/dev/null
            done
            nft list chain ip mydocker-nat MYDOCKER-DNAT | grep -c -e dnat; nft list chain ip mydocker-nat MYDOCKER-DNAT | grep -c dport.20
            count() { nft list map ip mydocker-nat MYDOCKER-DNAT-$1 | grep -o 'comment "mydocker-' | wc -l; }
            count dport; count range; count daddr-dport
            all() { for c in 1 2 3; do "$@"; done | sort | uniq -c | tr -s ' \\n' ' '; echo; }
            fetched() { $1 curl -s -m 4 "http://$2:[$((20000 + c))-$((20990 + c)):10]/index.html"; }
            all fetched far 10.250.0.1; all fetched '' 10.250.0.1; all fetched '' 127.0.0.1
            all fetched "nsenter -t $($m inspect -f '{{.State.Pid}}' other) -n" 10.250.0.1
            yes range far $fetch 10.250.0.1:30999/index.html; yes none far $fetch 10.250.0.1:20004/index.html
            yes loopback $fetch 127.0.0.1:81/index.html; yes beyond far $fetch 10.250.0.1:81/index.html
            $m rm -f web2 >/dev/null; count dport; $m rm -f web1 web3 >/dev/null
            rules | diff /run/before - && echo as before
            $m run --rm --network bd0 -p 20001:80 true; rules | diff /run/before - && echo as before
            $m system check && echo clean
            """)
        let pages = " 100 page1 100 page2 100 page3 "
        #expect(
            outcome.lines == [
                "4", "0", "300", "1", "1", pages, pages, pages, pages, "range ranged", "none no", "loopback ranged",
                "beyond no", "200", "as before", "as before", "clean",
            ], "\(outcome.text)")
    }

    /// Somebody else's elements for the same packets: a plan takes away what a run does.
    @Test func whatIsInTheWayIsPlannedToGo() {
        let outcome = scene(
            """
            $m network create --firewall nftables --subnet 10.77.7.1/24 bd0 >/dev/null
            theirs() {
              nft add element ip mydocker-nat MYDOCKER-DNAT-daddr-dport '{ tcp . 10.250.0.1 . 80 comment "theirs" : 192.0.2.1 . 9 }'
              nft add element ip mydocker-nat MYDOCKER-DNAT-dport '{ tcp . 81 comment "theirs" : 192.0.2.1 . 9 }'
            }
            left() { nft list table ip mydocker-nat | grep -o theirs | wc -l; }
            theirs; left; $m run --rm --network bd0 -p 80:80 -p 81:81 true; left
            theirs; $m run --dry-run --network bd0 -p 80:80 -p 81:81 true >/run/dry; left
            grep 'delete element' /run/dry; grep '^nft' /run/dry >/run/rules; sh -e /run/rules && echo done; left
            $m run --rm --network bd0 -p 80:80 -p 81:81 true; $m network rm bd0; nft list tables
            """)
        #expect(
            outcome.lines == [
                "2", "0", "2",
                "nft 'delete element ip mydocker-nat MYDOCKER-DNAT-daddr-dport { tcp . 10.250.0.1 . 80 }'",
                "nft 'delete element ip mydocker-nat MYDOCKER-DNAT-dport { tcp . 81 }'", "done", "0", "bd0",
            ], "\(outcome.text)")
    }

    @Test func whatSomebodyTakesAwayComesBack() {
        let outcome = scene(
            """
            networks nftables
            for flush in 'flush ruleset' 'flush chain ip mydocker-nat MYDOCKER-DNAT' 'delete table ip mydocker-filter' \
              'flush map ip mydocker-nat MYDOCKER-DNAT-dport' \
              'flush map ip mydocker-filter MYDOCKER-FORWARD-oifname' 'flush chain ip mydocker-nat MYDOCKER-POSTROUTING'; do
              nft $flush; $m system check >/run/said; echo $? $(wc -l </run/said | sed 's/^[1-9][0-9]*$/some/')
              $m network reload >/dev/null; $m system check && echo clean
              yes far far $fetch 10.250.0.1/index.html
            done
            nft flush ruleset; $m run --rm --network bd0 true; yes far far $fetch 10.250.0.1/index.html
            """)
        let round = ["3 some", "clean", "far page"]
        #expect(
            outcome.lines == [[String]](repeating: round, count: 6).flatMap { $0 } + ["far page"], "\(outcome.text)")
    }

    /// A bridge may have any name: chains of its own have one that nft reads.
    @Test func namesOfBridgesAndOfChains() {
        let outcome = scene(
            """
            $m network create --firewall nftables --subnet 10.77.7.1/24 -o com.docker.network.bridge.name=a+b,c odd >/dev/null
            $m run -d --name web --network odd -p 80:80 sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null
            yes far far $fetch 10.250.0.1/index.html; yes out pings web 10.250.0.2
            nft list ruleset >/run/rules; nft -c -f /run/rules && echo readable
            nft list map ip mydocker-filter MYDOCKER-FORWARD-oifname | grep -c '"a+b,c" : jump MYDOCKER-TO-/'
            $m network doctor && $m system check && echo clean
            $m rm -f web >/dev/null; $m network rm odd; nft list tables
            """)
        #expect(
            outcome.lines == ["far page", "out reached", "readable", "1", "clean", "odd"], "\(outcome.text)")
    }

    /// A port is one container's, whichever firewall sends it on; networks of both are kept apart.
    @Test func bothSideBySide() {
        let outcome = scene(
            """
            networks nftables
            $m network create --firewall iptables --subnet 10.77.10.1/24 old >/dev/null
            $m run -d --name legacy --network old -p 90:80 sh -c 'echo other >/index.html; exec httpd -f -h /' >/dev/null
            $m run --rm --network old -p 80:80 true; echo $?
            yes far far $fetch 10.250.0.1:90/index.html
            yes across pings other 10.77.10.2; yes back pings legacy 10.77.7.2
            yes published inside other wget -qO- http://10.250.0.1:90/; yes published inside legacy wget -qO- http://10.250.0.1/
            yes within pings within 10.77.10.2
            $m network connect bd0 legacy; yes both pings legacy 10.77.7.2
            kill -9 $(jq .supervisor /run/mydocker/containers/$($m inspect -f '{{.Id}}' web)/state.json)
            $m run --rm --network old -p 80:80 true && echo given up
            $m rm -f web other within legacy >/dev/null; $m network rm bd0 bd1 bd2 old >/dev/null
            nft list tables; iptables-legacy -t nat -S | grep -c MYDOCKER
            """)
        #expect(
            outcome.lines == [
                "mydocker: Bind for 0.0.0.0:80 failed: port is already allocated (by container \"web\")",
                "  publish another host port, or stop what uses this one", "125", "far other", "across no", "back no",
                "published other", "published page", "within no", "both reached", "given up", "0",
            ], "\(outcome.text)")
    }

    @Test func manyAtOnceAndKilled() {
        let outcome = scene(
            """
            $m network create --firewall nftables --subnet 10.77.7.1/24 bd0 >/dev/null
            for w in 1 2 3 4 5 6 7 8; do
              (for i in $(seq 8); do $m run --rm --network bd0 -p $((9000 + w)):80 true || echo failed; done) &
            done; wait
            for i in $(seq 30); do
              $m run --rm --network bd0 -p 9100:80 true & pid=$!
              sleep 0.00$((RANDOM % 9))$((RANDOM % 10)); kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
            done 2>/dev/null
            $m run --rm --network bd0 -p 9100:80 echo works
            sleep .5; nft list table ip mydocker-nat | grep -c 'comment "mydocker-'; $m system check && echo clean
            """)
        #expect(outcome.lines == ["works", "0", "clean"], "\(outcome.text)")
    }

    /// A policy that is not ours is told, and what would let the network pass.
    @Test func theLegacyPolicyDropsToo() {
        let outcome = scene(
            """
            iptables-legacy -P FORWARD DROP
            $m network create --firewall nftables --subnet 10.77.7.1/24 bd0 >/run/id
            iptables-legacy -I FORWARD -i bd0 -j ACCEPT; iptables-legacy -I FORWARD -o bd0 -j ACCEPT
            $m network reload bd0
            $m run -d --name web --network bd0 -p 80:80 sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null
            yes far far $fetch 10.250.0.1/index.html
            $m network inspect -f '{{index .Options "mydocker.firewall"}}' bd0
            $m network create --ignore --firewall none --subnet 10.77.7.1/24 bd0 | cmp - /run/id
            $m rm -f web >/dev/null
            $m run --record /run/again --rm --network bd0 true; $m network rm bd0 >/dev/null
            $m run --replay /run/again; nft list tables | grep -c mydocker; $m network rm bd0
            """)
        #expect(
            outcome.lines == [
                "mydocker: warning: the legacy iptables chain \"FORWARD\" drops what \"bd0\" exchanges with the outside; let it "
                    + "pass: iptables-legacy -A FORWARD -i bd0 -j ACCEPT; iptables-legacy -A FORWARD -o bd0 -j ACCEPT",
                "bd0", "far page", "nftables",
                "mydocker: warning: network \"bd0\" exists: its firewall is nftables, not none",
                "2", "bd0",
            ], "\(outcome.text)")
    }

    /// Each family has a policy of its own, and what lets it through.
    @Test func theLegacyPolicyOfIPv6DropsToo() {
        let outcome = scene(
            """
            chains() { grep -o 'the legacy [a-z0-9]* chain\\|let it pass: [a-z0-9]*' | sort -u | tr '\\n' ' '; echo .; }
            ip6tables-legacy -P FORWARD DROP
            $m network create --firewall nftables --ipv6 --subnet 10.77.7.1/24 --subnet fd00:77:7::/64 bd0 2>&1 | chains
            $m network doctor bd0 | grep -o 'the legacy [a-z0-9]* chain' | sort -u
            $m run --rm --network bd0 -p 0.0.0.0:80:80 true 2>&1 | chains
            $m run --rm --network bd0 -p '[::]:80:80' true 2>&1 | chains
            iptables-legacy -P FORWARD DROP; $m network reload bd0 2>&1 | chains
            ip6tables-legacy -P FORWARD ACCEPT
            $m network create --firewall nftables --ipv4=false --ipv6 --subnet fd00:77:8::/64 six 2>&1 | chains
            $m run --rm --network six -p '[::]:81:80' true 2>&1 | chains
            """)
        let six = "let it pass: ip6tables the legacy ip6tables chain ."
        #expect(
            outcome.lines == [
                six, "the legacy ip6tables chain", ".", six,
                "let it pass: ip6tables let it pass: iptables the legacy ip6tables chain the legacy iptables chain .",
                ".", ".",
            ], "\(outcome.text)")
    }

    /// Rules of the user's own are no left-over, and neither is the way to them.
    @Test(arguments: ["iptables", "nftables"]) func whatIsTheUsersIsNoLeftOver(firewall: String) {
        let outcome = scene(
            """
            $m network create --firewall \(firewall) --subnet 10.77.7.1/24 bd0 >/dev/null
            if [ \(firewall) = nftables ]; then nft add rule ip mydocker-filter MYDOCKER-USER ip saddr 192.0.2.1 drop
            else iptables-legacy -A MYDOCKER-USER -s 192.0.2.1 -j DROP; fi
            $m network rm bd0; $m system check && echo clean
            """)
        #expect(outcome.lines == ["bd0", "clean"], "\(outcome.text)")
    }

    /// No rules: what others let through passes, and nothing can be published.
    @Test func aNetworkWithoutAFirewall() {
        let outcome = scene(
            """
            $m network create --firewall none --subnet 10.77.7.1/24 bd0 >/dev/null
            $m run --rm --network bd0 -p 80:80 true; echo $?
            $m run -d --name plain --network bd0 sleep 1000 >/dev/null
            yes gateway pings plain 10.77.7.1
            nft list tables; iptables-legacy -t nat -S 2>/dev/null | grep -c MYDOCKER
            $m network create --firewall pf bd1; echo $?
            $m system check && echo clean; $m rm -f plain >/dev/null; $m network rm bd0
            """)
        #expect(
            outcome.lines == [
                "mydocker: publish port: the network has no firewall",
                "  give it one: mydocker network reload --firewall iptables NETWORK", "125", "gateway reached", "0",
                "invalid argument \"pf\" for \"--firewall\" flag: there are iptables, nftables and none",
                "Run 'mydocker network create --help' for more information", "125", "clean", "bd0",
            ], "\(outcome.text)")
    }

    /// The libraries of the legacy tables are loaded for these alone.
    @Test(arguments: ["libip4tc", "libip6tc"]) func withoutALibraryOfIPTables(library: String) {
        let outcome = scene(
            """
            unshare --mount bash -c '
              for file in $(ldconfig -p | sed -n "s/.*\(library).so.2 .*=> //p"); do mount --bind /dev/null $(realpath $file); done
              $MYDOCKER network create --firewall iptables --ipv6 --subnet 10.77.7.0/24 --subnet fd77::/64 bd0; echo $?
              $MYDOCKER network ls -q --filter type=custom
              $MYDOCKER network create --firewall nftables --ipv6 --subnet 10.77.7.0/24 --subnet fd77::/64 bd0 >/dev/null
              $MYDOCKER run --rm --network bd0 -p 80:80 echo ran
              if [ \(library) = libip4tc ]; then $MYDOCKER network create bd1 >/dev/null; nft list tables; $MYDOCKER network rm bd1; fi
              $MYDOCKER network rm bd0; $MYDOCKER system check && echo clean'
            """)
        let family = library == "libip4tc" ? "iptables" : "ip6tables"
        #expect(outcome.lines.first?.hasPrefix("mydocker: read \(family) table \"") == true, "\(outcome.text)")
        #expect(outcome.lines.first?.hasSuffix("\": there is no \(library).so.2") == true, "\(outcome.text)")
        let remedy =
            "  run: apt-get install \(library)2, or use --firewall nftables with network create or network reload"
        let chosen = library == "libip4tc" ? ["table ip mydocker-filter", "table ip mydocker-nat"] : []
        let lines = outcome.lines.dropFirst().filter { !$0.hasPrefix("table ip6") }
        #expect(
            lines == [remedy, "1", "ran"] + chosen + (chosen.isEmpty ? [] : ["bd1"]) + ["bd0", "clean"],
            "\(outcome.text)")
    }

    /// Rules stay on record as long as nobody can take them away, and networks on the other firewall go on.
    @Test func rulesThatCannotBeReadForAWhile() {
        let outcome = scene(
            """
            $m network create --firewall iptables --subnet 10.77.7.0/24 bd0 >/dev/null; $m run --rm --network bd0 true
            $m network create --firewall nftables --subnet 10.77.8.0/24 bd1 >/dev/null
            unshare --mount bash -c '
              for file in $(ldconfig -p | sed -n "s/.*libip4tc.so.2 .*=> //p"); do mount --bind /dev/null $(realpath $file); done
              $MYDOCKER run --rm --network bd1 echo ran 2>/run/said; echo $?; cut -c-44 /run/said
              $MYDOCKER run --rm --network bd0 true 2>/dev/null; echo $?
              for command in "network rm" "network reload --firewall nftables"; do
                $MYDOCKER $command bd0 2>/run/said; echo $?; head -n1 /run/said
              done
              $MYDOCKER network create --firewall iptables --dry-run bd2 2>/dev/null; echo $?
              $MYDOCKER network ls -q | grep -c .'
            $m network rm bd0 bd1; $m system check && echo clean
            """)
        let missing = "mydocker: read iptables table \"filter\": there is no libip4tc.so.2"
        #expect(
            outcome.lines == [
                "ran", "0", "mydocker: warning: read iptables table \"filt", "125", "1", missing, "1", missing, "1",
                "2",
                "bd0", "bd1", "clean",
            ], "\(outcome.text)")
    }
}
