import Testing

extension CLI {
    /// Networks of the Go programs of this name become ours.
    @Suite(.serialized) struct Adopt {
        /// What `network create` of each of the three has left, as they write it, and a bridge with duplicate rules.
        private static let scene = """
            exec 2>&1
            m=$MYDOCKER; d=/run/go/network; r() { ${tool-iptables-legacy} -t nat "$@" 2>/dev/null; }
            mkdir -p $d/network $d/ipam
            echo '{"Name":"one","IPRange":{"IP":"192.168.10.1","Mask":"////AA=="},"Driver":"bridge"}' >$d/network/one
            echo '{"Name":"two","IpRange":{"IP":"192.168.11.1","Mask":"////AA=="},"Driver":"bridge","GatewayIP":"192.168.11.1","Subnet":"192.168.11.1/24"}' >$d/network/two
            echo '{"192.168.10.0/24":"111000","192.168.11.0/24":"1000"}' >$d/ipam/subnet.json
            mkdir /run/go/test1; echo '{"pid":"","id":"21765","name":"test1","command":"sh","status":"stopped","portMapping":null}' >/run/go/test1/config.json
            ip link add one type bridge; ip address add 192.168.10.1/24 broadcast 192.168.10.255 dev one; ip link set one up
            for i in 1 2 3; do r -A POSTROUTING -s 192.168.10.0/24 ! -o one -j MASQUERADE; done
            r -A PREROUTING -p tcp -m tcp --dport 90 -j DNAT --to-destination 192.168.10.8:90
            r -A PREROUTING -p tcp -m tcp --dport 91 -j DNAT --to-destination 10.9.9.9:91
            adopt() { $m network doctor --adopt ${1-$d}; echo $?; }

            """

        func elsewhere(tool: String = "iptables-legacy", _ script: String) -> Outcome {
            Host.elsewhere("tool=\(tool)\n" + Self.scene + script)
        }
    }
}

extension CLI.Adopt {
    /// Whichever `iptables` these programs have called.
    @Test(arguments: ["iptables-legacy", "iptables-nft"]) func networksBecomeOurs(tool: String) {
        let outcome = elsewhere(
            tool: tool,
            """
            adopt
            $m network ls --filter type=custom --format '{{.Name}}' | sort; ip -j link show one | jq -r '.[].ifalias' | cut -d: -f1
            r -S POSTROUTING | grep -c 'MASQUERADE'; r -S PREROUTING | grep -c '[1]92.168.10.8'; iptables-legacy -t nat -S MYDOCKER-POSTROUTING | grep -c MASQUERADE
            $m run --rm --network one -p 90:80 true && echo runs
            $m network doctor; $m system check && echo clean
            adopt | cut -d: -f2
            $m network rm one two; ip link show one >/dev/null 2>&1 || echo gone
            r -S PREROUTING | grep -c 10.9.9.9; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "one 192.168.10.1/24: adopted, 4 rules removed, 2 addresses freed",
                "two 192.168.11.1/24: adopted, 0 rules removed, 0 addresses freed", "0", "one", "two", "mydocker", "0",
                "0",
                "2", "runs", "clean", " was adopted before, 0 rules removed, 0 addresses freed",
                " was adopted before, 0 rules removed, 0 addresses freed", "0", "one", "two", "gone", "1", "clean",
            ], "\(outcome.text)")
    }

    /// Rules that are like theirs but for one thing are somebody else's.
    @Test(arguments: ["iptables-legacy", "iptables-nft"]) func rulesOfOthersStay(tool: String) {
        let outcome = elsewhere(
            tool: tool,
            """
            r -F; p='-A POSTROUTING -s 192.168.10.0/24'; d='-j DNAT --to-destination 192.168.10.8:90'
            r $p ! -o one -j MASQUERADE --random; r $p ! -o one -m comment --comment mine -j MASQUERADE
            r $p ! -o one -p tcp -j MASQUERADE; r $p -o one -j MASQUERADE; r $p ! -o on+ -j MASQUERADE; r $p -j MASQUERADE
            r -A POSTROUTING -s 192.168.10.0/25 ! -o one -j MASQUERADE; r $p ! -o one -j RETURN
            r -A PREROUTING -i eth5 -p tcp -m tcp --dport 90 $d; r -A PREROUTING -p tcp -m tcp --sport 7 --dport 90 $d
            r -A PREROUTING -d 10.1.1.1/32 -p tcp -m tcp --dport 90 $d; r -A PREROUTING -p tcp $d
            r -A PREROUTING -p tcp -m tcp --dport 90 $d --random; r -A PREROUTING -m mark --mark 1 -p tcp -m tcp --dport 90 $d
            r -S | grep '^-A' >/run/before; wc -l </run/before
            $m network doctor --adopt /run/go/network; r -S | grep -v MYDOCKER | grep '^-A' | diff /run/before - && echo untouched
            $m network rm one two; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "14", "one 192.168.10.1/24: adopted, 0 rules removed, 2 addresses freed",
                "two 192.168.11.1/24: adopted, 0 rules removed, 0 addresses freed", "untouched", "one", "two", "clean",
            ], "\(outcome.text)")
    }

    @Test func nothingIsChangedWhenOneCannotBe() {
        let outcome = elsewhere(
            """
            try() { adopt "$@"; r -S | diff /run/rules - && ip -j link show one | jq -r '.[].ifalias'; }
            r -S >/run/rules
            try /nosuch
            echo '{' >$d/network/bad; try; rm $d/network/bad
            echo '{"Name":"bad","IPRange":{"IP":"192.168.12.1","Mask":"//8A/w=="}}' >$d/network/bad; try; rm $d/network/bad
            echo '{"192.168.10.0/24":"12"}' >$d/ipam/subnet.json; try; echo '{}' >$d/ipam/subnet.json
            echo 7 >/run/go/test1/config.json; try; rm /run/go/test1/config.json
            echo '{"Name":"out","IPRange":{"IP":"192.168.10.129","Mask":"////gA=="}}' >$d/network/out; try; rm $d/network/out
            ip link add v0 type veth peer name v1; ip link set v0 master one; try; ip link del v0
            ip link set one alias theirs; adopt; ip link set one alias ''
            $m network doctor --adopt --repair $d; echo $?
            $m network doctor --adopt /run/go; echo $?
            $m network ls -q --filter type=custom | wc -l
            """)
        let refusals = [
            #"read networks "/nosuch": there is no directory "network" in it"#,
            #"read "/run/go/network/network/bad": it is no JSON: expected a member name at byte 2"#,
            #"read "/run/go/network/network/bad": it has no IPRange with IP and Mask"#,
            #"read "/run/go/network/ipam/subnet.json": "192.168.10.0/24" is no subnet with a line of 0 and 1"#,
            #"read "/run/go/test1/config.json": it has no pid and name"#,
        ]
        #expect(
            outcome.lines == refusals.flatMap { ["mydocker: \($0)", "1", "null"] } + [
                "mydocker: invalid pool request: Pool overlaps with other one on this address space",
                "  192.168.10.128/25 of network \"out\" overlaps network \"one\", 192.168.10.0/24", "1", "null",
                "mydocker: adopt network \"one\": containers are on it: v0",
                "  end them first, by the program that has made them", "1", "null",
                "mydocker: create bridge \"one\": an interface of that name exists and is not mydocker's",
                "  give the network another name", "1",
                "mydocker: --adopt goes with one directory at most, and without --repair", "125",
                #"mydocker: read networks "/run/go": they are one directory further down"#, "  name /run/go/network",
                "1",
                "0",
            ], "\(outcome.text)")
    }
}
