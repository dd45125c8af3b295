import Foundation
import Testing

/// Every file that mydocker keeps, in every state that it can be found in: the error names it and says what to do, it
/// stays as it is, and nothing else stops working.
extension CLI.Security {
    private static let state = "/var/lib/mydocker"
    private static let runtime = "/run/mydocker"

    /// A line of shell that makes `$FILE` unusable.
    private static let damages = [
        "cut": "truncate -s 40 $FILE", "empty": ": > $FILE", "directory": "rm $FILE; mkdir $FILE",
        "link": "rm $FILE; ln -s $FILE $FILE", "pipe": "rm $FILE; mkfifo $FILE",
        "newer": #"sed -i 's/"version":[12]/"version":3/; s/"schemaVersion":2/"schemaVersion":3/' $FILE"#,
    ]

    private static func whatToDo(about damage: String) -> [String] {
        damage == "newer" ? ["written by a newer mydocker", "upgrade"] : ["repair the file, or move it away"]
    }

    /// Puts `file` into each of these states, and back again.
    private func withDamages(
        to file: String, besides own: [String: String], _ body: (String) throws -> Void
    ) throws {
        for (name, script) in Self.damages.merging(own, uniquingKeysWith: { $1 }).sorted(by: { $0.key < $1.key }) {
            #expect(Host.shell("cp -p \(file) \(file).kept; FILE=\(file); \(script)").code == 0)
            let before = Self.identity(file)
            try body(name)
            #expect(Self.identity(file) == before, "\(name): \(file) was changed")
            #expect(Host.shell("rm -rf \(file); mv \(file).kept \(file)").code == 0)
        }
    }

    private static func identity(_ file: String) -> String { Host.shell("stat -c '%i %Y %s %F' \(file)").text }

    private func expectRefusal(
        _ words: [String], _ code: Int32 = 1, of file: String, _ damage: String, saying texts: [String]? = nil
    ) {
        let outcome = Host.run([Host.mydocker] + words, seconds: 20)
        #expect(outcome.code == code, "\(damage) \(words): \(outcome.error)")
        for text in [file] + (texts ?? Self.whatToDo(about: damage)) {
            #expect(outcome.error.contains(text), "\(damage) \(words): \(outcome.error)")
        }
    }

