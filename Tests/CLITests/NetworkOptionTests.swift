import Testing

/// What `network create` is asked for beside a name and a subnet, as packets and tools of others see it.
extension CLI {
    @Suite(.serialized) struct NetworkOptions {
        /// `far` is a host elsewhere; `page NETWORK NAME FLAGS` has a server there; `yes NAME COMMAND` says whether it did.
        static let scene = """
            exec 2>&1
            m=$MYDOCKER
            ip link set lo up
            ip netns add far; ip link add out0 type veth peer name out1 netns far
            ip addr add 10.250.0.1/24 dev out0; ip link set out0 up
            ip -n far addr add 10.250.0.2/24 dev out1; ip -n far link set out1 up; ip -n far route add default via 10.250.0.1
            far() { timeout 2 ip netns exec far "$@"; }
            inside() { timeout 2 $m exec "$@"; }
            yes() { local name=$1; shift; if "$@" >/run/said 2>&1; then echo "$name $(tr -d '\\n' </run/said)"; else echo "$name no"; fi; }
            fetch="curl -s -m 1"
            pings() { inside $1 ping -q -c 1 -W 1 $2 | grep -q ' 1 packets received' && echo reached; }
            page() {
              local network=$1 name=$2; shift 2
              $m run -d --name $name --network $network "$@" sh -c 'echo page >/index.html; exec httpd -f -h /' >/dev/null
            }
            address() { $m inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$@"; }

            """

        func scene(_ script: String) -> Outcome { Host.elsewhere(Self.scene + script) }
    }
}

