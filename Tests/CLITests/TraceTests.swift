import Testing

extension CLI {
    /// `--trace`: what the kernel is asked and answers.
    @Suite struct Trace {
        @Test func messagesAreShownBesideTheAnswer() {
            let outcome = Host.elsewhere(
                """
                m=$MYDOCKER
                $m --trace network create --firewall nftables --subnet 10.77.7.0/24 traced 2>/run/said | wc -c
                grep -c '^> RTM_NEWLINK.*CREATE' /run/said; grep -A3 '^> RTM_NEWLINK.*CREATE' /run/said | grep -o 'IFLA_IFNAME "traced"'
                grep -c '^< NLMSG_ERROR.* done$' /run/said | sed 's/[1-9][0-9]*/some/'
                grep -m1 -o 'NFT_MSG_NEWRULE' /run/said
                $m --trace run --rm --net traced echo hello 2>/run/said; grep -m1 -o 'IFLA_INFO_KIND "veth"' /run/said
                $m network create --subnet 10.77.8.0/24 silent 2>&1 >/dev/null | wc -l
                $m --trace network create traced 2>&1 >/dev/null | grep -v '^[<>]'; $m --trace 2>&1 | head -1
                $m --trace network create --subnet 10.77.9.0/24 deaf 2>&- >/dev/null; echo $?
                $m network rm traced silent deaf >/dev/null; $m system check && echo clean
                """)
            #expect(
                outcome.lines == [
                    "65", "1", #"IFLA_IFNAME "traced""#, "some", "NFT_MSG_NEWRULE", "hello", #"IFLA_INFO_KIND "veth""#,
                    "0",
                    "mydocker: network with name traced already exists", "Usage:  mydocker COMMAND", "0", "clean",
                ], "\(outcome.text)\(outcome.error)")
        }
    }
}
