import Testing

/// Further names: links, and aliases that are none.
extension CLI.Names {
    @Test func linksAreNames() {
        let outcome = elsewhere(
            """
            run --name db --network front
            run --name web --network front --link db:data --link later:soon
            $m create --name later --network front sleep 1000 >/dev/null
            run --name web --network front --link db:data --link later:soon
            find web data; ask web soon; $m start later >/dev/null; find web soon; ask db data
            $m exec web grep -c data /etc/hosts
            """)
        #expect(
            outcome.lines == [
                "mydocker: No such container: later", "10.81.1.2", "NXDOMAIN", "10.81.1.4", "SERVFAIL", "0",
            ], "\(outcome.text)")
    }

    /// On the predefined network, as Docker has it.
    @Test func linksOfThePredefinedNetworkAreVariables() {
        let outcome = elsewhere(
            """
            run --name db --expose 5432 -e POSTGRES_USER=me 2>/dev/null
            $m run --rm --name web --link db:the-db -e THE_DB_PORT_5432_TCP_PROTO=mine sh -c 'env | grep ^THE_DB | sort; grep the-db /etc/hosts' 2>/dev/null |
              sed "s/$($m inspect -f '{{.NetworkSettings.IPAddress}}' db)/ADDRESS/; s/$($m ps -qf name=db)/ID/"
            $m run --rm --network front --link db:the-db sh -c 'env | grep ^THE_DB'
            """)
        #expect(
            outcome.lines == [
                "THE_DB_ENV_POSTGRES_USER=me", "THE_DB_NAME=/web/the-db", "THE_DB_PORT=tcp://ADDRESS:5432",
                "THE_DB_PORT_5432_TCP=tcp://ADDRESS:5432", "THE_DB_PORT_5432_TCP_ADDR=ADDRESS",
                "THE_DB_PORT_5432_TCP_PORT=5432", "THE_DB_PORT_5432_TCP_PROTO=mine", "ADDRESS\tthe-db ID db",
            ], "\(outcome.text)")
    }

    /// A network has no names but its containers', whatever its own is.
    @Test func networksTakeNoNamesFromOthers() {
        let outcome = elsewhere(
            """
            upstream --address=/go.dev/192.0.2.7; resolver 'nameserver 127.0.0.53\\n'
            $m network create --subnet 10.81.3.1/24 dev >/dev/null; run --name web --network dev; run --name Api --network dev
            find web go.dev; find web Api.dev; find web web.dev; ask web nothere.dev
            for name in Api api API aPi.Dev; do find web $name; done
            run --name box --network dev --hostname api --network-alias other; find web api; find web other
            run --name asked --network dev --network-alias api; find web api
            $m rename Api Else; find web else; find web api
            """)
        #expect(
            outcome.lines == [
                "192.0.2.7", "10.81.3.3", "10.81.3.2", "REFUSED", "10.81.3.3", "10.81.3.3", "10.81.3.3", "10.81.3.3",
                "10.81.3.3", "10.81.3.4", "10.81.3.3 10.81.3.5", "10.81.3.3", "10.81.3.4 10.81.3.5",
            ], "\(outcome.text)")
    }

    @Test func whatIsNoAliasIsRefused() {
        let outcome = elsewhere(
            """
            for alias in '' a/b .. a..b 'a b' $(printf 'x%.0s' $(seq 64)); do
              $m run --rm --network front --network-alias "$alias" true; echo $?
            done
            $m run --rm --network-alias web true; echo $?
            $m run --rm --network host --network-alias web true; echo $?
            $m run --rm --network front,alias=a true; echo $?
            run --name web 2>/dev/null; $m network connect --alias a bridge web; echo $?
            $m ps -a --format '{{.Names}}'
            """)
        let refused = { (alias: String) in
            [
                "invalid argument \"\(alias)\" for \"--network-alias\" flag: no host name: "
                    + "those are letters, digits, - and _, with dots between",
                "Run 'mydocker run --help' for more information", "125",
            ]
        }
        let unsupported = [
            "mydocker: network-scoped alias is supported only for containers in user defined networks",
            "  make a network with network create, and name it with --network",
        ]
        let aliases = ["", "a/b", "..", "a..b", "a b", String(repeating: "x", count: 64)]
        #expect(
            outcome.lines == aliases.flatMap(refused) + unsupported + ["125"] + unsupported + ["125"] + [
                "invalid argument \"front,alias=a\" for \"--network\" flag: invalid network: invalid field front",
                "Run 'mydocker run --help' for more information", "125",
            ] + unsupported + ["1", "web"], "\(outcome.text)")
    }
}
