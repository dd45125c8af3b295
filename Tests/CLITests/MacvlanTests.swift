import Testing

/// Networks beside this host, on a link of it to somewhere else.
extension CLI {
    @Suite(.serialized) struct Macvlan {
        /// `eth9` leads to another network namespace, whose address is 192.168.77.1.
        static let scene = """
            exec 2>&1
            m=$MYDOCKER
            ip link set lo up
            ip netns add lan; ip link add eth9 type veth peer name lan0 netns lan; ip link set eth9 up
            ip -n lan addr add 192.168.77.1/24 dev lan0; ip -n lan link set lan0 up; ip -n lan link set lo up
            ip addr add 192.168.77.9/24 dev eth9
            create="$m network create -d macvlan --subnet 192.168.77.0/24 -o parent=eth9"
            inside() { timeout 3 $m exec "$@"; }
            pings() { inside $1 ping -q -c 1 -W 1 $2 | grep -q ' 1 packets received' && echo reached; }
            yes() { local name=$1; shift; if "$@" >/run/said 2>&1; then echo "$name $(tr -d '\\n' </run/said)"; else echo "$name no"; fi; }
            routes() { inside $1 ip route | sed -n 's/ *$//;/default/p'; }

            """

        func scene(_ script: String) -> Outcome { Host.elsewhere(Self.scene + script) }
    }
}

