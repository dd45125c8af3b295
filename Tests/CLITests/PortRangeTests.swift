import Testing

extension CLI.NetworkOptions {
    /// A run of ports that lie as far apart is one rule, or one element of a map, and one entry of a list.
    @Test(arguments: ["iptables", "nftables"]) func rangesOfPorts(firewall: String) {
        let outcome = scene(
            """
            $m network create --firewall \(firewall) --subnet 10.77.1.0/24 one >/dev/null
            $m run -d --net one --name box -p 8000-8899:8000-8899 -p 127.0.0.1:9000-9009:9000-9009/udp \\
              sh -c 'echo page >/index.html; exec httpd -f -p 8899 -h /' >/dev/null
            echo $(iptables-legacy -t nat -S 2>/dev/null | grep -c 'j DNAT') $(nft list ruleset | grep -o 'comment "mydocker-' | wc -l)
            $m ps --format '{{.Ports}}'; $m port box | wc -l; yes last far $fetch 10.250.0.1:8899/index.html
            $m rm -f box >/dev/null; $m run -d --net one --name box -p 8000-8899:18000-18899 \\
              sh -c 'echo moved >/index.html; exec httpd -f -p 18899 -h /' >/dev/null
            echo $(iptables-legacy -t nat -S 2>/dev/null | grep -c 'j DNAT') $(nft list ruleset | grep -o 'comment "mydocker-' | wc -l)
            yes last far $fetch 10.250.0.1:8899/index.html; $m rm -f box >/dev/null
            $m system check && echo clean
            ulimit -n 1000; $m run --rm --net one -p 10000-10899:10000-10899 -p 9100:80 true; echo $?
            """)
        #expect(
            outcome.lines == [
                firewall == "iptables" ? "2 0" : "0 2",
                "0.0.0.0:8000-8899->8000-8899/tcp, 127.0.0.1:9000-9009->9000-9009/udp", "910", "last page",
                firewall == "iptables" ? "1 0" : "0 1", "last moved", "clean",
                "mydocker: publish 901 ports: a process may have 1000 files open, and a port takes one",
                "  publish fewer ports, or allow more open files (ulimit -n)", "125",
            ], "\(outcome.text)")
    }

    /// A port takes a socket of each family here, and the program's limit is about what the program opens.
    @Test(arguments: ["iptables", "nftables"]) func aThousandPortsOfBothFamilies(firewall: String) {
        let outcome = scene(
            """
            $m network create --firewall \(firewall) --ipv6 --subnet 10.77.1.0/24 --subnet fd77::/64 two >/dev/null
            ulimit -S -n 1024
            $m run -d --net two --name box -p 10000-10999:10000-10999 \
              sh -c 'ulimit -Sn >/index.html; exec httpd -f -p 10999 -h /' >/dev/null; echo $?
            $m port box | wc -l; yes last far $fetch 10.250.0.1:10999/index.html
            yes first $fetch 127.0.0.1:10999/index.html; $m exec box ls /proc/1/fd | grep -cE '^[0-9]{3}'
            $m rm -f box >/dev/null; $m run --rm --net two --init -p 10000-10999:10000-10999 sh -c 'ulimit -Sn'; echo $?
            ulimit -n 2000; $m run --rm --net two -p 10000-10999:10000-10999 true; echo $?
            $m system check && echo clean
            """)
        #expect(
            outcome.lines == [
                "0", "2000", "last 1024", "first 1024", "0", "1024", "0",
                "mydocker: publish 1000 ports: a process may have 2000 files open, and a port takes one for each family of addresses",
                "  publish fewer ports, or allow more open files (ulimit -n)", "125", "clean",
            ], "\(outcome.text)")
    }

    /// A script that our own binary would run is looked into however many ports are published.
    @Test func CVE_2019_5736_portsHideNoScript() {
        let outcome = scene(
            """
            $m network create --subnet 10.77.1.0/24 one >/dev/null; echo '#!/proc/self/exe' >/run/script; chmod +x /run/script
            ulimit -n 4000; $m run --rm --net one -v /run/script:/script -p 10000-11499:10000-11499 /script version; echo $?
            """)
        #expect(outcome.lines.last == "126", "\(outcome.text)")
        #expect(outcome.text.contains("mydocker itself cannot run inside a container"), "\(outcome.text)")
    }

    /// Where the kernel has no SCTP, that is said before anything is made.
    @Test func portsOfSCTP() {
        let outcome = scene(
            """
            for command in 'run --rm' create; do
              $m $command -p 36412:36412/sctp true >/run/said 2>&1; code=$?
              test -e /proc/net/sctp && echo "$code there" || echo "$code $(cat /run/said)"
            done
            $m run --rm --expose 36412/sctp true; echo $?; $m run --rm -p 80:80/dccp true 2>&1 | head -1
            $m port nobody 80/dccp 2>&1 | head -1; $m system check && echo clean
            """)
        let absent = """
            mydocker: publish a port of sctp: the kernel has no sctp (CONFIG_IP_SCTP)
              run: modprobe sctp
            """
        let expected = ["125 " + absent, "1 " + absent].flatMap { $0.split(separator: "\n").map(String.init) }
        let lines = outcome.lines
        #expect(lines.starts(with: expected) || lines.starts(with: ["0 there", "0 there"]), "\(outcome.text)")
        #expect(
            lines.suffix(4) == [
                "0",
                #"invalid argument "80:80/dccp" for "-p, --publish" flag: the protocol must be tcp, udp or sctp"#,
                "mydocker: No such container: nobody", "clean",
            ], "\(outcome.text)")
    }
}
