import Testing

/// Rules of nftables are not ours to change, but whoever makes a network is told what they do to it, and what helps.
extension CLI {
    @Suite struct ForwardPolicies {
        private static let script = """
            m=$MYDOCKER
            ip netns add far; ip link add out0 type veth peer name out1 netns far
            ip addr add 10.250.0.1/24 dev out0; ip link set out0 up
            ip -n far addr add 10.250.0.2/24 dev out1; ip -n far link set out1 up
            $m network create --subnet 10.77.6.1/24 fine >/dev/null
            eval "$POLICY"
            $m network create --subnet 10.77.7.1/24 fp0 >/dev/null 2>/run/warning
            $m network create --internal --subnet 10.77.8.1/24 within 2>&1 >/dev/null | grep -c 'drops what members of "within" exchange'
            cat /run/warning
            said() { cmp /run/said /run/warning && echo "$1 says so"; }
            $m run -d --name web -net fp0 -p 80:80 sh -c 'echo page >/index.html; exec httpd -f -h /' 2>/run/said >/dev/null; said run
            { $m kill web; $m wait web; } >/dev/null; $m start web 2>/run/said >/dev/null; said start
            $m run -d --name late -net within -p 81:80 sleep 1000 >/dev/null 2>&1
            $m network connect fp0 late 2>/run/said; said connect; $m rm -f late >/dev/null
            $m run --rm -net fp0 -p 127.0.0.1:81:80 true; $m run --rm -net fp0 true
            try() {
              $m exec web ping -c 1 -W 1 10.250.0.2 >/dev/null && echo out
              ip netns exec far curl -s -m 1 10.250.0.1/index.html
            }
            try
            echo now
            sh -c "$(sed 's/.*let it pass: //' /run/warning)" || echo no help
            try; $m run --rm -net fp0 -p 81:80 true
            $m rm -f web >/dev/null; $m network rm fp0 >/dev/null
            $m network create --subnet 10.77.7.1/24 fp0 2>&1 >/dev/null
            """

        @Test(arguments: [
            ("ip filter FORWARD", "iptables-nft -P FORWARD DROP", "iptables-nft -I FORWARD -i fp0 -j ACCEPT"),
            (
                "inet wall passing",
                "nft 'table inet wall { chain passing { type filter hook forward priority 0; policy drop; }; }'",
                "nft insert rule inet wall passing iifname fp0 accept"
            ),
        ])
        func aDroppingChainIsNamedWithWhatHelps(chain: String, policy: String, remedy: String) {
            let outcome = Host.elsewhere("POLICY=$(cat <<'END'\n\(policy)\nEND\n)\n" + Self.script)
            let lines = outcome.lines
            let warning =
                "mydocker: warning: the nftables chain \"\(chain)\" drops what \"fp0\" exchanges with the outside"
            #expect(
                lines.count > 1 && lines[0] == "1" && lines[1].hasPrefix("\(warning); let it pass: \(remedy); "),
                "\(outcome.text)")
            // Nothing passes before, and all after; and where rules are, or no port is published, nothing is said.
            let says = ["run says so", "start says so", "connect says so"]
            #expect(Array(lines.dropFirst(2)) == says + ["now", "out", "page"], "\(outcome.text)\(outcome.error)")
            #expect(outcome.error == "")
        }

        /// What others have is read once, however many networks there are.
        @Test func rulesOfOthersAreReadOnce() {
            let outcome = Host.elsewhere(
                """
                m=$MYDOCKER
                nft 'table inet wall { chain passing { type filter hook forward priority 0; policy drop; counter; }; }'
                read() { grep -A2 '^> NFT_MSG_GETRULE' /run/said | grep -c 'NFTA_RULE_TABLE "wall"'; }
                doctor() { $m --trace network doctor 2>/run/said | grep -c 'the nftables chain "inet wall passing"'; read; }
                create() { $m network create --subnet 10.77.$1.0/24 fp$1 >/dev/null 2>&1; }
                create 1; doctor; for n in 2 3 4 5 6; do create $n; done; doctor
                $m network rm fp1 fp2 fp3 fp4 fp5 fp6 >/dev/null
                """)
            // Once to see whether they are about a network, and once to follow packets.
            #expect(outcome.lines == ["1", "2", "6", "2"], "\(outcome.text)\(outcome.error)")
        }

        /// Nor do networks that are kept apart in the legacy tables meet by what helps; where somebody lets them, it is found.
        @Test(arguments: [("true", "-A FORWARD"), ("iptables-legacy -A FORWARD -j DROP", "-I FORWARD 5")])
        func whatHelpsKeepsNetworksApart(last: String, place: String) {
            let outcome = Host.elsewhere(
                """
                m=$MYDOCKER
                ip netns add far; ip link add out0 type veth peer name out1 netns far
                ip addr add 10.250.0.1/24 dev out0; ip link set out0 up
                ip -n far addr add 10.250.0.2/24 dev out1; ip -n far link set out1 up
                iptables-legacy -P FORWARD DROP
                $m network create --firewall iptables --internal --subnet 10.77.8.1/24 sec >/dev/null; \(last)
                $m network create --firewall nftables --subnet 10.77.7.1/24 nn 2>/run/warning >/dev/null
                $m run -d --name within --net sec sleep 1000 >/dev/null
                help=$(sed 's/.*let it pass: //' /run/warning); echo "$help"; sh -c "$help"
                try() { $m run --rm --net nn ping -q -c 1 -W 1 $1 | grep -c ' 1 packets received'; }
                try 10.250.0.2; try 10.77.8.2
                $m network doctor sec; echo $?
                iptables-legacy -I FORWARD -i nn -j ACCEPT; $m network doctor sec | grep -c 'the rule iptables-legacy filter FORWARD: '
                iptables-legacy -D FORWARD -i nn -j ACCEPT; $m network doctor sec; echo $?
                """)
            let help = ["-i nn", "-o nn"].map { "iptables-legacy \(place) \($0) -j ACCEPT" }
            #expect(
                outcome.lines == [help.joined(separator: "; "), "1", "0", "0", "1", "0"],
                "\(outcome.text)\(outcome.error)")
        }

        /// What comes for a published port goes another way than what a container sends.
        @Test(arguments: [
            ("iifname fp0 accept; ct state established,related accept", "1 "),
            ("ct state established,related accept; ct status dnat accept", "0 page"),
        ])
        func whatComesForPortsIsAskedAbout(rules: String, told: String) {
            let outcome = Host.elsewhere(
                """
                m=$MYDOCKER
                ip netns add far; ip link add out0 type veth peer name out1 netns far
                ip addr add 10.250.0.1/24 dev out0; ip link set out0 up
                ip -n far addr add 10.250.0.2/24 dev out1; ip -n far link set out1 up
                $m network create --subnet 10.77.7.1/24 fp0 >/dev/null
                nft 'table inet wall { chain passing { type filter hook forward priority 0; policy drop; \(rules); }; }'
                $m run -d --name web -net fp0 -p 80:80 sh -c 'echo page >/index.html; exec httpd -f -h /' 2>/run/said >/dev/null
                for i in 1 2 3; do
                  page=$(ip netns exec far curl -s -m 1 10.250.0.1/index.html) && break; sleep .3
                done
                echo "$(grep -c 'chain "inet wall passing" drops what "fp0" exchanges with the outside' /run/said) $page"
                $m rm -f web >/dev/null; $m network rm fp0
                """)
            #expect(outcome.lines == [told, "fp0"], "\(outcome.text)\(outcome.error)")
        }
    }
}
