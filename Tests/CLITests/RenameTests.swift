import Foundation
import Testing

extension CLI {
    /// `rename`, in each phase of a container, beside others, and killed.
    @Suite(.serialized) struct Renames {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.Renames {
    private static let names = "/var/lib/mydocker/names"
    private static let same = "mydocker: Renaming a container with the same name as its current name\n"

    /// The links that are there besides those of other tests. They hold ids in base64url (RFC 4648, section 5).
    private func links(to id: String) -> [String] {
        let bytes = stride(from: 0, to: id.count, by: 2).compactMap { UInt8(id.dropFirst($0).prefix(2), radix: 16) }
        let text = Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
        return Host.names(in: Self.names).filter {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(Self.names)/\($0)")) == text
        }
        .sorted()
    }

    @Test func theNewNameIsTheOnlyOne() throws {
        try Ledger.expectUnchanged {
            let box = try Box("rnold", on: "none")
            let host = succeed("exec", "rnold", "hostname").word
            let rename = succeed("rename", "rnold", "rnnew")
            #expect(rename.text == "" && rename.error == "")
            #expect(links(to: box.id) == ["rnnew"])
            #expect(inspect("{{.Name}}", "rnnew") == "/rnnew")
            #expect(succeed("ps", "--format", "{{.Names}}").lines.contains("rnnew"))
            #expect(mydocker("inspect", "rnold").code == 1)
            #expect(succeed("exec", "rnnew", "hostname").word == host)
            // The old one is free, also by id and by its start.
            succeed("run", "--rm", "--net", "none", "--name", "rnold", "true")
            succeed("rename", String(box.id.prefix(12)), "rnold")
            succeed("rename", box.id, "rnnew")
            #expect(succeed("system", "check").code == 0)
            succeed("rm", "-f", "rnnew")
            #expect(links(to: box.id) == [])
        }
    }

    /// Its supervisor knew it by another name.
    @Test func itsEndReleasesTheNewName() throws {
        try Ledger.expectUnchanged {
            let box = try Box("rnrm", on: "none", ["--rm"])
            succeed("rename", "rnrm", "rnrm2")
            succeed("run", "-d", "--net", "none", "--name", "rnrm", "sleep", "1000")
            succeed("stop", "-t", "0", "rnrm2")
            #expect(links(to: box.id) == [])
            #expect(inspect("{{.State.Status}}", "rnrm") == "running")
            succeed("rm", "-f", "rnrm")
            // In the foreground, with a warning that names it.
            let run = try Background([
                Host.mydocker, "run", "--rm", "--net", "none", "--name", "rnfore", "sleep", "1000",
            ])
            Host.eventually("it runs") { mydocker("inspect", "-f", "{{.State.Status}}", "rnfore").word == "running" }
            succeed("rename", "rnfore", "rnfore2")
            kill(run.pid, SIGTERM)
            #expect(run.end() == 137)
            #expect(run.errorText.contains("\"rnfore2\""), "\(run.errorText)")
            // Its supervisor was killed.
            let dead = try Box("rndead", on: "none", ["--rm"])
            succeed("rename", "rndead", "rndead2")
            dead.killSupervisor()
            succeed("run", "--rm", "--net", "none", "--name", "rndead2", "true")
            #expect(links(to: dead.id) == [])
        }
    }

    @Test func inEachPhase() throws {
        try Ledger.expectUnchanged {
            let id = succeed("run", "-d", "--net", "none", "--name", "rnexit", "true").word
            succeed("wait", "rnexit")
            succeed("rename", "rnexit", "rnexit2")
            #expect(inspect("{{.State.Status}} {{.Name}}", "rnexit2") == "exited /rnexit2")
            succeed("rm", "rnexit2")
            #expect(links(to: id) == [])
            #expect(mydocker("rename", "rnexit2", "rnx").error == "mydocker: No such container: rnexit2\n")

            try withContainer("rnpause", "sleep", "1000") { id in
                succeed("pause", "rnpause")
                succeed("rename", "rnpause", "rnpause2")
                #expect(inspect("{{.State.Status}}", "rnpause2") == "paused")
                succeed("rename", "rnpause2", "rnpause")
            }
            try withContainer("rnrest", "--restart", "always", "sh", "-c", "exit 1") { id in
                Host.eventually("it rests") {
                    inspect("{{.RestartCount}} {{.State.Status}}", "rnrest") >= "3 restarting"
                }
                succeed("rename", "rnrest", "rnrest2")
                Host.eventually("it begins again") { (Int(inspect("{{.RestartCount}}", "rnrest2")) ?? 0) >= 4 }
                #expect(links(to: id) == ["rnrest2"])
                succeed("rename", "rnrest2", "rnrest")
            }
        }
    }