    @Test func badInput_containerRecords() throws {
        try Ledger.expectUnchanged {
            succeed("run", "-d", "--net", "none", "--name", "bad-good", "sleep", "1000")
            let id = succeed("run", "-d", "--net", "none", "--name", "bad-box", "sleep", "1000").word
            let definition = "\(Self.state)/containers/\(id)/record.json"
            let other = Host.shell("ls -d \(Self.state)/containers/*/ | grep -v \(id) | head -1").word
            let hostile = [
                "overflow": #"sed -i 's/"stopTimeout":10/"stopTimeout":-9223372036854775808/' $FILE"#,
                "limit": #"sed -i 's/"milliCPUs":null/"milliCPUs":9223372036854775807/' $FILE"#,
                "other": "cp \(other)/record.json $FILE",
            ]
            try withDamages(to: definition, besides: hostile) { damage in
                for words in [["inspect", id], ["exec", id, "true"], ["stop", id], ["commit", id, "x"]] {
                    expectRefusal(words, of: definition, damage)
                }
                let list = mydocker("ps", "--format", "{{.Names}}")
                #expect(list.lines == ["bad-good"] && list.error.contains(definition), "\(damage): \(list.error)")
                #expect(list.error.contains(Self.whatToDo(about: damage)[0]), "\(damage): \(list.error)")
                succeed("exec", "bad-good", "true")
            }
            let running = "\(Self.runtime)/containers/\(id)/state.json"
            let wrong = ["process": #"sed -i -E 's/"pid":[0-9]+/"pid":99999999999/' $FILE"#]
            try withDamages(to: running, besides: wrong) { damage in
                for words in [["inspect", id], ["exec", id, "true"], ["stop", id], ["rm", id], ["port", id]] {
                    expectRefusal(words, of: running, damage)
                }
                succeed("exec", "bad-good", "true")
            }
            succeed("rm", "-f", "bad-box", "bad-good")
        }
    }

    @Test func badInput_exitRecords() throws {
        try Ledger.expectUnchanged {
            let id = succeed("run", "-d", "--net", "none", "--name", "bad-ended", "sh", "-c", "exit 3").word
            #expect(mydocker("wait", "bad-ended").word == "3")
            let file = "\(Self.state)/containers/\(id)/exit.json"
            try withDamages(to: file, besides: ["code": #"sed -i 's/"exitCode":3/"exitCode":3000000000/' $FILE"#]) {
                for words in [["inspect", id], ["wait", id], ["rm", id]] { expectRefusal(words, of: file, $0) }
            }
            #expect(Host.shell("echo >\(file)").code == 0)
            // Not even that keeps it there.
            succeed("rm", "-f", "bad-ended")
            #expect(mydocker("inspect", id).code == 1)
        }
    }

    @Test func badInput_networks() throws {
        try Ledger.expectUnchanged {
            let good = try TestNetwork("badgood", "10.213.1.1/24")
            let network = try TestNetwork("badnet", "10.213.2.1/24")
            defer {
                network.remove()
                good.remove()
            }
            let file = network.record
            let hostile = [
                "device": #"sed -i 's/"device":"badnet"/"device":"..\/x"/' $FILE"#,
                "other": "cp \(good.record) $FILE",
            ]
            try withDamages(to: file, besides: hostile) { damage in
                expectRefusal(["network", "inspect", "badnet"], of: file, damage)
                expectRefusal(["network", "remove", "badnet"], of: file, damage)
                expectRefusal(["run", "--rm", "--net", "badnet", "true"], 125, of: file, damage)
                let list = mydocker("network", "list")
                #expect(list.code == 0 && list.text.contains("badgood") && list.error.contains(file))
                succeed("run", "--rm", "--net", "badgood", "true")
                succeed("network", "inspect", String(good.id.prefix(12)))
            }
        }
    }

    /// A pool is made again from the containers' records, except one that we know nothing about.
    @Test func badInput_pools() throws {
        try Ledger.expectUnchanged {
            let network = try TestNetwork("badpool", "10.213.3.1/24")
            let box = try Box("badpoolbox", on: "badpool", [])
            defer {
                box.remove()
                network.remove()
            }
            let file = "\(network.runtime)/pool"
            let newer = "printf '\\2' | dd of=\(file) bs=1 seek=16 conv=notrunc status=none"
            #expect(Host.shell("cp -p \(file) \(file).kept; \(newer)").code == 0)
            let before = Self.identity(file)
            expectRefusal(["run", "--rm", "--net", "badpool", "true"], 125, of: file, "newer")
            #expect(mydocker("system", "check", "--repair").code == 3)
            #expect(Self.identity(file) == before)
            #expect(Host.shell("mv \(file).kept \(file)").code == 0)
            for damage in ["cut", "empty", "link", "pipe"] {
                #expect(Host.shell("FILE=\(file); \(Self.damages[damage] ?? "false")").code == 0)
                let outcome = mydocker("run", "--rm", "--net", "badpool", "hostname", "-i")
                #expect(outcome.code == 0 && outcome.error.contains(file), "\(damage): \(outcome.error)")
                // Not the address of the one that runs.
                #expect(outcome.word.hasPrefix("10.213.3.") && outcome.word != box.address)
            }
        }
    }

    /// The state of a container elsewhere is no reason to keep a network.
    @Test func badInput_aStateConcernsItsOwnNetworkOnly() throws {
        try Ledger.expectUnchanged {
            let network = try TestNetwork("badown", "10.213.4.1/24")
            let box = try Box("badownbox", on: "badown", [])
            defer {
                box.remove()
                network.remove()
            }
            succeed("network", "create", "--subnet", "10.213.5.0/24", "badelse")
            succeed("run", "--rm", "--net", "badelse", "true")
            let file = "\(Self.runtime)/containers/\(box.id)/state.json"
            #expect(Host.shell("cp -p \(file) \(file).kept; : >\(file)").code == 0)
            succeed("network", "inspect", "badelse")
            succeed("network", "reload", "badelse")
            succeed("network", "remove", "badelse")
            expectRefusal(["network", "remove", "badown"], of: file, "empty")
            #expect(Host.shell("mv \(file).kept \(file)").code == 0)
        }
    }

    @Test func badInput_images() throws {
        succeed("run", "--rm", "--net", "none", "true")
        let index = "\(Self.state)/images/index.json"
        let remedy = ["put back a good copy, or move it away"]
        try withDamages(to: index, besides: ["digest": "sed -i s#sha256:#sha256:../../# $FILE"]) { damage in
            for words in [["images"], ["rmi", "busybox"], ["tag", "busybox", "x"]] {
                expectRefusal(words, of: index, damage, saying: damage == "newer" ? nil : remedy)
            }
            expectRefusal(
                ["run", "--rm", "--net", "none", "true"], 125, of: index, damage,
                saying: damage == "newer" ? nil : remedy)
            succeed("run", "--rm", "--net", "none", "--rootfs", "/", "true")
        }
    }

    @Test func badInput_imageRecords() throws {
        try withScratch { scratch in
            #expect(Host.shell("cd \(scratch) && touch a && tar cf a.tar a && touch b && tar cf b.tar b").code == 0)
            let id = succeed("import", scratch + "/a.tar", "bad-a").word
            succeed("import", scratch + "/b.tar", "bad-b")
            defer { succeed("rmi", "-f", "bad-a", "bad-b") }
            let file = "\(Self.state)/images/images/\(id.split(separator: ":").last ?? "").json"
            try withDamages(to: file, besides: ["size": #"sed -i 's/"size":/"size":"/' $FILE"#]) { damage in
                let remedy = damage == "newer" ? nil : ["mydocker rmi --force"]
                expectRefusal(["inspect", "bad-a"], of: file, damage, saying: remedy)
                expectRefusal(["run", "--rm", "bad-a", "x"], 125, of: file, damage, saying: remedy)
                let list = mydocker("images")
                #expect(list.code == 0 && list.text.contains("bad-b") && !list.text.contains("bad-a"), "\(list.text)")
                #expect(list.error.contains(file), "\(damage): \(list.error)")
                succeed("inspect", "bad-b")
            }
        }
    }

    /// A container that cannot be read may be made of any image: none may lose its layers.
    @Test func badInput_anImageOfAnUnreadableContainerStays() throws {
        try withScratch { scratch in
            let archive = "cp /bin/busybox \(scratch)/sh && tar cf \(scratch)/a.tar -C \(scratch) sh"
            #expect(Host.shell(archive).code == 0)
            succeed("import", scratch + "/a.tar", "bad-layer")
            let id = succeed("run", "-d", "--net", "none", "--name", "bad-user", "bad-layer", "/sh", "-c", "true").word
            succeed("wait", "bad-user")
            let file = "\(Self.state)/containers/\(id)/record.json"
            #expect(Host.shell("cp -p \(file) \(file).kept; : >\(file)").code == 0)
            let outcome = mydocker("rmi", "bad-layer")
            #expect(outcome.code == 1 && outcome.error.contains(file), "\(outcome.error)")
            #expect(mydocker("rmi", "-f", "bad-layer").text.contains("Untagged: bad-layer:latest"))
            #expect(Host.shell("mv \(file).kept \(file)").code == 0)
            let layer = Host.shell("grep -o '\"layers\":\\[\"[^\"]*' \(file) | cut -d'\"' -f4").word
            #expect(FileManager.default.fileExists(atPath: layer + "/sh"), "\(layer)")
            succeed("rm", "bad-user")
        }
    }

    /// A kept filter that is anything but whole is made again.
    @Test func badInput_keptFilters() throws {
        succeed("run", "--rm", "--net", "none", "true")
        let file = Host.shell("ls \(Self.state)/seccomp/*.bpf | head -1").word
        #expect(Host.shell("cp -p \(file) \(file).good").code == 0)
        for damage in ["cut", "empty", "link", "pipe", "directory"] {
            #expect(Host.shell("FILE=\(file); \(Self.damages[damage] ?? "false")").code == 0)
            let outcome = runOnce("grep", "^Seccomp:", "/proc/self/status")
            #expect(outcome.code == 0 && outcome.text.contains("2"), "\(damage): \(outcome.error)")
            #expect(Host.shell("rm -rf \(file); cp -p \(file).good \(file)").code == 0)
        }
        #expect(Host.shell("rm \(file).good").code == 0)
    }
}
