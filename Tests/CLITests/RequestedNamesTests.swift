import Foundation
import Testing

extension CLI.Networks {
    /// Beside its host name, by which it may not know itself.
    @Test func aContainerIsKnownToItselfByItsName() throws {
        let network = try TestNetwork("cnknown", "10.201.142.0/24")
        defer { network.remove() }
        let box = try Box("cnknownbox", on: "cnknown", ["--hostname", "inner"])
        defer { box.remove() }
        let entries = succeed("exec", "cnknownbox", "cat", "/etc/hosts").lines
            .map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
        #expect(entries.contains([box.address, "inner"]), "\(entries)")
        #expect(succeed("exec", "cnknownbox", "ping", "-c", "1", "cnknownbox").text.contains("(\(box.address))"))
    }

    /// On the disk before anything else of it is there: after a power cut nothing is nobody's.
    @Test func aDefinitionIsOnDiskBeforeItsBridge() throws {
        let points = try FaultPoints.list(["network", "create", "--subnet", "10.201.143.0/24", "cnsynced"])
        defer { succeed("network", "rm", "cnsynced") }
        let id = succeed("network", "inspect", "-f", "{{.Id}}", "cnsynced").word
        let file = "/var/lib/mydocker/networks/\(id).json"
        let linked = try #require(points.number("create symbolic link", "/network-names/cnsynced"))
        let replaced = try #require(points.number("replace", file))
        let synced = try #require(points.number("sync", ".tmp"), "the definition is not synced")
        let named = try #require(
            points.number("sync", "/var/lib/mydocker/networks"), "the name of the definition is not synced")
        let bridge = try #require(points.number("create bridge"))
        #expect(linked < synced && synced < replaced && replaced < named && named < bridge)
    }
}

extension CLI.Lifecycle {
    /// Where both the image and the command line name one.
    @Test func theCallersLabelWins() throws {
        try withScratch { scratch in
            try makeRoot("\(scratch)/root")
            Host.run(["tar", "-C", "\(scratch)/root", "-cf", "\(scratch)/tar", "."])
            try Ledger.expectUnchanged {
                succeed(
                    "import", "--change", "LABEL both=image", "--change", "LABEL image=image", "\(scratch)/tar",
                    "lflabels")
                let flags = ["-l", "both=caller", "-l", "caller=caller", "lflabels", "/bin/sleep", "1000"]
                let box = try Box("lflabelled", on: "none", command: flags)
                let labels = "{{.Config.Labels.both}} {{.Config.Labels.image}} {{.Config.Labels.caller}}"
                #expect(inspect(labels, "lflabelled") == "caller image caller")
                for (filter, names) in [("both=caller", ["lflabelled"]), ("both=image", [])] {
                    let listed = succeed("ps", "-f", "label=\(filter)", "--format", "{{.Names}}")
                    #expect(listed.lines == names, "\(filter)")
                }
                box.remove()
                succeed("rmi", "lflabels")
            }
        }
    }
}
