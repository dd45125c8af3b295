import Testing

extension CLI {
    /// What a person would type to have the same.
    @Suite(.serialized) struct Explain {
        /// `state PLACE…` prints what the kernel has of links, addresses, routes, neighbours, guards of ports, settings and rules,
        /// as far as it does not depend on the moment; `inside` what a container has. `networks FIREWALL` makes two
        /// networks and two containers.
        private static let tools = """
            exec 2>&1
            m=$MYDOCKER
            ip link set lo up
            links() {
              ip -d -j address show | jq -cS '.[] | select(.ifname | test("^(bd[0-9]|eth[0-9]|lo)$|^[0-9a-f]{5}$")) |
                {ifname, mtu, ifalias, operstate, flags, master, inet6_addr_gen_mode, num_tx_queues, num_rx_queues,
                 address: (if .ifname | test("^[0-9a-f]{5}$") then null else .address end),
                 addresses: [.addr_info[] | {local, prefixlen, broadcast, scope}],
                 kind: .linkinfo.info_kind, slave: .linkinfo.info_slave_kind,
                 port: (.linkinfo.info_slave_data // {} | {hairpin, learning, flood, mcast_flood, isolated, guard, priority}),
                 bridge: (.linkinfo.info_data // {} | {stp_state, priority, vlan_filtering, ageing_time, mcast_snooping})}' | sort
            }
            rules() {
              for table in filter nat; do
                for v in iptables ip6tables; do $v-legacy-save -t $table 2>/dev/null | sed '/^#/d;s/\\[[0-9]*:[0-9]*\\]//'; done
              done
              nft -t list ruleset | sed 's/ packets [0-9]* bytes [0-9]*//'
              nft list ruleset | grep ' : ' | tr ',{}' '\\n' | sed 's/^[[:space:]]*//;s/[[:space:]]*$//' | sort
            }
            guards() {
              for port in $(ls /sys/class/net/ | grep -xE '[0-9a-f]{5}' | sort); do
                bridge fdb show dev $port | grep sticky; tc qdisc show dev $port; tc filter show dev $port ingress
              done
            }
            settings() {
              cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
              for bridge in $(ls /sys/class/net | grep '^bd'); do
                for key in ipv4/conf/$bridge/{route_localnet,rp_filter,arp_ignore} ipv6/conf/$bridge/{disable_ipv6,accept_ra,accept_dad}; do echo $key $(cat /proc/sys/net/$key); done
              done
            }
            routes() { ip route show table all; ip -6 route show table all; }
            state() { links; routes | sort; guards; settings; rules; }
            inside() {
              links; routes | sort; ip neighbour show nud permanent
              cat /proc/sys/net/ipv6/conf/all/disable_ipv6 /proc/sys/net/ipv4/ping_group_range /proc/sys/net/ipv4/ip_unprivileged_port_start
            }
            export -f links rules guards settings routes state inside
            networks() {
              if [ $1 = none ]; then
                $m network create --firewall none --subnet 10.77.7.1/24 bd0 >/dev/null
                $m run -d --name web --network bd0 sleep 1000 >/dev/null; $m run -d --name other --network none sleep 1000 >/dev/null
                return
              fi
              $m network create --firewall $1 --subnet 10.77.7.1/24 -o mtu=1400 bd0 >/dev/null
              $m network create --firewall $1 --internal --subnet 10.77.8.1/24 bd1 >/dev/null
              $m run -d --name web --network bd0 --network bd1 -p 80:80 -p 127.0.0.1:81:80 -p 8000-8002:9000-9002 \\
                -p 7000-7009:7000-7009 -p 5300:53/udp sleep 1000 >/dev/null
              $m run -d --name other --network bd1 sleep 1000 >/dev/null
            }
            of() { nsenter -t $($m inspect -f '{{.State.Pid}}' $1) -n bash -c inside; }
            round_trip() {
              state >/run/made; of web >/run/made-web; of other >/run/made-other
              $m network explain "$@" >/run/commands; echo $? $(grep -c . /run/commands | sed 's/[0-9]*/some/')
              unshare -n -m --propagation private bash -ec '
                mount -t tmpfs none /run/netns 2>/dev/null || { mkdir -p /run/netns; mount -t tmpfs none /run/netns; }
                ip link set lo up
                sh -e /run/commands >/run/said || cat /run/said
                sleep .3
                state >/run/typed; for name in web other; do ip netns exec $name bash -c inside >/run/typed-$name; done'
              for part in made made-web made-other; do diff /run/$part /run/${part/made/typed} && echo same $(test -s /run/$part && echo some); done
            }
            anywhere() { sed 's/[0-9a-f]\\{12\\}/ID/g;s/\\b[0-9a-f]\\{5\\}\\b/LINK/g'; }

            """

        func elsewhere(_ script: String) -> Outcome { Host.elsewhere(Self.tools + script) }
    }
}