    @Test func whatCannotBeItsName() throws {
        try withContainer("rnthis", "sleep", "1000") { this in
            try withContainer("rnthat", "sleep", "1000") { that in
                let taken = mydocker("rename", "rnthis", "rnthat")
                #expect(taken.code == 1)
                #expect(
                    taken.error
                        == "mydocker: Error when allocating new name: Conflict. The container name \"/rnthat\" is already in "
                        + "use by container \"\(that)\". You have to remove (or rename) that container to be able to reuse "
                        + "that name.\n")
                #expect(mydocker("rename", "rnthis", "rnthis").error == Self.same)
                for empty in [["rnthis", ""], ["", "rnthis"]] {
                    let outcome = Host.run([Host.mydocker, "rename"] + empty)
                    #expect(outcome.code == 1)
                    #expect(outcome.error == "mydocker: Neither old nor new names may be empty\n")
                }
                for name in ["x y", "x", "-x", "../x", ".x", String(repeating: "x", count: 129)] {
                    let outcome = mydocker("rename", "rnthis", "--", name)
                    #expect(outcome.code == 1, "\(name)")
                    #expect(
                        outcome.error.hasPrefix(
                            "mydocker: Error when allocating new name: Invalid container name (\(name)), only "),
                        "\(name)")
                }
                // A name never hides another container from who has its whole id.
                succeed("rename", "rnthis", that)
                #expect(inspect("{{.Name}}", that) == "/rnthat")
                #expect(inspect("{{.Name}}", this) == "/\(that)")
                succeed("rename", this, "rnthis")
                #expect(links(to: this) == ["rnthis"] && links(to: that) == ["rnthat"])
                for wrong in [["rename"], ["rename", "rnthis"], ["rename", "rnthis", "rnx", "rny"]] {
                    #expect(Host.run([Host.mydocker] + wrong).code == 1)
                }
            }
        }
    }

    @Test func aDamagedRecordKeepsItsName() throws {
        let id = succeed("run", "-d", "--net", "none", "--name", "rnbad", "true").word
        succeed("wait", "rnbad")
        let file = "/var/lib/mydocker/containers/\(id)/record.json"
        Host.shell("truncate -s 40 \(file)")
        let rename = mydocker("rename", "rnbad", "rngood")
        #expect(rename.code == 1 && rename.error.contains(file))
        #expect(links(to: id) == ["rnbad"])
        succeed("rm", "-f", "rnbad")
    }

    /// Killed at each of its points: the container has the one name or the other, both at most, and the next command mends that.
    @Test func killedAnywhere() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                try withContainer("rnkill", "sleep", "1000") { id in
                    let list = "\(scratch)/points"
                    mydocker("rename", "rnkill", "rnkill2", environment: ["MYDOCKER_FAULT_LIST": list])
                    succeed("rename", "rnkill2", "rnkill")
                    let points = Host.read(list).split(separator: "\n").count
                    #expect(points >= 4)
                    for point in 1...points {
                        for action in ["kill", "error", "enospc"] {
                            mydocker(
                                "rename", "rnkill", "rnkill2", environment: ["MYDOCKER_FAULT": "\(action)@\(point)"])
                            let name = String(inspect("{{.Name}}", id).dropFirst())
                            let others = ["rnkill", "rnkill2"].filter { $0 != name }
                            #expect(links(to: id).contains(name), "\(action)@\(point)")
                            if action != "kill" { #expect(links(to: id) == [name], "\(action)@\(point)") }
                            if point.isMultiple(of: 2) {
                                // Somebody else wants it.
                                succeed("run", "--rm", "--net", "none", "--name", others[0], "true")
                            } else {
                                mydocker("system", "check", "--repair")
                            }
                            #expect(links(to: id) == [name], "\(action)@\(point)")
                            #expect(mydocker("system", "check").code == 0 || point.isMultiple(of: 2))
                            if name != "rnkill" { succeed("rename", name, "rnkill") }
                        }
                    }
                    mydocker("system", "check", "--repair")
                }
            }
        }
    }

    @Test func oneOfTwoGetsIt() throws {
        try Ledger.expectUnchanged {
            try withContainer("rnleft", "sleep", "1000") { left in
                try withContainer("rnright", "sleep", "1000") { right in
                    for _ in 0..<15 {
                        // Two renames, and a run that wants the same name.
                        let codes = Host.shell(
                            """
                            $MYDOCKER rename \(left) rngoal 2>/dev/null & a=$!
                            $MYDOCKER rename \(right) rngoal 2>/dev/null & b=$!
                            $MYDOCKER run -d --net none --name rngoal sleep 1000 >/dev/null 2>&1 & c=$!
                            for p in $a $b $c; do wait $p && echo won; done
                            """
                        ).lines
                        #expect(codes == ["won"])
                        let owner = inspect("{{.Id}}", "rngoal")
                        if owner == left {
                            succeed("rename", left, "rnleft")
                        } else if owner == right {
                            succeed("rename", right, "rnright")
                        } else {
                            succeed("rm", "-f", "rngoal")
                        }
                        #expect(links(to: left) == ["rnleft"] && links(to: right) == ["rnright"])
                    }
                }
            }
        }
    }

    @Test func besideItsRemoval() throws {
        Ledger.expectUnchanged {
            for round in 0..<20 {
                let id = succeed("run", "-d", "--net", "none", "--name", "rnrace", "sleep", "1000").word
                Host.shell(
                    """
                    $MYDOCKER rm -f \(id) >/dev/null &
                    sleep 0.00\(round % 10)
                    $MYDOCKER rename \(id) rnrace2 2>/dev/null
                    wait
                    """)
                #expect(links(to: id) == [], "round \(round)")
                #expect(mydocker("inspect", id).code == 1)
            }
        }
    }
}
