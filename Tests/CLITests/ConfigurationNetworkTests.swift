import Testing

/// Networks that others are made like (`--config-only`, `--config-from`), and how lists tell networks apart.
extension CLI.NetworkOptions {
    @Test func networksThatAreMadeLikeAnother() {
        let outcome = scene(
            """
            $m network create --config-only --subnet 10.77.1.0/24 --ip-range 10.77.1.64/26 --aux-address a=10.77.1.65 \\
              -o mtu=1400 -o com.docker.network.bridge.enable_icc=false --label k=v model >/dev/null
            $m network create --config-only -o macvlan_mode=private empty >/dev/null; ip -o link show type bridge
            $m network inspect empty -f '{{.Driver}} {{.ConfigOnly}} {{json .IPAM.Config}} {{json .Options}}'
            $m network create --config-from model one >/dev/null
            $m network inspect one -f '{{.Driver}} {{.ConfigFrom.Network}} {{json .IPAM.Config}} {{json .Labels}}'
            $m network inspect one -f '{{index .Options "com.docker.network.bridge.enable_icc"}} {{index .Options "com.docker.network.driver.mtu"}}'
            $m run --rm --net one sh -c 'ip -o -4 addr show eth0; cat /sys/class/net/eth0/mtu' | sed 's/.*inet //;s/ .*//'
            $m network rm model; $m network ls -q --filter driver=null | wc -l
            $m network explain model; echo $?; $m network reload
            for n in one empty model; do $m network rm $n; done; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                #"null true [] {"macvlan_mode":"private"}"#,
                #"bridge model [{"Subnet":"10.77.1.0/24","IPRange":"10.77.1.64/26","Gateway":"10.77.1.1","#
                    + #""AuxiliaryAddresses":{"a":"10.77.1.65"}}] {"k":"v"}"#, "false 1400", "10.77.1.64/24", "1400",
                #"mydocker: configuration network "model" is in use"#, "3",
                "mydocker: warning: network model: nothing is made of it: others are made like it (--config-from)", "0",
                "one", "one", "empty", "model", "clean",
            ], "\(outcome.text)")
    }

    /// IPv6 goes along: beside IPv4, and where the model says of nothing else.
    @Test func whatIsMadeLikeAnotherHasItsIPv6() {
        let outcome = scene(
            """
            $m network create --config-only --ipv6 --subnet 10.77.1.0/24 --subnet fd00:77:1::/64 --gateway fd00:77:1::9 both >/dev/null
            $m network create --config-only --ipv6 --subnet fd00:77:2::/64 six >/dev/null
            for n in both six; do
              $m network create --config-from $n like-$n >/dev/null
              $m network inspect like-$n -f '{{.EnableIPv6}} {{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{end}}' | tr ' ' '\\n' | grep -e true -e fd00
              $m run --rm --net like-$n ip -o -6 addr show eth0 scope global | awk '{print $4}'
            done
            $m network rm like-both like-six both six; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "true", "fd00:77:1::/64", "fd00:77:1::9", "fd00:77:1::2/64", "true", "fd00:77:2::/64", "fd00:77:2::1",
                "fd00:77:2::2/64", "like-both", "like-six", "both", "six", "clean",
            ], "\(outcome.text)")
    }

    /// A model without IPv4, with a subnet and without one.
    @Test func whatIsMadeLikeAnotherHasItsFamilies() {
        let outcome = scene(
            """
            form='{{.EnableIPv4}} {{.EnableIPv6}} {{range .IPAM.Config}}{{.Subnet}} {{end}}'
            $m network create --config-only --ipv4=false --ipv6 --subnet fd00:77:1::/64 six >/dev/null
            $m network create --config-only --ipv4=false --ipv6 any >/dev/null
            $m network create --config-only --ipv6 both >/dev/null; $m network create --config-only usual >/dev/null
            for n in six any both usual; do
              $m network inspect $n -f "$form"; $m network create --config-from $n like-$n >/dev/null
              $m network inspect like-$n -f "$form" | sed 's/fd[0-9a-f:]*::/ULA/;s/[0-9]*[.][0-9./]*/IPV4/'
            done
            $m network ls --filter type=custom --format '{{.Name}} {{.IPv4}} {{.IPv6}}' | grep -v like
            grep -l families /var/lib/mydocker/networks/*.json | wc -l
            $m run --rm --net like-any sh -c 'ip -4 -o addr show eth0 | wc -l; ip -6 -o addr show eth0 scope global | wc -l'
            for flags in --ipv4=false '--ipv4=false --ipv6 --subnet 10.77.1.0/24' '--ipv4=false --ipv6 -d bridge --internal'; do
              $m network create --config-only $flags no >/run/said 2>&1; echo $? $(head -1 /run/said | cut -c-60)
            done
            $m network create --config-only --ignore six 2>&1 >/dev/null | cut -d: -f2-
            for n in six any both usual; do $m network rm like-$n $n; done | wc -l; $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "false true fd00:77:1::/64 ", "false true ULA/64 ", "false true ", "false true ULA/64 ",
                "true true ", "true true IPV4 ULA/64 ", "true false ", "true false IPV4 ",
                "any false true", "both true true", "six false true", "usual true false", "3", "0", "1",
                "1 mydocker: IPv4 or IPv6 must be enabled",
                "1 mydocker: conflicting options: --ipv4=false and 10.77.1.0",
                "1 mydocker: configuration network can only contain network spe",
                #" warning: network "six" exists: its IPv4 is off, not on"#,
                #" warning: network "six" exists: its IPv6 is on, not off"#, "8", "clean",
            ], "\(outcome.text)")
    }

    /// Docker's sentences.
    @Test func whatCannotBeMadeLikeAnother() {
        let outcome = scene(
            """
            $m network create --config-only --subnet 10.77.1.0/24 model >/dev/null
            $m network create --config-only -o macvlan_mode=private other >/dev/null
            $m network create --config-from model one >/dev/null; $m run -d --name box sleep 1000 >/dev/null
            for flags in '--config-from model' '--config-from one' '--config-from nope' '--config-from model --subnet 10.78.0.0/24' \\
              '--config-from model -o mtu=1300' '--config-from model --label a=b' '--config-only --internal' \\
              '--config-only --config-from model' '--config-only -d macvlan' '--config-from other'; do
              $m network create $flags two >/run/said 2>&1; echo $? $(head -1 /run/said)
            done
            $m run --rm --net model true 2>&1 | head -1; $m create --net model true 2>&1 | head -1; $m network connect model box 2>&1 | head -1
            $m rm -f box >/dev/null; $m network prune -f; $m network ls --format '{{.Name}}' --filter type=custom
            $m system check && echo clean
            """)
        let specified =
            "user specified configurations are not supported if the network depends on a configuration network"
        let none = "mydocker: cannot create endpoint on configuration-only network"
        #expect(
            outcome.lines == [
                "1 mydocker: invalid pool request: Pool overlaps with other one on this address space",
                #"1 mydocker: "one" is not a configuration network"#,
                #"1 mydocker: configuration network "nope" does not exist"#, "1 mydocker: \(specified)",
                "1 mydocker: network driver options are not supported if the network depends on a configuration network",
                "1 mydocker: \(specified)",
                "1 mydocker: configuration network can only contain network specific fields. Network operator fields "
                    + "like [ ingress | internal | attachable | scope ] are not supported.",
                "1 mydocker: a configuration network cannot depend on another configuration network",
                "1 mydocker: a configuration network has neither driver nor firewall: those that are made like it do",
                #"1 mydocker: driver bridge has no option "macvlan_mode""#, none, none, none, "Deleted Networks:",
                "one",
                "model", "other", "clean",
            ], "\(outcome.text)")
    }

    /// As `docker network ls -q` prints them, before anything is made of them.
    @Test func theyAreKnownByTheirIDs() {
        let outcome = scene(
            """
            mode() { $m create --network $1 --name box true >/dev/null; $m inspect -f '{{.HostConfig.NetworkMode}}' box; $m rm box >/dev/null; }
            mode 686f73740000; mode 6e6f6e650000; mode 68; mode 6e6f
            $m network rm 6e; echo $?; $m network inspect 62 -f '{{.Name}}'; $m network rm 6; echo $?
            for n in 686f73740000 6e6f6e650000 627269646765; do $m network rm $n; echo $?; done
            $m network reload bridge; echo $?; $m network doctor bridge; echo $?; $m network doctor host; echo $?
            $m network explain 627269646765 | grep -q mydocker0 && echo explained; ls /var/lib/mydocker/networks 2>/dev/null | wc -l
            $m run --rm --network 627269646765 true; echo $?; $m network reload 627269646765; $m system check && echo clean
            """)
        let kept = ["host", "none", "bridge"].flatMap {
            ["mydocker: \($0) is a pre-defined network and cannot be removed", "1"]
        }
        #expect(
            outcome.lines == [
                "host", "none", "host", "none", "mydocker: none is a pre-defined network and cannot be removed", "1",
                "bridge", "mydocker: multiple IDs found with provided prefix: 6", "1",
            ] + kept + [
                "mydocker: warning: network bridge: it is made when it is first used", "0", "0",
                "mydocker: network host: nothing is made for it", "1", "explained", "0", "0", "bridge", "clean",
            ], "\(outcome.text)")
    }

    /// Made or not, with the same id before and after.
    @Test func networksThatEveryHostHas() {
        let outcome = scene(
            """
            $m network ls --filter type=builtin --format '{{.Name}} {{.ID}} {{.Driver}} {{.Scope}} {{.IPv4}}'
            $m network ls -q --filter name=host; $m network inspect host none 686f73740000 -f '{{.Name}} {{.Driver}} {{.Scope}} {{json .IPAM.Config}}'
            bridge() { $m network inspect bridge -f '{{.Name}} {{.Id}} {{.Driver}} {{json .IPAM.Config}} {{json .Options}}'; }
            bridge >/run/before; cut -c1-19 </run/before; ip -o link show mydocker0 2>/dev/null | wc -l; ls /var/lib/mydocker/networks 2>/dev/null | wc -l
            $m run --rm true; bridge | diff - /run/before && echo same
            $m network ls --filter name=bridge --format '{{.Name}} {{.ID}}'; for n in bridge host none; do $m network rm $n; echo $?; done
            $m network prune -f >/dev/null; $m network list | tail -n +2; $m system check && echo clean
            """)
        let kept = ["bridge", "host", "none"].flatMap {
            ["mydocker: \($0) is a pre-defined network and cannot be removed", "1"]
        }
        #expect(
            outcome.lines == [
                "bridge 627269646765 bridge local true", "host 686f73740000 host local true",
                "none 6e6f6e650000 null local true", "686f73740000", "host host local []", "none null local []",
                "host host local []", "bridge 627269646765", "0", "0", "same", "bridge 627269646765",
            ] + kept + ["bridge      172.17.0.1/16   bridge", "clean"], "\(outcome.text)")
    }

    /// The plain list and its ids are of the same networks; whoever asks in Docker's words, or by its name, gets Docker's list.
    @Test func listsOfTheSameNetworks() {
        let outcome = scene(
            """
            d=/run/docker; ln -s $(realpath $m) $d
            show() { echo "$(table $m) $(ids $m), $(table $d) $(ids $d), $(forms $m), $(forms $d)"; }
            table() { $1 network ls | tail -n +2 | wc -l; }; ids() { $1 network ls -q | wc -l; }
            forms() { $1 network ls --format '{{.Name}}' | wc -l; $1 network ls --json | jq length; $1 network ls -q -f name=host | wc -l; }
            show | xargs; $m network create --subnet 10.77.1.0/24 one >/dev/null; show | xargs; $m run --rm true; show | xargs
            $m network rm one; rm $d
            """)
        #expect(
            outcome.lines == ["0 0, 3 3, 3 3 1, 3 3 1", "1 1, 4 4, 4 4 1, 4 4 1", "2 2, 4 4, 4 4 1, 4 4 1", "one"],
            "\(outcome.text)")
    }

    @Test func listsByAge() {
        let outcome = scene(
            """
            $m network create --subnet 10.77.1.0/24 one >/dev/null
            $m network ls -q --filter until=1h | wc -l; $m network ls -q --filter until=$(date -d '+1 hour' +%s) | wc -l
            $m network ls -q --filter until=1x; echo $?; $m network ls --filter until=1h --filter until=2h; echo $?
            $m network prune -f --filter until=1h; $m network prune -f --filter label=none
            $m network ls --format '{{.Name}}' --filter type=custom
            """)
        #expect(
            outcome.lines == [
                "0", "1", "mydocker: invalid filter 'until=1x'",
                "  Use a time such as 2024-01-02T15:04:05Z, 1704207845 or 10m", "1",
                "mydocker: more than one until filter specified", "1", "one",
            ], "\(outcome.text)")
    }
}