extension CLI.Explain {
    /// The round trip: the commands are run in an empty namespace, and the kernel has the same there.
    @Test(arguments: ["iptables", "nftables", "none"]) func theCommandsMakeTheSame(firewall: String) {
        let names = firewall == "none" ? "bd0 web other" : "bd0 bd1 web other"
        let outcome = elsewhere(
            """
            networks \(firewall)
            round_trip \(names)
            $m system check && echo clean
            """)
        #expect(
            outcome.lines == ["0 some", "same some", "same some", "same some", "clean"], "\(outcome.text)")
    }

    /// The same of networks of IPv6 alone, and of those that give no addresses.
    @Test(arguments: ["iptables", "nftables"], ["six", "null"])
    func theCommandsMakeTheSameWithoutIPv4(firewall: String, kind: String) {
        let outcome = elsewhere(
            """
            create="$m network create --firewall \(firewall) -o mtu=1400"; ports='-p 80:80 -p [::1]:81:80 -p 8000-8002:9000-9002 -p 7000-7009:7000-7009 -p 5300:53/udp'
            case \(kind) in
              six) for n in 0 1; do $create --ipv4=false --ipv6 --subnet fd00:77:$n::1/64 $([ $n = 0 ] || echo --internal) bd$n >/dev/null; done;;
              null) for n in 0 1; do $create --ipam-driver null $([ $n = 0 ] || echo --internal) bd$n >/dev/null; done; ports=;;
            esac
            $m run -d --name web --network bd0 --network bd1 $ports sleep 1000 >/dev/null; $m run -d --name other --network bd1 sleep 1000 >/dev/null
            round_trip bd0 bd1 web other
            $m system check && echo clean
            """)
        #expect(
            outcome.lines == ["0 some", "same some", "same some", "same some", "clean"], "\(outcome.text)")
    }

    /// A parent of a network's own is made with it: a VLAN of a link of this host, and one that leads nowhere.
    @Test func parentsOfOurOwnAreMade() {
        let outcome = elsewhere(
            """
            ip link add eth9 type veth peer name eth8; ip link set eth9 up
            create="$m network create -d macvlan --subnet 10.77.7.0/24 --dry-run"
            { $create -o parent=eth9.5 lan; $create lan; } 2>/dev/null | anywhere
            ip -o link | grep -c -e eth9.5 -e dm-; ls /var/lib/mydocker/networks 2>/dev/null
            """)
        let mac = "02:42:0a:4d:07:01"
        #expect(
            outcome.lines == [
                "ip link add link eth9 name eth9.5 address \(mac) type vlan id 5", "ip link set dev eth9.5 up",
                "ip link set dev eth9.5 alias mydocker:ID", "ip link add name dm-ID address \(mac) type dummy",
                "ip link set dev dm-ID up", "ip link set dev dm-ID alias mydocker:ID", "0",
            ], "\(outcome.text)")
    }

    /// As it is when the container runs, whichever network was named first.
    @Test func theDefaultRouteIsByTheNetworkThatLeads() {
        let outcome = elsewhere(
            """
            for n in 1 2; do $m network create --subnet 10.77.$n.0/24 net$n >/dev/null; done
            on="--network net1 --network name=net2,gw-priority=3"
            $m run -d --name web $on sleep 1000 >/dev/null; $m exec web ip route | sed -n 's/ *$//;/default/p'
            $m network explain web | grep -o 'default via.*'; $m run --dry-run --name other $on true | grep -o 'default via.*'
            """)
        #expect(
            outcome.lines == [String](repeating: "default via 10.77.2.1 dev eth1", count: 3), "\(outcome.text)")
    }

    /// The same of networks beside this host, whose parent is another's, and there before.
    @Test(arguments: ["bridge", "private", "passthru"]) func theCommandsMakeTheSameBesideTheHost(mode: String) {
        let outcome = elsewhere(
            """
            parent() { ip link add eth9 address 02:00:00:00:09:09 type veth peer name eth8; ip link set eth9 up; ip link set eth8 up; }
            links() {
              ip -d -j address show | jq -cS '.[] | select(.ifname | test("^eth0$")) | {ifname, mtu, operstate, flags, address,
                addresses: [.addr_info[] | {local, prefixlen, broadcast, scope}], kind: .linkinfo.info_kind, mode: .linkinfo.info_data.mode}'
            }
            export -f parent links
            parent
            create="$m network create -d macvlan -o parent=eth9 -o macvlan_mode=\(mode) --subnet 10.77.7.0/24 --subnet fd00:77:7::/64 -o mtu=1400"
            $create --dry-run lan; echo $?; ls /var/lib/mydocker/networks 2>/dev/null; $create lan >/dev/null
            $m run --dry-run --name web --network lan true >/run/dry; echo $?
            $m run -d --name web --network lan sleep 1000 >/dev/null; of web >/run/made
            $m network explain lan web >/run/commands; echo $?
            diff /run/dry /run/commands >/dev/null && echo told before; grep -c 'ip link add link eth9' /run/commands
            unshare -n -m --propagation private bash -ec '
              mount -t tmpfs none /run/netns 2>/dev/null || { mkdir -p /run/netns; mount -t tmpfs none /run/netns; }
              ip link set lo up; parent
              sh -e /run/commands >/run/said || cat /run/said
              sleep .3; ip netns exec web bash -c inside >/run/typed'
            diff /run/made /run/typed && echo same $(test -s /run/made && echo some)
            $m network create -d macvlan -o parent=nope --subnet 10.78.7.0/24 --dry-run lan2; echo $?
            $m rm -f web >/dev/null; $m network rm lan; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "0", "0", "0", "told before", "1", "same some",
                #"mydocker: parent interface "nope": this host has none of that name"#,
                "  name one that it has, or NAME.VLAN of one", "1", "lan", "clean",
            ], "\(outcome.text)")
    }

    /// What would be done is what was done, and until then nothing is.
    @Test(arguments: ["iptables", "nftables"]) func aDryRunTellsWhatIsDone(firewall: String) {
        let outcome = elsewhere(
            """
            files() { find /var/lib/mydocker /run/mydocker 2>/dev/null | sort; }
            $m image inspect busybox >/dev/null 2>&1; files >/run/files; state >/run/state
            $m network create --dry-run --firewall \(firewall) --subnet 10.77.7.1/24 bd0 >/run/dry; echo $?
            $m run --dry-run --name web -p 80:80 true >/run/predefined; echo $? $(grep -c 'mydocker0' /run/predefined | sed 's/[1-9][0-9]*/some/')
            files | diff /run/files - && state | diff /run/state - && echo nothing
            $m network create --firewall \(firewall) --subnet 10.77.7.1/24 bd0 >/dev/null
            $m network explain bd0 | anywhere >/run/made; anywhere </run/dry | diff - /run/made && echo network
            files >/run/files; state >/run/state
            $m run --dry-run --name web --network bd0 -p 80:80 -p 8000-8001:9000-9001 sleep 1000 >/run/dry
            $m create --dry-run --name web --network bd0 -p 80:80 -p 8000-8001:9000-9001 sleep 1000 | anywhere >/run/created
            anywhere </run/dry | diff - /run/created && echo create
            files | diff /run/files - && state | diff /run/state - && echo nothing
            $m run -d --name web --network bd0 -p 80:80 -p 8000-8001:9000-9001 sleep 1000 >/dev/null
            $m network explain web | anywhere >/run/made; anywhere </run/dry | diff - /run/made && echo container
            $m run --dry-run --network bd0 --name next true | grep -c 10.77.7.3/24
            $m run --dry-run --network host true; echo $?
            $m network create --dry-run --firewall \(firewall) --subnet 10.77.8.1/24 bd1 | grep -cE -- "-N |add chain .*[A-Z]'|ip_forward"
            $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "0", "0 some", "nothing", "network", "create", "nothing", "container", "1", "0", "0", "clean",
            ], "\(outcome.text)")
    }

    @Test func whatCannotBeExplained() {
        let outcome = elsewhere(
            """
            networks iptables
            $m create --name still --network bd0 true >/dev/null; $m run -d --name plain --network host sleep 1000 >/dev/null
            for name in nosuch host still plain; do $m network explain $name; echo $?; done
            $m network explain 2>&1 | head -1; $m network explain --nosuch bd0 >/dev/null 2>&1; echo $?
            $m network create --dry-run --subnet 10.77.7.0/25 bd2; echo $?
            $m network create --dry-run bd0; echo $?
            $m network create --dry-run --ignore bd0; echo $?
            $m run --dry-run --name web --network bd0 true 2>&1 | cut -c-63; $m run --dry-run --network nosuch true; echo $?
            $m run --dry-run --network bd0 -p 80:80 true; echo $?
            $m run --dry-run --network bd0 --ip 10.77.7.2 true; echo $?
            $m run --dry-run --network bd0 --ip 10.78.7.2 true; echo $?
            $m create --dry-run --network bd0 --network bd0 true; echo $?
            $m rm -f still plain >/dev/null; $m system check && echo clean
            """)
        let id = outcome.text.firstMatch(of: /container ([0-9a-f]{64}) is not/)?.output.1 ?? ""
        #expect(
            outcome.lines == [
                "mydocker: no such network or container: nosuch", "1", "mydocker: network host: nothing is made for it",
                "1",
                "mydocker: container \(id) is not running", "1",
                "mydocker: container plain: it has no network of its own (host)", "1",
                "mydocker: 'mydocker network explain' requires at least 1 argument", "125",
                "mydocker: invalid pool request: Pool overlaps with other one on this address space",
                "  10.77.7.0/25 overlaps network \"bd0\", 10.77.7.0/24", "1",
                "mydocker: network with name bd0 already exists", "1", "0",
                "mydocker: Conflict. The container name \"/web\" is already in use",
                "mydocker: network nosuch not found", "125",
                "mydocker: Bind for 0.0.0.0:80 failed: port is already allocated (by container \"web\")",
                "  publish another host port, or stop what uses this one", "125",
                "mydocker: Address already in use \"10.77.7.2\": held by container \"web\"", "125",
                "mydocker: requested address is out of range \"10.78.7.2\": the network is 10.77.7.0/24", "125",
                "mydocker: network \"bd0\" is specified multiple times", "1", "clean",
            ], "\(outcome.text)")
    }
}
