import Testing

extension CLI.IPv6 {
    /// The group that is asked for a neighbour's MAC address (RFC 4291, 2.7.1) is joined by the kernel in a work queue. A question
    /// before that is lost, and comes again a second later. Here that queue is kept busy.
    @Test(arguments: ["iptables", "nftables"]) func neighboursAreHeardAtOnce(firewall: String) {
        let outcome = Host.elsewhere(
            """
            m=$MYDOCKER
            ip link set lo up
            $m network create --firewall \(firewall) --subnet 10.77.7.1/24 --subnet fd00:77:7::1/64 bd0 >/dev/null
            $m run -d --name web --network bd0 sleep 1000 >/dev/null
            process=$($m inspect -f '{{.State.Pid}}' web)
            for link in busy0 busy1; do
              ip link add $link type veth peer name peer-$link; ip link set $link up; ip link set peer-$link up
              { for number in $(seq 60); do echo address add fd00:9::$number/128 dev $link nodad; done
                echo address flush dev $link; } >/run/$link
              while :; do ip -6 -batch /run/$link; done >/dev/null 2>&1 &
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

    /// Whatever the kernel's pace: before a program begins, and before `network connect` says that it is done, the kernel has said
    /// that the group is joined. Where there is no IPv6 it is not asked.
    @Test func theKernelHasSaidThatNeighboursAreHeard() {
        let outcome = Host.elsewhere(
            """
            m=$MYDOCKER
            ip link set lo up
            $m network create --subnet 10.77.7.1/24 --subnet fd00:77:7::1/64 bd0 >/dev/null
            $m network create --subnet 10.77.8.1/24 bd4 >/dev/null
            # The supervisor's trace is that of whoever changes its networks, too.
            $m --trace run --name web --network bd0 --ip6 fd00:77:7::a1 sh -c 'echo begun; exec sleep 1000' >>/run/trace 2>&1 &
            for turn in $(seq 200); do grep -q ^begun /run/trace && break; sleep .05; done
            sed '/^begun/q' /run/trace | grep -c '< *IFA_MULTICAST ff02::1:ff00:a1$'
            $m network disconnect bd0 web; $m network connect --ip6 fd00:77:7::a2 bd0 web
            grep -c '< *IFA_MULTICAST ff02::1:ff00:a2$' /run/trace
            count=$(grep -c MULTICAST /run/trace)
            $m network connect bd4 web
            [ $(grep -c MULTICAST /run/trace) = $count ] && echo not asked
            $m rm -f web >/dev/null
            """)
        #expect(
            outcome.lines.count == 3 && outcome.lines.prefix(2).allSatisfy { Int($0) ?? 0 > 0 }
                && outcome.lines.last == "not asked" && outcome.error == "", "\(outcome.text)")
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
