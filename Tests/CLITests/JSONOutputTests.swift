import Foundation
import Testing

extension CLI {
    /// docs/json.md
    @Suite(.sweepsImages) struct JSONOutput {
        /// A command line, a filter of jq, and what that says of standard output; in this order.
        private static let lines: [(line: String, filter: String, expected: String)] = [
            ("network create --json --subnet 10.234.0.0/24 jsnet", ".id|length", "64"),
            ("network create --json --subnet 10.235.0.0/24 jsnet2", ".id|length", "64"),
            ("create --json --net none --name jscreated busybox true", "keys", #"["id"]"#),
            ("run --json -d --net jsnet -p 18235:80 --name jsrun busybox sleep 1000", ".id|length", "64"),
            ("ps --json -f name=jsrun", "[.[].Names]", #"["jsrun"]"#), ("ps --json -f name=jsnone", ".", "[]"),
            ("ps --json -q --format {{.ID}} -f name=jsrun", ".[0].State", #""running""#),
            ("inspect --json jsrun", ".[0].Name", #""/jsrun""#),
            ("network list --json -f name=jsnet", "[.[].Name]", #"["jsnet","jsnet2"]"#),
            ("network inspect --json jsnet", ".[0].Name", #""jsnet""#),
            ("network connect --json jsnet2 jsrun", ".", #"{"network":"jsnet2","container":"jsrun"}"#),
            ("network disconnect --json jsnet2 jsrun", ".", #"{"network":"jsnet2","container":"jsrun"}"#),
            ("network reload --json jsnet", ".", #"[{"name":"jsnet"}]"#),
            ("network explain --json jsnet jsrun", "length>20 and all(.words|length>1)", "true"),
            ("network doctor --json jsnet", ".", #"{"clean":true,"findings":[]}"#),
            ("network graph --json jsnet", ".networks[0].containers[0].name", #""jsrun""#),
            ("port --json jsrun", ".", #"[{"port":"80/tcp","hostIp":"0.0.0.0","hostPort":18235}]"#),
            ("port --json jsrun 80", ".[0].hostPort", "18235"),
            ("container inspect --json jsrun", ".[0].Name", #""/jsrun""#),
            ("top --json jsrun", ".lines|length", "2"),
            ("top jsrun --json", ".lines|length", "2"),
            ("stats --json --no-stream jsrun", ".Name", #""jsrun""#),
            ("events --json --since 1h --until 0s -f event=create -f container=jsrun", ".Action", #""create""#),
            ("pause --json jsrun", ".", #"[{"name":"jsrun"}]"#), ("unpause --json jsrun", ".", #"[{"name":"jsrun"}]"#),
            ("update --json --restart no jsrun", ".", #"[{"name":"jsrun"}]"#),
            ("diff --json jsrun", ".", "[]"), ("cp --json jsrun:/etc/hosts - | wc -c | jq '.>999'", ".", "true"),
            ("commit --json jsrun jsimage", ".id[:7]", #""sha256:""#),
            ("images --json jsimage", ".[0].Tag", #""latest""#),
            ("history --json jsimage", "[.[-1].ID,length>1]", #"["<missing>",true]"#),
            ("image files --json jsimage /bin/busybox", ".[0].Path", #""/bin/busybox""#),
            ("image diff --json busybox jsimage", ".", "[]"),
            ("tag --json jsimage jsimage:2", ".", #"{"name":"jsimage:2"}"#),
            ("rmi --json jsimage:2", ".", #"[{"name":"jsimage:2","done":["Untagged: jsimage:2"]}]"#),
            ("rmi --json jsimage", ".[0].done|length > 1", "true"),
            ("rename --json jscreated jsother", ".", #"{"name":"jsother"}"#),
            ("restart --json -t 0 jsrun", ".", #"[{"name":"jsrun"}]"#),
            ("stop --json -t 0 jsrun", ".", #"[{"name":"jsrun"}]"#),
            ("start --json jsrun", ".", #"[{"name":"jsrun"}]"#), ("kill --json jsrun", ".", #"[{"name":"jsrun"}]"#),
            ("wait --json jsrun", ".", #"[{"name":"jsrun","exitCode":137}]"#),
            ("rm --json jsrun jsother", ".", #"[{"name":"jsrun"},{"name":"jsother"}]"#),
            ("network remove --json jsnet jsnet2", ".", #"[{"name":"jsnet"},{"name":"jsnet2"}]"#),
            ("system boot --json", ".", "[]"), ("version --json", ".Client.Os", #""linux""#),
            ("system check --json", ".clean", "true"),
            ("completion --json bash", ".lines|length > 3", "true"),
            ("import --json - jsempty < <(tar -C /etc -cf - passwd)", ".id[:7]", #""sha256:""#),
            ("rmi --json jsempty", "length", "1"),
            ("build --json -t jsbuilt - < <(echo FROM scratch) 2>/dev/null", ".id[:7]", #""sha256:""#),
            ("rmi --json jsbuilt", "length", "1"), ("builder prune --json -f", ".reclaimedBytes", "0"),
            ("buildx version --json", ".version[:1]", #""v""#),
            ("buildx create --json --name jsb", ".", #"{"name":"jsb"}"#),
            ("buildx use --json jsb", ".", #"{"name":"jsb"}"#), ("buildx inspect --json", ".driver", #""docker""#),
            ("buildx ls --json", "[.[].Name]", #"["default *","jsb"]"#), ("buildx du --json", ".reclaimable", "0"),
            ("buildx rm --json jsb", ".", #"[{"name":"jsb"}]"#),
            ("volume create --json jsvolume", ".", #"{"name":"jsvolume"}"#),
            ("volume ls --json -f name=jsvolume", "[.[].Name]", #"["jsvolume"]"#),
            ("volume inspect --json jsvolume", ".[0].Driver", #""local""#),
            ("volume rm --json jsvolume", ".", #"[{"name":"jsvolume"}]"#),
            ("volume prune --json -f", ".", #"{"volumes":[],"reclaimedBytes":0}"#),
            ("container prune --json -f", ".", #"{"containers":[],"reclaimedBytes":0}"#),
            ("network prune --json -f --filter label=jsnone", ".", #"{"networks":[]}"#),
            ("image prune --json -f --filter label=jsnone", ".", #"{"images":[],"reclaimedBytes":0}"#),
            (
                "system prune --json -f --filter label=jsnone", ".",
                #"{"containers":[],"networks":[],"images":[],"build cache objects":[],"reclaimedBytes":0}"#
            ),
            ("system df --json", "[.[].Type]", #"["Images","Containers","Local Volumes","Build Cache"]"#),
            ("system df --json -v", ".[0].Volumes", "[]"),
            ("info --json", ".Driver", #""overlay2""#),
            ("tag --json busybox localhost:5000/jsbox", ".", #"{"name":"localhost:5000/jsbox"}"#),
            ("push --json localhost:5000/jsbox", ".[0].name", #""localhost:5000/jsbox:latest""#),
            ("pull --json localhost:5000/jsbox", "[.name,.new]", #"["localhost:5000/jsbox:latest",false]"#),
            ("pull -a --json localhost:5000/jsbox", "[.[]|.name,.new]", #"["localhost:5000/jsbox:latest",false]"#),
            ("search --json localhost:5011/thing", ".[0].Name", #""localhost:5011/thing""#),
            ("manifest inspect --json localhost:5000/jsbox", ".schemaVersion", "2"),
            ("buildx imagetools inspect --json localhost:5000/jsbox", ".schemaVersion", "2"),
            ("rmi --json localhost:5000/jsbox", "length", "1"),
            ("login --json -u a -p b localhost:5000", ".", #"{"registry":"localhost:5000"}"#),
            ("logout --json localhost:5000", ".removed", "true"),
            ("image inspect --json busybox", ".[0].RepoTags", #"["busybox:latest"]"#),
        ]

        @Test func resultsAreOneValue() throws {
            #expect(Host.hasDefaultImage)
            try withScratch { scratch in
                let registry = try TestRegistry(scratch, port: 5000)
                let search = try SearchServer(scratch, port: 5011)
                try compareResults("export REGISTRY_AUTH_FILE=\(scratch)/auth.json; ")
                _ = (registry, search)
            }
        }

        /// - Parameter preparation: words of shell in front of each line.
        private func compareResults(_ preparation: String) throws {
            defer { Host.shell("$MYDOCKER rm -f jsrun jscreated jsother; $MYDOCKER network rm -f jsnet jsnet2") }
            for (line, filter, expected) in Self.lines {
                let outcome = Host.shell("\(preparation)$MYDOCKER \(line)")
                #expect(outcome.code == 0, "\(line): \(outcome.error)")
                #expect(outcome.lines.count == 1, "\(line): \(outcome.text)")
                let value = Host.run(["jq", "-c", filter], input: outcome.output)
                #expect(value.word == expected, "\(line): \(outcome.text)")
            }
        }

        /// A command that is added is shown here, or in docs/json.md as one of those whose output is a program's.
        @Test func everyCommandIsShown() {
            let shown = Set(
                Self.lines.map { "mydocker-" + $0.line.split(separator: " --json")[0].replacing(" ", with: "-") })
            let programs: Set = [
                "mydocker", "mydocker-exec", "mydocker-attach", "mydocker-logs", "mydocker-load", "mydocker-export",
                "mydocker-save",
                "mydocker-scope-run",
            ]
            let missing = Set(succeed("man").lines).subtracting(shown).subtracting(programs)
            #expect(missing.isEmpty)
        }

        @Test(arguments: [
            ("logs --json jsnosuch", #"["notFound","No such container: jsnosuch"]"#, 1),
            ("ps --json --nosuch", #"["invalid","unknown flag: --nosuch"]"#, 125),
            ("rm --json", #"["invalid","'mydocker rm' requires at least 1 argument"]"#, 1),
            ("run --json --net jsnosuch busybox true", #"["notFound","network jsnosuch not found"]"#, 125),
            ("load --json -i /nosuch", #"["notFound""#, 1), ("stop --json jsnosuch", #"["notFound""#, 1),
            ("ps --nosuch --json", #"["invalid","unknown flag: --nosuch"]"#, 125),
            ("run --nosuch --json sh", #"["invalid","unknown flag: --nosuch"]"#, 125),
            ("jsnosuch --json", #"["invalid","unknown command: mydocker jsnosuch"]"#, 1),
            ("network jsnosuch --json", #"["invalid","unknown command: mydocker network jsnosuch"]"#, 1),
            ("container prune --json", #"["invalid","container prune does not ask with --json"]"#, 1),
            ("ps --json=true --nosuch", #"["invalid","unknown flag: --nosuch"]"#, 125),
            ("--nosuch --json", #"["invalid","unknown flag: --nosuch"]"#, 125),
            (
                "scope run --json jsscope -- jsnosuch", #"["notFound","run \"jsnosuch\": No such file or directory"]"#,
                127
            ),
            ("inspect --json jsnosuch", #"["notFound","no such object: jsnosuch"]"#, 1),
        ]) func errorsAreOneLine(line: String, expected: String, code: Int32) {
            let outcome = Host.shell("$MYDOCKER \(line)")
            #expect(outcome.code == code)
            let value = Host.shell("$MYDOCKER \(line) 2>&1 >/dev/null | jq -c '[.error.code,.error.message]'")
            #expect(value.lines.count == 1 && value.word.hasPrefix(expected), "\(outcome.error)")
        }

        /// What is not there is told, what is done is told all the same.
        @Test func someOfSeveral() throws {
            try withContainer("jssome", "sleep", "1000") { _ in
                let outcome = mydocker("stop", "--json", "-t", "0", "jsnosuch", "jssome")
                #expect(outcome.code == 1 && outcome.text == "[{\"name\":\"jssome\"}]\n")
                #expect(
                    outcome.error.hasPrefix(#"{"error":{"code":"notFound","message":"No such container: jsnosuch""#))
            }
        }

        @Test func warningsAreObjectsToo() throws {
            let network = try TestNetwork("jswarn", "10.236.0.0/24")
            defer { network.remove() }
            let outcome = mydocker(
                "network", "create", "--json", "--ignore", "--subnet", "10.237.0.0/24", network.name)
            #expect(outcome.code == 0 && outcome.text == "{\"id\":\"\(network.id)\"}\n")
            let value = Host.run(["jq", "-c", ".warning.message"], input: Data(outcome.error.utf8))
            #expect(value.text.contains("its subnet is 10.236.0.0/24, not 10.237.0.0/24"), "\(outcome.error)")
        }

        @Test func aProgramsOwnFlagIsLeftToIt() {
            #expect(runOnce("busybox", "echo", "--json").text == "--json\n")
            #expect(runOnce("--json", "busybox", "echo", "--json").text == "--json\n")
        }
    }
}
