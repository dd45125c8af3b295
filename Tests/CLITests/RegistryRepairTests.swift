import Foundation
import Testing

/// What a pull or a push overcomes that has gone wrong here or there.
extension CLI.Registries {
    /// It is only a saving to take a blob over from where one may not read.
    @Test func aRepositoryThatIsRefusedIsNoSource() throws {
        try withRegistry(.token(5001)) { registry, scratch in
            let (hidden, second) = (registry.host + "/hidden", registry.host + "/second")
            let login = ["login", "-u", "tester", "--password-stdin", registry.host]
            #expect(Host.mydocker(home: scratch, login, input: Data("secret\n".utf8)).code == 0)
            succeed("tag", "busybox", hidden)
            #expect(Host.mydocker(home: scratch, ["push", hidden]).code == 0)
            succeed("tag", hidden, second)
            let pushed = Host.mydocker(home: scratch, ["push", second])
            #expect(pushed.code == 0 && !pushed.error.contains("Mounted from"), "\(pushed.error)")
            succeed("rmi", hidden, second)
        }
    }

    /// Of an image that is here, whatever is missing comes anew.
    @Test func whatIsNotWholeIsPulledAgain() throws {
        try withRegistry { registry, scratch in
            let name = registry.host + "/a/b"
            let image = try pushBusybox(to: registry, "a/b", scratch)
            let hex = image.id.split(separator: ":").last ?? ""
            succeed("pull", "-q", name)
            for part in ["images/\(hex).json", "blobs/sha256/\(hex)"] {
                Host.shell("rm /var/lib/mydocker/images/\(part)")
                let pulled = mydocker("pull", "-q", name)
                #expect(pulled.code == 0, "\(part): \(pulled.error)")
                #expect(runOnce(name, "cat", "/mark").code == 0)
                #expect(succeed("image", "inspect", "-f", "{{.Id}}", name).word.hasSuffix(hex))
            }
            succeed("rmi", name)
        }
    }

    /// What has become another content is found, named with what to do, and comes anew.
    @Test func whatIsDamagedIsPulledAgain() throws {
        try withRegistry { registry, scratch in
            let name = registry.host + "/a/b"
            let image = try pushBusybox(to: registry, "a/b", scratch)
            let hex = String(image.id.split(separator: ":").last ?? "")
            succeed("pull", "-q", name)
            let layer = Host.shell("$MYDOCKER manifest inspect \(name) | jq -r '.layers[-1].digest'").word
                .dropFirst(7)
            let images = "/var/lib/mydocker/images"
            let whole = Host.shell("sha256sum \(images)/blobs/sha256/*").text
            for (file, damage, words) in [
                ("blobs/sha256/\(layer)", "truncate -s 100", "it has 100 bytes, and had"),
                (
                    // Where gzip has the time, which is none.
                    "blobs/sha256/\(layer)", "printf x | dd conv=notrunc bs=1 seek=4 status=none of=",
                    "is not that of its digest"
                ),
                ("blobs/sha256/\(layer)", "rm", "it is not there"),
                ("blobs/sha256/\(image.digest.dropFirst(7))", "truncate -s 1", "is not that of its digest"),
                (
                    "blobs/sha256/\(hex)", "printf x | dd conv=notrunc bs=1 status=none of=",
                    "is not that of its digest"
                ),
                ("images/\(hex).json", "truncate -s 5", "damaged"),
            ] {
                let space = damage.hasSuffix("=") ? "" : " "
                try #require(Host.shell("\(damage)\(space)\(images)/\(file)").code == 0)
                let check = mydocker("system", "check")
                #expect(check.code == 3 && check.text.contains(file) && check.text.contains(words), "\(check.text)")
                if file.hasPrefix("blobs") {
                    #expect(check.text.contains("mydocker pull \(name):latest brings it again"), "\(check.text)")
                }
                let pulled = mydocker("pull", "-q", name)
                #expect(pulled.code == 0, "\(damage) \(file): \(pulled.error)")
                #expect(Host.shell("sha256sum \(images)/blobs/sha256/*").text == whole, "\(damage) \(file)")
                #expect(mydocker("system", "check").code == 0, "\(damage) \(file)")
                #expect(runOnce(name, "cat", "/mark").code == 0)
                // From here on it is whole: nothing is read again.
                #expect(mydocker("pull", "-q", name).code == 0)
            }
            succeed("rmi", name)
        }
    }

    /// A layer that was here when the pull began stays, though its last image goes while another layer is waited for.
    @Test func aLayerStaysWhileAnotherIsWaitedFor() throws {
        try withRegistry { registry, scratch in
            let name = registry.host + "/two"
            let outcome = Host.run(
                [
                    "bash", "-ec",
                    """
                    m=$MYDOCKER; cd \(scratch)
                    add() { date +%s%N >$2; $m create --net none --name regmake $1 true >/dev/null; $m cp $2 regmake:/$2 >/dev/null 2>&1; $m commit regmake $3 >/dev/null; $m rm regmake >/dev/null; }
                    lower=\(registry.host)/lower
                    add busybox one $lower; add $lower two \(name)
                    $m push -q $lower >/dev/null; $m push -q \(name) >/dev/null; $m rmi $lower \(name) >/dev/null
                    $m pull -q $lower >/dev/null
                    layer=$($m manifest inspect \(name) | jq -r '.layers[-1].digest' | cut -d: -f2)
                    flock /var/lib/mydocker/images/downloads/$layer sleep 3 & sleep 0.3
                    $m pull -q \(name) & pull=$!
                    sleep 1; $m rmi $lower >/dev/null; wait $pull
                    $m run --rm --net none \(name) cat /one /two | wc -l; $m rmi \(name) >/dev/null
                    """,
                ], environment: ["MYDOCKER": Host.mydocker])
            #expect(outcome.lines == [name + ":latest", "2"], "\(outcome.text)\(outcome.error)")
        }
    }

    /// What a crash has damaged of a layer that is half here is unpacked twice, and counts once.
    @Test func aDamagedPartCountsForNothing() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                let name = registry.name("slow")
                let command = try GroupCommand([Host.mydocker, "pull", "-q", name])
                let find = "find /var/lib/mydocker/images/downloads -type f -size +500k"
                Host.eventually("a part is here") { Host.shell("\(find) | grep -q .").code == 0 }
                kill(command.pid, SIGKILL)
                _ = command.end(seconds: 5)
                Host.shell("printf damage | dd of=$(\(find)) bs=1 seek=5000 conv=notrunc")
                // The layer has two million bytes.
                let pulled = mydocker("pull", "-q", "--max-size", "3m", name)
                #expect(pulled.code == 0 && pulled.text == name + ":latest\n", "\(pulled.error)")
                #expect(mydocker("system", "check").code == 0 || mydocker("system", "check", "--repair").code == 0)
                succeed("rmi", name)
            }
        }
    }
}
