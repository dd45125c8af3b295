import Testing

extension CLI {
    /// `/etc/mydocker/config.json`.
    @Suite struct ConfigurationFile {
        /// - Parameter script: `configure TEXT` writes the file, which only this script and what it starts see.
        private func scene(_ script: String) -> Outcome {
            let preamble = """
                exec 2>&1
                m=$MYDOCKER
                mkdir -p /etc/mydocker; mount -t tmpfs tmpfs /etc/mydocker
                configure() { printf %s "$1" > /etc/mydocker/config.json; }
                """
            return Host.run(
                ["unshare", "--mount", "bash", "-c", preamble + "\n" + script],
                environment: ["MYDOCKER": Host.mydocker])
        }

        @Test func newNetworksAreAsItSays() {
            let outcome = scene(
                """
                configure '{"firewall-backend": "nftables", "default-address-pools": [{"base": "10.201.0.0/23", "size": 24}]}'
                for name in aa bb; do $m network create $name >/dev/null; done
                $m network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}' aa bb
                nft list tables; $m network create cc
                $m network create --firewall none --subnet 10.202.0.0/24 dd >/dev/null; $m network explain dd | grep -c nft
                $m network rm aa bb dd; $m system check && echo clean
                """)
            #expect(
                outcome.lines == [
                    "10.201.0.0/24 10.201.0.1", "10.201.1.0/24 10.201.1.1", "table ip mydocker-filter",
                    "table ip mydocker-nat",
                    "mydocker: all predefined address pools have been fully subnetted",
                    "  give the network a --subnet of its own", "0", "aa", "bb", "dd", "clean",
                ], "\(outcome.text)")
        }

        @Test func subnetsOfIPv6AreChosenWhereItSays() {
            let outcome = scene(
                """
                configure '{"default-address-pools": [{"base": "fd77:1::/63", "size": 64}, {"base": "10.201.0.0/22", "size": 24}]}'
                for name in aa bb; do $m network create --ipv6 $name >/dev/null; done
                $m network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{end}}' aa bb
                $m network create --ipv6 cc; echo $?; $m network create --ipv6 --subnet fd77:9::/64 cc >/dev/null; echo $?
                configure '{"default-address-pools": [{"base": "fd77:2::/48", "size": 64}]}'; $m network create --ipv6 dd >/dev/null
                $m network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{end}}' dd | sed 's/^10[.0-9]*/10/'
                $m network rm aa bb cc dd; $m system check && echo clean
                """)
            #expect(
                outcome.lines == [
                    "10.201.0.0/24 10.201.0.1 fd77:1::/64 fd77:1::1 ",
                    "10.201.1.0/24 10.201.1.1 fd77:1:0:1::/64 fd77:1:0:1::1 ",
                    "mydocker: all predefined address pools have been fully subnetted",
                    "  give the network a --subnet of its own", "1", "0", "10/22 fd77:2::/64 ", "aa", "bb", "cc", "dd",
                    "clean",
                ], "\(outcome.text)")
        }

        @Test func portsArePublishedWhereItSays() {
            let outcome = scene(
                """
                configure '{"ip": "127.0.0.1"}'
                $m network create --subnet 10.203.0.0/24 aa >/dev/null
                $m run -d --name web --net aa -p 80:80 -p 0.0.0.0:81:80 sleep 1000 >/dev/null; $m port web | sort; $m rm -f web
                MYDOCKER_PUBLISH_IP=127.0.0.2 $m run -d --name web --net aa -p 80:80 sleep 1000 >/dev/null; $m port web; $m rm -f web
                $m network rm aa
                """)
            #expect(
                outcome.lines == [
                    "80/tcp -> 0.0.0.0:81", "80/tcp -> 127.0.0.1:80", "web", "80/tcp -> 127.0.0.2:80", "web", "aa",
                ], "\(outcome.text)")
        }

        @Test func whatCannotBeUsedIsSaid() {
            Ledger.expectUnchanged {
                let outcome = scene(
                    """
                    configure '{"firewall": "nftables"}'; $m network create aa; echo $?
                    configure '{'; $m network create aa; echo $?
                    $m run --rm -p 80:80 true; echo $?; $m run --rm --net none true; echo $?
                    configure '{"ip": "127.0.0.1", "ip": "0.0.0.0"}'; $m network create aa; echo $?
                    rm /etc/mydocker/config.json; mkfifo /etc/mydocker/config.json; $m network create aa; echo $?
                    """)
                let file = #"mydocker: read configuration "/etc/mydocker/config.json":"#
                #expect(
                    outcome.lines == [
                        #"\#(file) there is no key "firewall"; there are firewall-backend, ip, default-address-pools, max-image-size"#,
                        "  mend the file, or remove it", "1", "\(file) expected a member name at byte 1",
                        "  mend the file, or remove it", "1", "\(file) expected a member name at byte 1",
                        "  mend the file, or remove it", "125", "0",
                        #"\#(file) the key "ip" is given twice at byte 20"#, "  mend the file, or remove it", "1",
                        #"mydocker: read "/etc/mydocker/config.json": it is a pipe"#,
                        "  put a file in its place", "1",
                    ], "\(outcome.text)")
            }
        }
    }
}
