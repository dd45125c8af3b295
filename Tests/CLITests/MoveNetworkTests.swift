import Testing

/// Networks whose rules go to another firewall (`network reload --firewall`).
extension CLI.NFTables {
    /// What is published of either family, names and the other network go on, nothing is refused meanwhile, nothing is left where
    /// the rules were, and what is made later is where they are now.
    @Test(arguments: [("iptables", "nftables"), ("nftables", "iptables")])
    func networksInUseMoveOver(from: String, to: String) {
        let outcome = scene(
            """
            ip addr add fd00:250::1/64 dev out0 nodad; ip -n far addr add fd00:250::2/64 dev out1 nodad
            ip -n far route add default via fd00:250::1
            saved() {
              { iptables-legacy-save; ip6tables-legacy-save; nft list ruleset; } 2>/dev/null | grep -i mydocker |
                sed 's/ packets [0-9]* bytes [0-9]*//;s/\\[[0-9:]*\\]//'
            }
            $m network create --firewall \(from) --subnet 10.77.6.0/24 stays >/dev/null; saved >/run/before
            $m network create --firewall \(from) --subnet 10.77.7.0/24 --subnet fd00:77:7::/64 moves >/dev/null
            $m network create --firewall \(from) --subnet 10.77.8.0/24 second >/dev/null
            $m run -d --name web --network moves -p 80:80 -p 8000-8001:9000-9001 \\
              sh -c 'echo page >/index.html; httpd -p 9001 -h /; exec httpd -f -h /' >/dev/null
            $m network connect second web; $m run -d --name other --network second sleep 1000 >/dev/null
            all() {
              yes far far $fetch 10.250.0.1/index.html; yes far6 far $fetch -g '[fd00:250::1]/index.html'
              yes range far $fetch 10.250.0.1:8001/index.html; yes loopback $fetch 127.0.0.1/index.html
              yes loopback6 $fetch -g '[::1]/index.html'; yes name inside other wget -qO- http://web/
              yes itself inside web wget -qO- http://10.250.0.1/; yes out pings other 10.250.0.2
            }
            all >/run/all
            while [ ! -e /run/moved ]; do far $fetch 10.250.0.1/index.html >/dev/null || echo refused; done & asking=$!
            $m network reload --firewall \(to) moves second; echo $?; touch /run/moved; wait $asking
            $m network inspect moves second -f '{{index .Options "mydocker.firewall"}}'
            case \(from) in
              iptables) { iptables-legacy-save; ip6tables-legacy-save; } | grep -c -e moves -e second -e mydocker-;;
              *) nft list ruleset | grep -c -e moves -e second -e 10.77.7.2;;
            esac
            all | diff /run/all - && echo as before; wc -l </run/all; grep -c ' no$' /run/all
            $m system check && echo clean
            $m restart -t 0 web >/dev/null; until far $fetch 10.250.0.1/index.html; do sleep .05; done
            $m network disconnect moves web; yes disconnected $fetch 10.250.0.1/index.html; $m system check && echo clean
            $m network reload --firewall \(from) second; yes back far $fetch 10.250.0.1/index.html
            $m network reload --firewall \(to) second; $m rm -f web other >/dev/null
            $m system check && echo clean; $m network rm moves second; saved | diff /run/before - && echo nothing left
            """)
        #expect(
            outcome.lines == [
                "moves", "second", "0", to, to, "0", "as before", "8", "0", "clean", "page", "disconnected page",
                "clean",
                "second", "back page", "second", "clean", "moves", "second", "nothing left",
            ], "\(outcome.text)")
    }

    /// What was moved is put back where it is now, and nothing where it was: after a flush, by the next run and by `reload`.
    @Test(arguments: [("iptables", "nftables"), ("nftables", "iptables")])
    func whatWasMovedIsRestoredWhereItIs(from: String, to: String) {
        let outcome = scene(
            """
            for n in 7 8; do $m network create --firewall \(from) --subnet 10.77.$n.0/24 net$n >/dev/null; done
            for n in 7 8; do
              $m run -d --name web$n --network net$n -p 8$n:80 sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null
            done
            # Its state says still who had its rules when they were made.
            $m network reload --firewall \(to) net7
            flush() { { iptables-legacy -F; iptables-legacy -t nat -F; nft flush ruleset; } 2>/dev/null; }
            places() { for n in 7 8; do echo net$n $(iptables-legacy-save 2>/dev/null | grep -c -e net$n -e 10.77.$n.2) $(nft list ruleset | grep -c -e net$n -e 10.77.$n.2); done; }
            places >/run/before; awk '{print $1, ($2 > 0), ($3 > 0)}' /run/before
            for how in 'network reload' 'run --rm --network net8 true'; do
              flush; yes flushed far $fetch -m 0.3 10.250.0.1:87/index.html; $m $how | tr '\n' ' '; echo
              places | diff /run/before - && echo as before
              for n in 7 8; do yes page far $fetch 10.250.0.1:8$n/index.html; done; $m system check && echo clean
            done
            $m rm -f web7 web8 >/dev/null; $m network rm net7 net8; $m system check && echo clean
            """)
        let moved = to == "iptables" ? ["net7 1 0", "net8 0 1"] : ["net7 0 1", "net8 1 0"]
        let restored = ["as before", "page page", "page page", "clean"]
        #expect(
            outcome.lines == ["net7"] + moved + ["flushed no", "net7 net8 "] + restored + ["flushed no"] + restored
                + ["net7", "net8", "clean"], "\(outcome.text)")
    }

    /// A reboot in the middle of a move leaves nothing but the definition, which still names both.
    @Test func aRepairEndsEveryMove() {
        let outcome = scene(
            """
            $m network create --firewall nftables --subnet 10.77.7.0/24 moves >/dev/null
            sed -i 's/^{/{"formerFirewall":"iptables",/' /var/lib/mydocker/networks/*.json
            ip link delete moves; nft flush ruleset
            $m system check | grep -c 'network "moves": its move from iptables to nftables has not come to its end'
            $m system check --repair >/dev/null; $m system check && echo clean
            cat /var/lib/mydocker/networks/*.json | grep -c formerFirewall; $m network inspect moves -f '{{index .Options "mydocker.firewall"}}'
            """)
        #expect(outcome.lines == ["1", "clean", "0", "nftables"], "\(outcome.text)")
    }

    /// Rules of the user's own stay where they are, which is told once; and networks that have no firewall are in nobody's way.
    @Test(arguments: [("iptables", "nftables"), ("nftables", "iptables")])
    func rulesOfTheUserStay(from: String, to: String) {
        let outcome = scene(
            """
            for n in 7 8; do $m network create --firewall \(from) --subnet 10.77.$n.0/24 net$n >/dev/null; done
            $m network create -d macvlan -o parent=out0 --subnet 10.77.9.0/24 beside >/dev/null
            case \(from) in
              iptables) iptables-legacy -A MYDOCKER-USER -i wg0 -j ACCEPT;;
              nftables) nft add rule ip mydocker-filter MYDOCKER-USER iifname wg0 accept;;
            esac
            $m network reload --firewall \(to) | sort; echo ${PIPESTATUS[0]}
            { iptables-legacy -S MYDOCKER-USER; nft list chain ip mydocker-filter MYDOCKER-USER; } 2>/dev/null | grep -c wg0
            $m network reload --firewall \(to) | sort; echo ${PIPESTATUS[0]}
            """)
        let all = ["beside", "net7", "net8", "0"]
        #expect(
            outcome.lines == [
                "mydocker: warning: the rules in MYDOCKER-USER of \(from) do not move: what they let in is for "
                    + "\(to) to decide now; enter them in its MYDOCKER-USER, too"
            ] + all + ["1"] + all, "\(outcome.text)")
    }

    /// One that cannot be moved stays as it is.
    @Test func whatCannotBeMovedStays() {
        let outcome = scene(
            """
            $m network create --firewall iptables --subnet 10.77.7.0/24 moves >/dev/null
            $m network create --firewall iptables --subnet 10.77.8.0/24 -o com.docker.network.bridge.enable_icc=false apart >/dev/null
            $m network create --firewall iptables --subnet 10.77.6.0/24 --internal inner >/dev/null
            $m network create -d macvlan -o parent=out0 --subnet 10.77.9.0/24 beside >/dev/null
            $m run -d --name web --network moves -p 80:80 sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null
            for name in moves apart inner nosuch; do $m network reload --firewall none $name; echo $?; done
            $m network reload --firewall nftables beside; echo $?
            $m network reload --firewall ipset; echo $?
            $m network inspect moves -f '{{index .Options "mydocker.firewall"}}'; yes far far $fetch 10.250.0.1/index.html
            $m rm -f web >/dev/null; $m network reload --firewall none moves; iptables-legacy-save | grep -c moves
            $m run --rm --network moves -p 80:80 true; echo $?; $m system check && echo clean
            """)
        let id = outcome.lines.first { $0.contains("publishes ports") }?.split(separator: " ").dropFirst(4).first ?? ""
        #expect(
            outcome.lines == [
                "mydocker: network moves: container \(id) publishes ports, and without a firewall there are none",
                "  stop or remove that container first", "1",
                "mydocker: network apart: members of a network are kept apart by its firewall, and it would have none",
                "1",
                "mydocker: network inner: members of an internal network are kept in by its firewall, and it would have none",
                "1",
                "mydocker: network nosuch not found", "1",
                "mydocker: network beside is beside this host and has no firewall", "1",
                "invalid argument \"ipset\" for \"--firewall\" flag: there are iptables, nftables and none",
                "Run 'mydocker network reload --help' for more information", "125", "iptables", "far page", "moves",
                "0",
                "mydocker: publish port: the network has no firewall",
                "  give it one: mydocker network reload --firewall iptables NETWORK", "125", "clean",
            ], "\(outcome.text)")
    }
}
