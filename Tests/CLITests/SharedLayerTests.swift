import Foundation
import Testing

extension CLI {
    /// Pulls of images that have layers in common, from a registry that takes its time.
    @Suite(.serialized, .sweepsImages) struct SharedLayers {
        init() { #expect(Host.hasDefaultImage) }

        private static let images = "/var/lib/mydocker/images"

        /// How many layers and blobs the store has, and unfinished ones.
        private func counts() -> [Int] {
            ["layers", "blobs/sha256", "downloads"].map { directory in
                Host.shell("ls \(Self.images)/\(directory) | wc -l").lines.first.flatMap { Int($0) } ?? -1
            }
        }

        private func digest(_ layer: Int, of name: String) -> String {
            let digest = Host.shell("$MYDOCKER manifest inspect \(name) | jq -r '.layers[\(layer)].digest'").word
            #expect(digest.hasPrefix("sha256:"))
            return digest
        }
    }
}

extension CLI.SharedLayers {
    @Test func theSharedOneIsAllThatIsWaitedFor() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                let before = counts()
                let first = try GroupCommand([Host.mydocker, "pull", "-q", registry.name("first")])
                Host.eventually("it is at both layers") { counts()[2] == before[2] + 2 }
                let second = Host.mydocker(home: scratch, ["pull", "-q", registry.name("second")])
                #expect(second.code == 0 && second.text == registry.name("second") + ":latest\n", "\(second.error)")
                #expect(first.code == nil, "the second pull has waited for all of the first: \(first.text)")
                // Somebody has brought the layer, once; the rest is the configuration.
                #expect(registry.requests("/second/blobs/").count == 1)
                #expect(succeed("image", "files", registry.name("second")).text.contains("shared"))
                // The layer is now the second image's alone, should that go, and the first pull's.
                succeed("rmi", registry.name("second"))
                #expect(first.end(seconds: 60) == 0, "\(first.text)")
                let files = succeed("image", "files", registry.name("first")).text
                #expect(files.contains("shared") && files.contains("own"), "\(files)")
                #expect(registry.requests("/first/blobs/").count == 3)
                succeed("rmi", registry.name("first"))
                #expect(counts() == before && mydocker("system", "check").code == 0)
            }
        }
    }

    /// A layer that was in the store already when its pull was killed is not got again; and it is nobody's.
    @Test(arguments: [true, false]) func aKilledPullLosesNothing(goesOn: Bool) throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                let (before, name) = (counts(), registry.name("first"))
                let command = try GroupCommand([Host.mydocker, "pull", "-q", name])
                Host.eventually("a layer is in the store") { counts()[0] == before[0] + 1 }
                kill(command.pid, SIGKILL)
                _ = command.end(seconds: 5)
                if goesOn {
                    #expect(mydocker("pull", "-q", name).text == name + ":latest\n")
                    #expect(registry.requests("/first/blobs/" + digest(0, of: name)).count == 1)
                    #expect(
                        registry.requests("/first/blobs/" + digest(1, of: name)).last?[4].hasPrefix("bytes=") == true)
                    succeed("rmi", name)
                } else {
                    #expect(mydocker("system", "check", "--repair").code == 0)
                    succeed("image", "prune", "-f")
                }
                #expect(counts() == before && mydocker("system", "check").code == 0)
            }
        }
    }

    /// Three parts that were kept count together, though each is unpacked by itself at first; prune takes them away.
    @Test func keptPartsHaveOneBudget() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                let (before, name) = (counts(), registry.name("three"))
                let kept = "find \(Self.images)/downloads -type f -size +150k | wc -l"
                func breakOff() throws {
                    let command = try GroupCommand([Host.mydocker, "pull", "-q", name])
                    Host.eventually("three parts are here") { Host.shell(kept).word == "3" }
                    kill(command.pid, SIGKILL)
                    _ = command.end(seconds: 5)
                }
                try breakOff()
                #expect(Host.shell("du -s \(Self.images)/downloads | cut -f 1").word.count < 5)
                // Unpacked it has 4.5 million bytes, of which each layer has a third.
                let refused = mydocker("pull", "-q", "--max-size", "3m", name)
                #expect(refused.code == 1 && refused.error.contains("it is larger than 3MiB"), "\(refused.error)")
                #expect(counts()[0] == before[0], "what was unpacked is gone again")
                #expect(mydocker("pull", "-q", "--max-size", "5m", name).text == name + ":latest\n")
                succeed("rmi", name)
                try breakOff()
                #expect(succeed("image", "prune", "-f").text.contains("Total reclaimed space: "))
                #expect(counts() == before && mydocker("system", "check").code == 0)
            }
        }
    }
}