extension CLI.NetworkOptions {
    @Test func addressesAreChosenFromTheRange() {
        let outcome = scene(
            """
            $m network create --subnet 10.77.7.0/24 --ip-range 10.77.7.64/30 --aux-address router=10.77.7.65 \\
              --aux-address printer=10.77.7.9 --attachable pool >/dev/null
            for n in 1 2 3; do $m run -d --name box$n --net pool sleep 1000 >/dev/null; address box$n; done
            $m run --rm --net pool true; echo $?
            $m run -d --name fixed --net pool --ip 10.77.7.200 sleep 1000 >/dev/null; address fixed
            $m run --rm --net pool --ip 10.77.7.9 true; echo $?
            $m run --rm --net pool --ip 10.77.7.1 true; echo $?
            $m rm -f box2 >/dev/null; $m run --rm --net pool hostname -i
            $m network inspect -f '{{json .IPAM.Config}} {{.Attachable}}' pool
            $m rm -f box1 box3 fixed >/dev/null; rm -r /run/mydocker/networks/*; $m run --rm --net pool hostname -i
            $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "10.77.7.64 ", "10.77.7.66 ", "10.77.7.67 ",
                "mydocker: network pool: no available addresses in the range 10.77.7.64/30 of 10.77.7.0/24 (3 of 3 in use)",
                "  remove containers that are not needed, name an address by --ip, or make the network anew with a larger --ip-range",
                "125", "10.77.7.200 ",
                #"mydocker: Address already in use "10.77.7.9": held by "printer", an --aux-address of the network"#,
                "125",
                #"mydocker: Address already in use "10.77.7.1": held by the network's gateway"#, "125", "10.77.7.66",
                #"[{"Subnet":"10.77.7.0/24","IPRange":"10.77.7.64/30","Gateway":"10.77.7.1","AuxiliaryAddresses":"#
                    + #"{"printer":"10.77.7.9","router":"10.77.7.65"}}] true"#, "10.77.7.64", "clean",
            ], "\(outcome.text)")
    }

    /// One line each, and nothing is left.
    @Test func whatCannotBe() {
        let outcome = scene(
            """
            c="$m network create --subnet 10.77.7.0/24"
            $c --ip-range 10.78.0.0/25 one; echo $?
            $c --ip-range 10.77.0.0/16 one; echo $?
            $c --aux-address a=10.78.0.1 one; echo $?
            $c --aux-address a=10.77.7.1 one; echo $?
            $c --subnet 10.77.8.0/24 one; echo $?
            $c -o com.docker.network.bridge.gateway_mode_ipv4=isolated one 2>&1 | head -1
            $c -o com.docker.network.bridge.enable_icc=false --firewall none one; echo $?
            $c --internal --firewall none one; echo $?
            for flags in '--ip-range x' '--ip-range 10.77.7.9-10.77.7.8' '--aux-address 10.77.7.9' '--aux-address a=b' \\
              '--ipam-opt a=b' '--ipam-driver dhcp' '-o com.docker.network.bridge.enable_icc=2' '-o isolate=false' '-o nope=1' \\
              '-o com.docker.network.bridge.name=q%dz' '-o name=br+'; do
              $c $flags one >/run/said 2>&1; echo $? $(head -1 /run/said | cut -c1-50)
            done
            for flags in '--network name=bridge,interface-name=x%d' '--network name=bridge,driver-opt=com.docker.network.endpoint.ifname=x%d'; do
              $m run --rm $flags true >/run/said 2>&1; echo $?
            done
            ip -o link show type bridge; ls /var/lib/mydocker/networks; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "mydocker: invalid ip-range 10.78.0.0/25: parent subnet 10.77.7.0/24 doesn't contain ip-range", "1",
                "mydocker: invalid ip-range 10.77.0.0/16: CIDR block is bigger than its parent subnet 10.77.7.0/24",
                "1",
                "mydocker: no matching subnet for aux-address 10.78.0.1", "1",
                "mydocker: failed to allocate secondary ip address (a:10.77.7.1): Address already in use", "1",
                "mydocker: bridge driver doesn't support multiple subnets",
                "  give one --subnet of each address family",
                "1",
                "mydocker: conflicting options: gateway mode 'isolated' can only be used for an internal network",
                "mydocker: conflicting options: members of a network are kept apart by its firewall, and it has none",
                "1",
                "mydocker: conflicting options: members of an internal network are kept in by its firewall, and it has none",
                "1",
                #"125 invalid argument "x" for "--ip-range" flag: use a"#,
                #"125 invalid argument "10.77.7.9-10.77.7.8" for "--ip-r"#,
                #"125 invalid argument "10.77.7.9" for "--aux-address" f"#,
                #"125 invalid argument "a=b" for "--aux-address" flag: u"#,
                #"125 invalid argument "a=b" for "--ipam-opt" flag: the"#,
                "1 mydocker: failed to find ipam driver: dhcp",
                #"1 mydocker: "2" is no value of option com.docker.net"#,
                #"1 mydocker: "false" is no value of option isolate: i"#,
                #"1 mydocker: driver bridge has no option "nope""#,
                #"1 mydocker: "q%dz" is no value of option com.docker."#,
                #"1 mydocker: "br+" is no value of option com.docker.n"#,
                "125", "125", "clean",
            ], "\(outcome.text)")
    }

    /// Frames from one port to another, packets by way of this host, and published ports, with bridges that pass iptables or not.
    @Test(arguments: ["iptables", "nftables"], [0, 1]) func membersThatDoNotMeet(firewall: String, bridged: Int) {
        let outcome = scene(
            """
            echo \(bridged) >/proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null
            $m network create --firewall \(firewall) --subnet 10.77.7.0/24 -o com.docker.network.bridge.enable_icc=false apart >/dev/null
            page apart web -p 80:80; page apart other
            web=$(address web); other=$(address other)
            yes neighbour pings other $web
            yes by-the-gateway inside other sh -c "ip route add $web via 10.77.7.1 2>/dev/null; ping -q -c 1 -W 1 $web"
            nsenter -t $($m inspect -f '{{.State.Pid}}' other) -n ip route add $web via 10.77.7.1
            yes routed pings other $web
            yes gateway pings other 10.77.7.1
            yes published inside other wget -qO- http://10.250.0.1/
            yes itself inside web wget -qO- http://10.250.0.1/
            yes far far $fetch 10.250.0.1/index.html
            yes host $fetch 127.0.0.1/index.html
            yes direct $fetch $(echo $web)/index.html
            yes out pings other 10.250.0.2
            yes name inside other wget -qO- http://web/
            $m network inspect -f '{{index .Options "com.docker.network.bridge.enable_icc"}}' apart
            $m system check && echo clean
            tc qdisc del dev $(ls /sys/class/net/apart/brif | head -1) ingress; $m system check | grep -c 'lets in more'
            $m network reload >/dev/null; $m system check && echo clean; yes again pings other $web
            """)
        #expect(
            outcome.lines == [
                "neighbour no", "by-the-gateway no", "routed no", "gateway reached", "published page", "itself page",
                "far page", "host page", "direct page", "out reached", "name no", "false", "clean", "1", "clean",
                "again no",
            ], "\(outcome.text)")
    }

    @Test(arguments: ["iptables", "nftables"]) func whatIsTranslatedAndLetIn(firewall: String) {
        let outcome = scene(
            """
            b=com.docker.network.bridge
            c="$m network create --firewall \(firewall)"
            $c --subnet 10.77.1.0/24 -o $b.enable_ip_masquerade=false plain >/dev/null
            $c --subnet 10.77.2.0/24 -o $b.gateway_mode_ipv4=nat-unprotected open >/dev/null
            $c --subnet 10.77.3.0/24 -o $b.trusted_host_interfaces=out0:wg0 trusting >/dev/null
            $c --subnet 10.77.4.0/24 usual >/dev/null
            for n in plain open trusting usual; do page $n $n -p 80; done
            ip netns exec far ip route add 10.77.0.0/16 via 10.250.0.1 2>/dev/null
            ip netns exec far python3 -c '
            import socket
            s = socket.create_server(("", 81)); print(flush=True)
            while True:
                c, peer = s.accept(); c.sendall(peer[0].encode()); c.close()' >/run/server &
            until [ -s /run/server ]; do sleep .05; done
            for n in plain usual; do echo $n from $(inside $n nc -w 1 10.250.0.2 81); done
            for n in plain open trusting usual; do yes $n far $fetch $(echo $(address $n))/index.html; done
            for n in open trusting; do yes usual-to-$n inside usual wget -qO- http://$(echo $(address $n))/; done
            $m system check && echo clean
            $m rm -f plain open trusting usual >/dev/null; $m network rm plain open trusting usual >/dev/null
            iptables-legacy -S | grep -c MYDOCKER; nft list tables | grep -c mydocker
            """)
        #expect(
            outcome.lines == [
                "plain from 10.77.1.2", "usual from 10.250.0.1", "plain no", "open page", "trusting page", "usual no",
                "usual-to-open page", "usual-to-trusting no", "clean", "0", "0",
            ], "\(outcome.text)")
    }

    /// The flag's address before the network's, that before the variable's.
    @Test func whereAPortIsPublished() {
        let outcome = scene(
            """
            $m network create --subnet 10.77.1.0/24 -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 near >/dev/null
            page near aa -p 80:80 -p 0.0.0.0:81:80 -p 10.250.0.1:82:80; $m port aa | sort
            yes far far $fetch 10.250.0.1/index.html; yes far-81 far $fetch 10.250.0.1:81/index.html
            yes host $fetch 127.0.0.1/index.html
            $m restart -t 0 aa >/dev/null; $m port aa | sort
            export MYDOCKER_PUBLISH_IP=10.250.0.1
            page bridge bb -p 90:80 -p 0.0.0.0:91:80; page near cc -p 92:80; $m port bb | sort; $m port cc
            MYDOCKER_PUBLISH_IP=nonsense $m run --rm -p 93:80 true; echo $?
            MYDOCKER_PUBLISH_IP= $m run --rm -p 93:80 true; echo $?
            """)
        let own = ["80/tcp -> 0.0.0.0:81", "80/tcp -> 10.250.0.1:82", "80/tcp -> 127.0.0.1:80"]
        #expect(
            outcome.lines == own + ["far no", "far-81 page", "host page"] + own + [
                "80/tcp -> 0.0.0.0:91", "80/tcp -> 10.250.0.1:90", "80/tcp -> 127.0.0.1:92",
                #"mydocker: MYDOCKER_PUBLISH_IP is no IPv4 address of this host: "nonsense""#,
                "  set it to one such as 127.0.0.1, or unset it", "125", "0",
            ], "\(outcome.text)")
    }

    @Test func bridgesWithoutAnAddress() {
        let outcome = scene(
            """
            b=com.docker.network.bridge
            $m network create --subnet 10.77.1.0/24 -o $b.inhibit_ipv4=true -o $b.name=quiet one >/dev/null
            ip -br -4 addr show quiet | grep -c 10.77
            $m run --rm --net one sh -c 'ip route; ip neigh' | sed 's/ *$//'
            $m network create --subnet 10.77.2.0/24 --internal -o $b.gateway_mode_ipv4=isolated two >/dev/null
            page two web; $m run -d --name other --net two sleep 1000 >/dev/null
            yes member inside other wget -qO- http://web/; yes gateway pings other 10.77.2.1
            yes host $fetch $(echo $(address web))/index.html
            $m run --rm --net one -o x true 2>/dev/null; $m system check && echo clean
            ip addr add 10.77.2.1/24 dev two; ip addr del 10.77.2.1/24 dev two; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "0", "default via 10.77.1.1 dev eth0", "10.77.1.0/24 dev eth0 scope link  src 10.77.1.2", "member page",
                "gateway no", "host no", "clean", "clean",
            ], "\(outcome.text)")
    }

    @Test func interfacesAndRoutes() {
        let outcome = scene(
            """
            $m network create --subnet 10.77.1.0/24 -o com.docker.network.container_iface_prefix=net one >/dev/null
            $m network create --subnet 10.77.2.0/24 -o no_default_route=1 two >/dev/null
            $m network create --subnet 10.77.3.0/24 three >/dev/null
            routes() { inside $1 ip route | sed -n 's/ *$//;/default/p'; }
            $m run -d --name box --net one --net two --net name=three,gw-priority=1,interface-name=wan,link-local-ip=169.254.7.7 \\
              sleep 1000 >/dev/null
            inside box ip -o -4 addr | awk '{print $2, $4}'; routes box
            $m run --rm --net two sh -c 'ip route | grep -c default'
            yes linklocal inside box ping -q -c 1 -W 1 -I 169.254.7.7 10.77.3.1
            $m run -d --name near --net three --link-local-ip 169.254.8.8 sleep 1000 >/dev/null
            yes across pings near 169.254.7.7
            $m inspect -f '{{with index .NetworkSettings.Networks "three"}}{{.GwPriority}} {{json .IPAMConfig}} {{json .DriverOpts}}{{end}}' box
            $m run --rm --net three --link-local-ip 169.254.7.7 true; echo $?
            $m network disconnect three box; routes box
            $m network connect --gw-priority 5 --driver-opt com.docker.network.endpoint.ifname=up0 three box; routes box
            $m network connect --gw-priority -1 bridge near; routes near
            $m restart -t 0 box >/dev/null; routes box
            for wrong in '--ip 10.77.9.9' '--link-local-ip 10.0.0.1' '--gw-priority x' '--driver-opt a=b'; do
              $m network connect $wrong two near >/run/said 2>&1; echo $? $(head -1 /run/said | cut -c1-50)
            done
            $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "lo 127.0.0.1/8", "net0 10.77.1.2/24", "eth0 10.77.2.2/24", "wan 169.254.7.7/16", "wan 10.77.3.2/24",
                "default via 10.77.3.1 dev wan", "0", "linklocal no", "across reached",
                #"1 {"LinkLocalIPs":["169.254.7.7"]} {"com.docker.network.endpoint.ifname":"wan"}"#,
                #"mydocker: Address already in use "169.254.7.7": held by container "box""#, "125",
                "default via 10.77.1.1 dev net0", "default via 10.77.3.1 dev up0", "default via 10.77.3.1 dev eth0",
                "default via 10.77.3.1 dev up0", #"1 mydocker: requested address is out of range "10.77"#,
                #"125 invalid argument "10.0.0.1" for "--link-local-ip""#,
                #"125 invalid argument "x" for "--gw-priority" flag: use"#,
                #"125 invalid argument "a=b" for "--driver-opt" flag: in"#, "clean",
            ], "\(outcome.text)")
    }

    /// The ports go where the answers go.
    @Test func portsGoByTheNetworkThatLeads() {
        let outcome = scene(
            """
            for n in 1 2 3; do $m network create --subnet 10.77.$n.0/24 net$n >/dev/null; done
            page net1 web --net name=net2,gw-priority=3 -p 80:80
            rule() {
              iptables-legacy -t nat -S MYDOCKER-DNAT 2>/dev/null | sed -n 's/.*destination //p'
              nft list map ip mydocker-nat MYDOCKER-DNAT-dport 2>/dev/null | sed -n 's/.* : \\([0-9.]*\\) \\. \\([0-9]*\\).*/\\1:\\2/p'
            }
            rule; yes far far $fetch 10.250.0.1/index.html
            $m network connect --gw-priority 7 net3 web; rule; yes far far $fetch 10.250.0.1/index.html
            $m restart -t 0 web >/dev/null; rule; yes far far $fetch 10.250.0.1/index.html
            $m network disconnect net3 web; rule; yes far far $fetch 10.250.0.1/index.html
            $m network disconnect net2 web; rule; yes far far $fetch 10.250.0.1/index.html
            $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "10.77.2.2:80", "far page", "10.77.3.2:80", "far page", "10.77.3.2:80", "far page", "10.77.2.2:80",
                "far page", "10.77.1.2:80", "far page", "clean",
            ], "\(outcome.text)")
    }

    @Test func aNamespaceOfSomebodyElse() {
        let outcome = scene(
            """
            ip -n far link add dev lonely type bridge
            before=$(ip -n far -o -4 addr; ip -n far route)
            $m run --rm --net ns:/run/netns/far sh -c 'ip -o link | grep -c lonely; ping -q -c 1 -W 1 10.250.0.1 | grep -c 100%'
            $m run -d --name stay --net ns:/run/netns/far sleep 1000 >/dev/null
            inside stay ip -o link | grep -c lonely; inside stay grep -c localhost /etc/hosts
            $m inspect -f '{{.HostConfig.NetworkMode}} {{json .NetworkSettings.Networks}}' stay
            $m restart -t 0 stay; inside stay ip -o link | grep -c lonely
            $m network connect bridge stay; echo $?
            $m rm -f stay >/dev/null; test "$before" = "$(ip -n far -o -4 addr; ip -n far route)" && echo as before
            touch /run/file; mkfifo /run/pipe
            for net in ns: ns:relative ns:/nowhere ns:/run/file ns:/run/pipe ns:/run ns:/proc/self/ns/pid ns:/dev/null; do
              timeout 5 $m run --rm --net $net true >/run/said 2>&1; echo $? $(cat /run/said | head -1)
            done
            $m run --rm --net ns:/run/netns/far -p 80:80 true; echo $?
            $m run --rm --net ns:/run/netns/far --ip 10.0.0.2 true; echo $?
            $m run --rm --net ns:/run/netns/far --net bridge true 2>&1 | head -1
            $m create --name later --net ns:/run/netns/far true >/dev/null; ip netns delete far; $m start later; echo $?
            $m rm later; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "1", "0", "1", "2", "ns:/run/netns/far {}", "stay", "1",
                "mydocker: container sharing network namespace with another container or host cannot be connected to any other network",
                "1", "as before",
                #"125 mydocker: invalid network namespace "": use an absolute path: ns:/run/netns/NAME"#,
                #"125 mydocker: invalid network namespace "relative": use an absolute path: ns:/run/netns/NAME"#,
                #"125 mydocker: join network namespace "/nowhere": No such file or directory"#,
                #"125 mydocker: join network namespace "/run/file": it is no network namespace"#,
                #"125 mydocker: join network namespace "/run/pipe": it is no network namespace"#,
                #"125 mydocker: join network namespace "/run": it is no network namespace"#,
                #"125 mydocker: join network namespace "/proc/self/ns/pid": it is no network namespace"#,
                #"125 mydocker: join network namespace "/dev/null": it is no network namespace"#,
                "mydocker: conflicting options: port publishing and a network namespace that is there before (--network ns:PATH)",
                "  leave the ports away: the program listens in that namespace", "125",
                "mydocker: conflicting options: --ip, --ip6 and --mac-address need a bridge network", "125",
                "mydocker: conflicting options: cannot attach both user-defined and non-user-defined network-modes",
                #"mydocker: join network namespace "/run/netns/far": No such file or directory"#, "1", "later", "clean",
            ], "\(outcome.text)")
    }
}
