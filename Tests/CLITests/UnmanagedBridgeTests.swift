import Testing

/// Networks on a bridge that is somebody else's (`-o mode=unmanaged`).
extension CLI.NetworkOptions {
    private static let bridge = """
        ip link add br9 address 02:00:00:00:00:99 type bridge; ip addr add 10.88.0.1/24 dev br9; ip link set br9 up
        ip netns add lan; ip link add v9 type veth peer name w9 netns lan; ip link set v9 master br9 up
        ip -n lan addr add 10.88.0.77/24 dev w9; ip -n lan link set w9 up
        create="$m network create -o mode=unmanaged --subnet 10.88.0.0/24"
        of_the_host() { ip -o addr show br9; ip -o link | awk '{print $2}' | cut -d@ -f1; cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/br9/route_localnet; }

        """

    @Test func membersOfABridgeOfOthers() {
        let outcome = scene(
            Self.bridge + """
                of_the_host >/run/before
                $create -o name=br9 --aux-address router=10.88.0.77 theirs >/dev/null; of_the_host | diff /run/before - && echo untouched
                $m run -d --name one --net theirs -p 80:80 sleep 1000 | grep -v '^[0-9a-f]*$'
                $m run -d --name two --net theirs sleep 1000 >/dev/null; address one two
                yes neighbour pings one 10.88.0.3; yes host pings one 10.88.0.1; yes lan pings one 10.88.0.77; yes name pings two one
                inside one ip route | sed -n 's/ *$//;/default/p'
                $m network inspect theirs -f '{{.Driver}} {{json .Options}}'
                iptables-legacy -S | grep -c MYDOCKER; nft list tables 2>/dev/null | grep -c mydocker
                tc filter show dev $($m inspect -f '{{.Id}}' one | cut -c1-5) ingress | grep -q bpf && echo guarded
                $m run --dry-run --name three --net theirs true >/run/dry; echo $? $(grep -c 'master br9' /run/dry)
                $m run -d --name three --net theirs sleep 1000 >/dev/null; $m network explain theirs three | sed 's/[0-9a-f]\\{5\\} /LINK /' >/run/told
                sed 's/[0-9a-f]\\{5\\} /LINK /' /run/dry | diff - /run/told >/dev/null && echo told before
                $m system check && echo clean
                $m restart -t 0 one >/dev/null; yes restarted pings one 10.88.0.77
                $m network disconnect theirs two; inside two ip -o link | grep -c eth0
                $m rm -f one two three >/dev/null; $m network rm theirs
                for n in $(seq 100); do of_the_host | cmp -s /run/before && break; sleep .05; done; of_the_host | diff /run/before - && echo untouched
                $m system check && echo clean
                """)
        #expect(
            outcome.lines == [
                "untouched",
                "mydocker: warning: network theirs is beside this host: no port of it leads there, and -p publishes nothing",
                "10.88.0.2 ", "10.88.0.3 ", "neighbour reached", "host reached", "lan reached", "name reached",
                "default via 10.88.0.1 dev eth0",
                #"bridge {"com.docker.network.bridge.name":"br9","mode":"unmanaged"}"#, "0", "0", "guarded", "0 1",
                "told before",
                "clean", "restarted reached", "0", "theirs", "untouched", "clean",
            ], "\(outcome.text)")
    }

    /// Without a subnet that is named it is the bridge's own, with the bridge as gateway.
    @Test func theSubnetOfABridgeOfOthers() {
        let outcome = scene(
            Self.bridge + """
                theirs="$m network create -o mode=unmanaged -o name=br9"; config() { $m network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{end}}' one; }
                $theirs --ipv6 one; echo $?; $m network create -o mode=unmanaged -o name=nope one 2>&1 | head -1
                $theirs one >/dev/null; config; $m run -d --name box --net one sleep 1000 >/dev/null; address box; yes lan pings box 10.88.0.77
                $m rm -f box >/dev/null; $m network rm one; ip addr add 10.88.0.9/32 dev br9; ip addr add fd00:88::1/64 dev br9 nodad
                $theirs --ipv6 --gateway 10.88.0.77 one >/dev/null; config; $m network rm one
                ip -4 addr flush dev br9; $theirs one; echo $?; $m network ls -q --filter type=custom | wc -l; $m system check && echo clean
                """)
        func none(_ family: String) -> [String] {
            ["mydocker: bridge \"br9\": it has no subnet of \(family)", "  name one by --subnet", "1"]
        }
        #expect(
            outcome.lines == none("IPv6") + [
                "mydocker: bridge \"nope\": this host has none of that name", "10.88.0.0/24 10.88.0.1 ", "10.88.0.2 ",
                "lan reached", "one", "10.88.0.0/24 10.88.0.77 fd00:88::/64 fd00:88::1 ", "one",
            ] + none("IPv4") + ["0", "clean"], "\(outcome.text)")
    }

    /// Links that somebody has taken off the bridge, addresses of other programs on it, and a bridge that is gone and comes again.
    @Test func bridgesOfOthersThatChange() {
        let outcome = scene(
            Self.bridge + #"""
                ip addr add 10.88.0.2/24 dev br9; ip addr add 10.89.0.5/24 dev br9; ip addr add 10.88.0.4/32 dev br9
                $create -o name=br9 --aux-address mine=10.88.0.4 theirs >/dev/null
                $m network inspect theirs -f '{{json (index .IPAM.Config 0).AuxiliaryAddresses}}'
                $m run -d --name one --net theirs sleep 1000 >/dev/null; $m run -d --name two --net theirs sleep 1000 >/dev/null; address one two
                $m run --rm --net theirs --ip 10.88.0.2 true
                link=$($m inspect -f '{{.Id}}' one | cut -c1-5); other=$($m inspect -f '{{.Id}}' two | cut -c1-5)
                ip link set $link nomaster; yes off pings one 10.88.0.77; $m system check | sed 's/[0-9a-f]\{5,12\}/ID/g' | grep 'should be on'; tc qdisc del dev $other ingress; $m system check | grep -c 'lets in more'
                $m network reload theirs; yes back pings one 10.88.0.77; $m system check && echo clean
                ip link set $link nomaster; $m system check --repair >/dev/null; yes repaired pings one 10.88.0.77; $m system check && echo clean
                ip link delete br9; $m system check; echo $?; $m network doctor | grep -c 'br9.*is not there'; $m system check --repair >/dev/null; echo $?
                ip link add br9 type bridge; ip addr add 10.88.0.1/24 dev br9; ip link set br9 up
                $m network reload theirs; yes made-again pings one 10.88.0.1; yes neighbour pings one $(address two); $m system check && echo clean
                $m rm -f one two >/dev/null; ip link delete br9; $m network rm theirs; $m system check && echo clean
                """#)
        #expect(
            outcome.lines == [
                #"{"br9-10.88.0.2":"10.88.0.2","mine":"10.88.0.4"}"#, "10.88.0.3 ", "10.88.0.5 ",
                #"mydocker: Address already in use "10.88.0.2": held by "br9-10.88.0.2", an --aux-address of the network"#,
                "off no", "veth ID: it should be on bridge br9 for container ID", "1", "theirs", "back reached",
                "clean",
                "repaired reached", "clean",
                "bridge br9: it is somebody else's, and is not there; network \"theirs\" is on it (make it again, and then: "
                    + "mydocker network reload theirs)", "3", "1", "3", "theirs", "made-again reached",
                "neighbour reached", "clean", "theirs", "clean",
            ], "\(outcome.text)")
    }

    /// Addresses that the bridge gets after the network was made are nobody else's, for as long as it has them.
    @Test func addressesThatABridgeGetsLater() {
        let outcome = scene(
            Self.bridge + #"""
                ip addr add fd00:88::1/64 dev br9 nodad
                $create --ipv6 --subnet fd00:88::/64 -o name=br9 theirs >/dev/null
                ip addr add 10.88.0.2/24 dev br9; ip addr add fd00:88::3/64 dev br9 nodad; ip addr add fd00:88::7:7:7:7/64 dev br9 nodad; ip addr add 10.99.9.9/24 dev br9
                planned() { $m run --dry-run --name box --net theirs "$@" true | grep -o '10.88.0.[0-9]*/24' | head -1; }
                planned; $m run -d --name one --net theirs sleep 1000 >/dev/null; address one
                for flags in '--ip 10.88.0.2' '--ip 10.88.0.3' '--ip6 fd00:88::3' '--ip6 fd00:88::7:7:7:7' '--ip 10.88.0.1'; do
                  $m run --rm --net theirs $flags true; echo $?; $m run --dry-run --net theirs $flags true >/dev/null; echo $?
                done
                ip addr del 10.88.0.2/24 dev br9; $m run --rm --net theirs --ip 10.88.0.2 hostname -i | cut -d' ' -f1
                planned; $m run -d --name two --net theirs sleep 1000 >/dev/null; address two
                $m system check && echo clean; $m rm -f one two >/dev/null; $m network rm theirs; $m system check && echo clean
                """#)
        func refused(_ address: String, _ holder: String) -> [String] {
            let line = #"mydocker: Address already in use "\#(address)": held by \#(holder)"#
            return [line, "125", line, "125"]
        }
        let bridge = #"bridge "br9""#
        #expect(
            outcome.lines == ["10.88.0.4/24", "10.88.0.4 "] + refused("10.88.0.2", bridge)
                + refused("10.88.0.3", bridge) + refused("fd00:88::3", bridge)
                + refused("fd00:88::7:7:7:7", bridge) + refused("10.88.0.1", "the network's gateway") + [
                    "10.88.0.2", "10.88.0.5/24", "10.88.0.5 ", "clean", "theirs", "clean",
                ], "\(outcome.text)")
    }

    /// A bridge that is gone, or that the link was taken off: whoever leaves the network has no interface there, and no address, any more.
    @Test func whoLeavesABridgeThatChanges() {
        let outcome = scene(
            Self.bridge + """
                $create -o name=br9 theirs >/dev/null; $m run -d --name one --net theirs sleep 1000 >/dev/null
                links() { inside one ip -o link | grep -c eth0; }
                links; ip link delete br9; $m network disconnect theirs one; echo $?; links
                ip link add br9 type bridge; ip addr add 10.88.0.1/24 dev br9; ip link set br9 up
                $m network connect theirs one; links; yes again pings one 10.88.0.1; ip link set $(ls /sys/class/net/br9/brif) nomaster
                $m network disconnect theirs one; echo $?; links; ls /sys/class/net/br9/brif | wc -l; $m rm -f one >/dev/null
                $m run -d --name two --net theirs sleep 1000 >/dev/null; $m run -d --name three --net container:two sleep 1000 >/dev/null
                inside three ip -o link | grep -c eth0; $m rm -f two >/dev/null; inside three ip -o link | grep -c eth0
                $m rm -f three >/dev/null; $m network rm theirs; $m system check && echo clean
                """)
        #expect(
            outcome.lines == [
                "1", "0", "0", "1", "again reached", "0", "0", "0", "1", "0", "theirs", "clean",
            ], "\(outcome.text)")
    }

    /// One line each, and nothing is left.
    @Test func bridgesThatCannotBe() {
        let outcome = scene(
            Self.bridge + """
                $m network create --subnet 10.77.1.0/24 ours >/dev/null; of_the_host >/run/before
                for flags in '-o name=nope' '-o name=lo' '-o name=ours' '-o name=br9 -o com.docker.network.bridge.enable_icc=false' \\
                  '-o name=br9 -o mtu=1400' '-o name=br9 --firewall iptables' '-o name=br9 --internal' '-o name=br9 -o mode=x'; do
                  $create $flags one >/run/said 2>&1; echo $? $(head -1 /run/said)
                done
                $create -o name=nope --dry-run one 2>&1 | head -1
                of_the_host | diff /run/before - && echo untouched
                $create -o name=br9 theirs >/dev/null; $m run --rm --net theirs --ip 10.89.0.2 true; echo $?
                ip link delete br9; $m run --rm --net theirs true; echo $?; $m network reload theirs; echo $?; $m network doctor | grep -c br9
                $m network rm theirs ours; $m system check && echo clean
                """)
        let conflict = "1 mydocker: conflicting options:"
        let gone = [
            #"mydocker: bridge "br9": this host has none of that name"#, "  make it, or leave mode=unmanaged away",
        ]
        #expect(
            outcome.lines == [
                #"1 mydocker: bridge "nope": this host has none of that name"#,
                #"1 mydocker: bridge "lo": the interface of that name is no bridge"#,
                #"1 mydocker: bridge "ours": it is another network's, and goes with that"#,
                "\(conflict) option com.docker.network.bridge.enable_icc and mode=unmanaged: "
                    + "the bridge is not ours to change, and has no rules of ours",
                "\(conflict) option mtu and mode=unmanaged: members have the bridge's",
                "\(conflict) --firewall and mode=unmanaged: a bridge that is not ours has no rules of ours",
                "\(conflict) --internal and mode=unmanaged: who is on a bridge that is not ours is not kept in by us",
                #"1 mydocker: "x" is no value of option mode: there are managed, unmanaged"#,
                #"mydocker: bridge "nope": this host has none of that name"#, "untouched",
                #"mydocker: requested address is out of range "10.89.0.2": the network is 10.88.0.0/24"#, "125",
            ] + gone + ["125"] + gone + ["1", "1", "theirs", "ours", "clean"], "\(outcome.text)")
    }
}