extension CLI.Macvlan {
    @Test func members() {
        let outcome = scene(
            """
            $create --ip-range 192.168.77.128/25 lan >/dev/null
            ip -o link | wc -l
            $m run -d --name one --net lan --ip 192.168.77.50 sleep 1000 >/dev/null
            $m run -d --name two --net lan --mac-address 02:00:00:00:00:77 sleep 1000 >/dev/null
            for n in one two; do inside $n ip -o -4 addr show eth0 | awk '{print $4}'; routes $n; done
            inside two cat /sys/class/net/eth0/address; inside one ip -o link | grep -c .
            yes router pings one 192.168.77.1; yes neighbour pings one 192.168.77.128; yes name pings one two
            yes host pings one 192.168.77.9; $m run --rm --net lan --ip 192.168.77.9 true; echo $?
            $m network inspect lan -f '{{.Driver}} {{json .Options}}'; $m network ls -q --filter driver=macvlan | wc -l
            iptables-legacy -S | grep -c MYDOCKER; ip -o link | wc -l
            $m network rm lan 2>&1 | sed 's/(.*//;2d'; $m system check && echo clean
            $m kill two >/dev/null; $m rm -f one two >/dev/null; $m network rm lan; ip -o link show eth9 | grep -c 'state UP'
            $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "2", "192.168.77.50/24", "default via 192.168.77.1 dev eth0", "192.168.77.128/24",
                "default via 192.168.77.1 dev eth0", "02:00:00:00:00:77", "2", "router reached", "neighbour reached",
                "name reached", "host no",
                #"mydocker: Address already in use "192.168.77.9": held by "eth9-192.168.77.9", an --aux-address of the network"#,
                "125", #"macvlan {"parent":"eth9"}"#, "1", "0", "2",
                "mydocker: error while removing network: network lan has active endpoints ", "clean", "lan", "1",
                "clean",
            ], "\(outcome.text)")
    }

    /// Who is beside this host reaches the hosts of a public subnet, and what nothing is made of or is for examples hides none.
    @Test func publicSubnets() {
        let outcome = scene(
            """
            $m network create -d macvlan -o parent=eth9 --subnet 203.1.113.0/24 one | wc -l
            $m network explain one; $m network create --config-only --subnet 203.1.114.0/24 two | wc -l
            $m network create --subnet 203.0.113.0/24 three | wc -l
            $m network create --subnet 203.1.115.0/24 four | wc -l
            $m network rm one two three four; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "1",
                "mydocker: warning: network one: nothing is made of it: eth9 is there without it, and each member gets a link of its own",
                "1", "1",
                "mydocker: warning: 203.1.115.0/24 is public address space: its real hosts cannot be reached from here",
                "1", "one", "two", "three", "four", "clean",
            ], "\(outcome.text)")
    }

    /// Addresses of both families, at once, and no router is believed.
    @Test func membersWithIPv6() {
        let outcome = scene(
            """
            ip -n lan addr add fd00:77::1/64 dev lan0 nodad; ip addr add fd00:77::9/64 dev eth9 nodad
            $create --subnet fd00:77::/64 lan >/dev/null
            $m network inspect lan -f '{{.EnableIPv6}} {{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{end}}'
            $m run -d --name one --net lan --ip6 fd00:77::50 sleep 1000 >/dev/null; $m run -d --name two --net lan sleep 1000 >/dev/null
            for n in one two; do inside $n ip -o -6 addr show eth0 scope global | awk '{print $4}'; done
            inside one ip -6 route | sed -n 's/ metric.*//;s/ *$//;/default/p'
            pid=$($m inspect -f '{{.State.Pid}}' one)
            pings6() { nsenter -t $($m inspect -f '{{.State.Pid}}' $1) -n ping -q -c 1 -W 1 $2 | grep -q ' 1 .*received' && echo reached; }
            yes router pings6 one fd00:77::1; yes neighbour pings6 two fd00:77::50; yes host pings6 one fd00:77::9
            nsenter -t $pid -n cat /proc/sys/net/ipv6/conf/eth0/accept_ra
            $m run --rm --net lan --ip6 fd00:78::1 true 2>&1 | head -1; $m run --rm --net lan --ip6 fd00:77::50 true 2>&1 | head -1
            $m network create -d macvlan -o parent=eth9 --subnet 10.88.0.0/16 --subnet fd00:79::/120 other 2>&1 | head -1
            $m network create --subnet 10.77.1.0/24 br >/dev/null; $m run -d --name three --net br sleep 1000 >/dev/null
            $m network connect lan three; inside three ip -o -6 addr show eth1 scope global | awk '{print $4}'
            $m rm -f one two three >/dev/null; $m network rm lan br; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "true 192.168.77.0/24 192.168.77.1 fd00:77::/64 fd00:77::1 ", "fd00:77::50/64", "fd00:77::2/64",
                "default via fd00:77::1 dev eth0", "router reached", "neighbour reached", "host no", "0",
                "mydocker: address fd00:78::1: the network is fd00:77::/64",
                #"mydocker: Address already in use "fd00:77::50": held by container "one""#,
                "mydocker: invalid subnet fd00:79::/120: it has fewer addresses than 10.88.0.0/16, and containers have one in each",
                "fd00:77::3/64", "lan", "br", "clean",
            ], "\(outcome.text)")
    }

    @Test(arguments: ["private", "vepa", "passthru"]) func modes(mode: String) {
        let outcome = scene(
            """
            $create -o macvlan_mode=\(mode) lan >/dev/null
            $m network inspect lan -f '{{.Options.macvlan_mode}}'
            $m run -d --name one --net lan sleep 1000 >/dev/null; yes router pings one 192.168.77.1
            test "$(inside one cat /sys/class/net/eth0/address)" = "$($m inspect one -f '{{.NetworkSettings.MacAddress}}')" && echo same
            $m run --rm --net lan ping -q -c 1 -W 1 $($m inspect one -f '{{.NetworkSettings.IPAddress}}') >/run/said 2>&1; echo $?
            """)
        let neighbour = mode == "passthru" ? "125" : "1"
        #expect(outcome.lines == [mode, "router reached", "same", neighbour], "\(outcome.text)")
    }

    /// Docker says nothing of such ports, and neither of them leads anywhere.
    @Test func portsAndBridges() {
        let outcome = scene(
            """
            $create lan >/dev/null; $m network create --subnet 10.77.1.0/24 br >/dev/null
            $m run -d --name one --net lan -p 80:80 sleep 1000 | grep -v '^[0-9a-f]*$'; $m port one; ss -ltn | grep -c :80
            $m network connect br one; inside one ip -o link | grep -c eth; routes one
            $m network disconnect lan one; inside one ip -o link | grep -c eth; routes one
            $m network connect --gw-priority 4 --ip 192.168.77.60 lan one; routes one
            $m restart -t 0 one >/dev/null; routes one; yes router pings one 192.168.77.1
            inside one ip link set eth0 down 2>/dev/null
            $m network disconnect lan one; routes one; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "mydocker: warning: network lan is beside this host: no port of it leads there, and -p publishes nothing",
                "0", "2", "default via 192.168.77.1 dev eth0", "1", "default via 10.77.1.1 dev eth1",
                "default via 192.168.77.1 dev eth0", "default via 192.168.77.1 dev eth0", "router reached",
                "default via 10.77.1.1 dev eth1", "clean",
            ], "\(outcome.text)")
    }

    /// What another container keeps of its network namespace keeps no address, whoever takes it away.
    @Test(arguments: [false, true]) func aNamespaceThatIsShared(isKilled: Bool) {
        let outcome = scene(
            """
            $create lan >/dev/null; $m run -d --name one --net lan sleep 1000 >/dev/null
            supervisor=$(jq .supervisor /run/mydocker/containers/$($m inspect -f '{{.Id}}' one)/state.json)
            $m run -d --name two --net container:one sleep 1000 >/dev/null; inside two ip -o link | grep -c eth0
            \(isKilled ? "kill -9 $supervisor" : "true"); $m rm -f one >/dev/null
            inside two ip -o link | grep -c eth0
            $m run --rm --net lan ip -o -4 addr show eth0 | awk '{print $4}'; $m system check && echo clean
            """)
        #expect(outcome.lines == ["1", "0", "192.168.77.3/24", "clean"], "\(outcome.text)")
    }

    /// What waits for the answer of a host that is not there keeps the namespace of a container that has ended.
    @Test func anAddressIsFreeAtOnce() {
        let outcome = scene(
            """
            $create lan >/dev/null
            for n in 1 2 3; do $m run --rm --ip 192.168.77.50 --net lan sh -c 'ping -c 1 -W 1 192.168.77.200 >/dev/null; true'; echo $?; done
            $m run -d --name one --ip 192.168.77.60 --net lan sh -c 'ping -c 1 -W 1 192.168.77.200; exec sleep 1000' >/dev/null
            sleep 0.5; $m restart -t 0 one; inside one ip -o -4 addr show eth0 | awk '{print $4}'
            sleep 0.5; kill -9 $(jq .supervisor /run/mydocker/containers/$($m inspect -f '{{.Id}}' one)/state.json)
            $m rm -f one; $m run --rm --ip 192.168.77.60 --net lan true; echo $?
            ip link add link eth9 name other type macvlan mode bridge; ip link set other address 02:00:00:00:00:77 up
            $m run --rm --mac-address 02:00:00:00:00:77 --net lan true 2>&1 | grep -o 'has the MAC address [0-9a-f:]* already'
            $m network rm lan; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "0", "0", "0", "one", "192.168.77.60/24", "one", "0", "has the MAC address 02:00:00:00:00:77 already",
                "lan", "clean",
            ], "\(outcome.text)")
    }

    @Test func aGatewayThatIsThisHost() {
        let outcome = scene(
            """
            ip addr add 192.168.78.1/24 dev eth9
            $m network create -d macvlan --subnet 192.168.78.0/24 -o parent=eth9 lan | grep -v '^[0-9a-f]*$'
            $m network doctor lan | grep -c 'the gateway 192.168.78.1 is this host'; $m network rm lan
            $m network create -d macvlan --subnet 192.168.78.0/24 --gateway 192.168.78.2 -o parent=eth9 lan | grep -v '^[0-9a-f]*$'
            $m network doctor lan; echo $?
            """)
        #expect(
            outcome.lines == [
                #"mydocker: warning: the gateway 192.168.78.1 is this host's address on "eth9", which no member reaches: "#
                    + "nothing gets elsewhere by it; make the network anew with the router's address: --gateway",
                "1", "lan", "0",
            ], "\(outcome.text)")
    }

    /// By another network, or by a link of the same one that has it for itself; and a name by the program.
    @Test func whatIsTakenAlready() {
        let outcome = scene(
            """
            $m network create --subnet 10.79.0.0/24 mb >/dev/null
            $m network create -d macvlan -o parent=mb --subnet 10.78.0.0/24 one; echo $?
            $m network create -d macvlan -o parent=mb.10 --subnet 10.78.0.0/24 one 2>&1 | grep -c 'VLAN of "mb"'
            $create lan >/dev/null
            $m network create -d macvlan -o parent=eth9 -o macvlan_mode=passthru --subnet 10.78.0.0/24 alone >/dev/null
            $m run -d --name box --net mb sleep 1000 >/dev/null; $m run -d --name member --net lan sleep 1000 >/dev/null
            $m run --rm --net alone true; echo $?
            nsenter -t $($m inspect -f '{{.State.Pid}}' box) -n ip link add eth1 type veth peer name other
            $m network connect lan box 2>&1 | grep -o 'the container has.*'
            $m network create --subnet 10.80.0.0/24 second >/dev/null; $m network connect second box 2>&1 | grep -o 'the container has.*'
            $m rm -f box member >/dev/null; $m network rm lan alone mb second; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                #"mydocker: parent interface "mb": it is the bridge of a network of its own"#, "  use that network",
                "1", "1",
                #"mydocker: network alone: mode passthru takes "eth9" for itself, and another macvlan link is on it"#,
                "  end the container that has it, or use another parent interface", "125",
                #"the container has an interface "eth1" of its own"#,
                #"the container has an interface "eth1" of its own"#,
                "lan", "alone", "mb", "second", "clean",
            ], "\(outcome.text)")
    }

    /// As releases before have let it be: a network stays, and goes, but nobody gets past the rules of the other one by it.
    @Test func aParentThatIsABridgeOfOurs() {
        let outcome = scene(
            """
            ip link add bd0 type veth peer name bd9; ip link set bd0 up
            $m network create -d macvlan -o parent=bd0 --subnet 10.78.0.0/24 other >/dev/null
            $m create --name box --net other true >/dev/null
            ip link delete bd0; $m network create --subnet 10.77.7.1/24 bd0 >/dev/null
            $m start box >/run/said 2>&1 || grep -e 'its parent' -e 'use that' /run/said
            $m run --rm --net other true >/run/said 2>&1; echo $? $(grep -c 'its parent' /run/said)
            $m run -d --name web --net bd0 sleep 1000 >/dev/null; $m network connect other web 2>&1 | grep -c 'its parent'
            inside web ip -o link | grep -c eth; $m network inspect other -f '{{.Name}} {{.Driver}}'
            $m network ls --filter driver=macvlan --format '{{.Name}}'; $m network doctor other | grep -o 'the parent.*'
            $m rm -f box web >/dev/null; $m network rm other; ip -o link show bd0 | grep -c bd0
            $m network rm bd0; $m system check && echo clean
            """)
        let bridge = #"parent interface "bd0" is the bridge of a network of its own"#
        let remedy = "use that network, and remove this one: mydocker network rm other"
        #expect(
            outcome.lines == [
                "mydocker: network other: its \(bridge)", "  \(remedy)", "125 1", "1", "1", "other macvlan", "other",
                "the \(bridge): no container gets on this one; \(remedy)", "other", "1", "bd0", "clean",
            ], "\(outcome.text)")
    }

    /// One line each, and nothing is left.
    @Test func whatCannotBe() {
        let outcome = scene(
            """
            ip link add br9 type bridge; ip link add v9 type veth peer name w9; ip link set v9 master br9
            before=$(ip -o link)
            for flags in '-o parent=nope' '-o parent=lo' '-o parent=v9' '-o parent=eth9.4095' '-o parent=a/b' '-o macvlan_mode=l2' \\
              '-o mode=x' '-o com.docker.network.bridge.name=x' '--firewall iptables -o parent=eth9'; do
              $m network create -d macvlan --subnet 10.78.0.0/24 $flags one >/run/said 2>&1; echo $? $(head -1 /run/said)
            done
            for driver in host none null overlay; do $m network create -d $driver one 2>&1 | head -1; done
            ip link add dummy9 type dummy 2>/dev/null || $m network create -d macvlan one 2>&1 | sed 's/dm-[0-9a-f]*/dm-ID/' | head -1
            ip link add ipvl9 link eth9 type ipvlan 2>/dev/null || $m network create -d ipvlan -o parent=eth9 one 2>&1 | head -1
            test "$(ip -o link)" = "$before" && echo as before; ls /var/lib/mydocker/networks
            $create lan >/dev/null; $create other 2>&1 | head -1
            ip link set eth9 down; $m network reload; ip link delete eth9; $m run --rm --net lan true; echo $?; $m network rm lan
            $m system check && echo clean
            """)
        let parent = "1 mydocker: parent interface"
        let none = "this host has none of that name"
        // Where the kernel has such links these two lines are missing.
        let kinds = [
            #"mydocker: create link "dm-ID": the kernel has no dummy links (CONFIG_DUMMY)"#,
            "mydocker: driver ipvlan: the kernel has no ipvlan links (CONFIG_IPVLAN)",
        ]
        #expect(
            outcome.lines.filter { !kinds.contains($0) } == [
                #"\#(parent) "nope": \#(none)"#, "1 mydocker: loopback interface is not a valid macvlan parent link",
                #"\#(parent) "v9": it is a port of a bridge"#, #"\#(parent) "eth9.4095": \#(none)"#,
                #"1 mydocker: "a/b" is no value of option parent: use the name of an interface of this host"#,
                #"1 mydocker: "l2" is no value of option macvlan_mode: there are bridge, private, vepa, passthru"#,
                #"1 mydocker: "x" is no value of option mode: there are bridge, private, vepa, passthru"#,
                #"1 mydocker: driver macvlan has no option "com.docker.network.bridge.name""#,
                "1 mydocker: conflicting options: a network of driver macvlan has no firewall: it is beside this host, and not behind it",
                #"mydocker: only one instance of "host" network is allowed"#,
                #"mydocker: only one instance of "null" network is allowed"#,
                #"mydocker: only one instance of "null" network is allowed"#,
                #"mydocker: unknown network driver "overlay" (have: bridge, ipvlan, macvlan)"#, "as before",
                "mydocker: invalid pool request: Pool overlaps with other one on this address space",
                #"mydocker: warning: the parent interface "eth9" is down: nothing is sent by it; bring it up: ip link set eth9 up"#,
                "lan", #"mydocker: parent interface "eth9": this host has none of that name"#,
                "  name one that it has, or NAME.VLAN of one", "125", "lan", "clean",
            ], "\(outcome.text)")
    }
}
