import Testing

extension CLI.IPv6 {
    /// The group that is asked for a neighbour's MAC address (RFC 4291, 2.7.1) is joined by the kernel in a work queue, which other
    /// changes of links hold up. A question before that is lost, and comes again a second later.
    @Test(arguments: ["iptables", "nftables"]) func neighboursAreHeardAtOnce(firewall: String) {
        let outcome = Host.elsewhere(
            """
            m=$MYDOCKER
            ip link set lo up
            $m network create --firewall \(firewall) --subnet 10.77.7.1/24 --subnet fd00:77:7::1/64 bd0 >/dev/null
            $m run -d --name web --network bd0 sleep 1000 >/dev/null
            process=$($m inspect -f '{{.State.Pid}}' web)
            for link in busy0 busy1; do
              while :; do ip link add $link type dummy; ip link set $link up; ip link delete $link; done 2>/dev/null &
            done
            for number in $(seq 40); do
              $m network disconnect bd0 web; $m network connect --ip6 fd00:77:7::a1 bd0 web
              # Without another process: that takes as long as the kernel mostly does.
              read -d '' groups </proc/$process/net/igmp6
              [[ $groups == *ff0200000000000000000001ff0000a1* ]] || echo late: connect $number
            done
            $m rm -f web >/dev/null
            for number in $(seq 40); do
              $m run --rm --network bd0 --ip6 fd00:77:7::a1 cat /proc/net/igmp6 >/run/groups
              grep -q ff0200000000000000000001ff0000a1 /run/groups || echo late: run $number
            done
            kill $(jobs -p)
            """)
        #expect(outcome.text == "" && outcome.error == "")
    }

    /// Links of the host, and those on which nobody asks: of these nothing is waited for.
    @Test func besideTheHost() {
        let outcome = Host.elsewhere(
            """
            m=$MYDOCKER
            ip link set lo up; ip link add par0 type veth peer name par1; ip link set par0 up; ip link set par1 up
            ms() { date +%s%3N; }
            try() {
              $m network create "$@" -o parent=par0 --subnet 10.77.7.0/24 --subnet fd00:77:7::/64 beside >/dev/null || return
              for number in $(seq 5); do
                local start=$(ms)
                $m run --rm --network beside --ip6 fd00:77:7::a1 cat /proc/net/igmp6 >/run/groups
                echo $(($(ms) - start))
              done | sort -n | head -1 >/run/quickest
              grep -c ff0200000000000000000001ff0000a1 /run/groups
              [ $(cat /run/quickest) -lt 400 ] || echo slow: "$@"
              $m network rm beside >/dev/null
            }
            try -d macvlan
            if ip link add ipvl0 link par1 type ipvlan 2>/dev/null; then
              ip link delete ipvl0; try -d ipvlan; try -d ipvlan -o ipvlan_mode=l3
            else printf '1\\n0\\n'; fi
            """)
        #expect(outcome.lines == ["1", "1", "0"] && outcome.error == "")
    }
}
