import Foundation
import Testing

/// Layers that are stored uncompressed, and pushed as Docker and Podman push.
extension CLI.Registries {
    private static let images = "/var/lib/mydocker/images"
    private static let gzip = "application/vnd.oci.image.layer.v1.tar+gzip"

    /// An image of one plain layer, which is `tree.tar` in the scratch directory.
    /// - Returns: its id.
    private func importWords(_ name: String, _ scratch: String) throws -> String {
        let made = Host.shell(
            """
            cd \(scratch) && mkdir tree && yes words | head -c 2000000 >tree/words && tar cf tree.tar -C tree words
            $MYDOCKER import -c 'LABEL kept=yes' tree.tar \(name)
            """)
        try #require(made.word.hasPrefix("sha256:"), "\(made.text)\(made.error)")
        return made.word
    }

    /// - Returns: the digest that it tells, and what it says of the layers.
    private func push(_ name: String, _ scratch: String) throws -> (digest: String, told: String) {
        let pushed = Host.mydocker(home: scratch, ["push", name])
        let digest = pushed.lines.last?.wholeMatch(of: /latest: digest: (sha256:[0-9a-f]{64}) size: \d+/)?.1
        return (String(try #require(digest, "\(pushed.text)\(pushed.error)")), pushed.error)
    }

    private func compresses(_ name: String) throws -> Bool {
        try FaultPoints.list(["push", "-q", name]).number("compress") != nil
    }

    @Test func whatIsPlainIsCompressedOnItsWay() throws {
        try withRegistry { registry, scratch in
            let name = registry.host + "/plain/words"
            let id = try importWords(name, scratch)
            let pushed = try push(name, scratch)
            #expect(pushed.told.contains(": Preparing") && pushed.told.contains(": Pushed"), "\(pushed.told)")
            #expect(inspect("{{.RepoDigests}}", name) == "[\(name)@\(pushed.digest)]")
            let seen = Host.shell(
                """
                cd \(scratch); skopeo inspect --raw --tls-verify=false docker://\(name) >raw
                echo sha256:$(sha256sum <raw | cut -c -64); jq -r .config.digest raw
                jq -r '.layers[] | .mediaType, (.size < 200000)' raw
                curl -s http://\(registry.host)/v2/plain/words/blobs/$(jq -r '.layers[0].digest' raw) >blob
                gunzip <blob | cmp - tree.tar && head -c 10 blob | od -An -tx1 | tr -d ' '
                skopeo copy -q --insecure-policy --src-tls-verify=false docker://\(name) docker-archive:theirs.tar
                tar xOf theirs.tar $(tar xOf theirs.tar manifest.json | jq -r '.[0].Layers[0]') | cmp - tree.tar && echo same
                """)
            #expect(
                seen.lines == [pushed.digest, id, Self.gzip, "true", "1f8b0800000000000003", "same"],
                "\(seen.text)\(seen.error)")
            succeed("rmi", name)
        }
    }

    /// What it came to is remembered, as long as the layer is there.
    @Test func aLayerIsCompressedOnce() throws {
        try withRegistry { registry, scratch in
            let (name, other) = (registry.host + "/plain/words", registry.host + "/plain/other")
            _ = try importWords(name, scratch)
            #expect(try compresses(name))
            let first = try push(name, scratch)
            #expect(first.told.contains(": Layer already exists"), "\(first.told)")
            #expect(try !compresses(name))
            succeed("tag", name, other)
            let second = try push(other, scratch)
            #expect(second.told.contains(": Mounted from plain/words"), "\(second.told)")
            #expect(second.digest == first.digest)
            #expect(try !compresses(other))
            // What was lost, or is no record, costs the work once more and changes nothing.
            for change in ["os.removexattr(f, a)", "os.setxattr(f, a, b'sha256:1 2')"] {
                let changed = Host.shell(
                    "python3 -c \"import os; a = 'trusted.mydocker.gzip'; f = '\(Self.images)/blobs/sha256/'"
                        + " + '$(sha256sum <\(scratch)/tree.tar | cut -c -64)'; os.getxattr(f, a); \(change)\"")
                try #require(changed.code == 0, "\(changed.error)")
                #expect(try compresses(name))
                #expect(try !compresses(name))
            }
            #expect(try push(name, scratch).digest == first.digest)
            #expect(mydocker("system", "check").code == 0)
            succeed("rmi", name, other)
        }
    }

    /// How often a push makes a directory in the store to work in: one is to have the image stay.
    private func workspaces(_ name: String, _ scratch: String) -> Int? {
        let listed = Host.shell(
            """
            MYDOCKER_FAULT_LIST=\(scratch)/points $MYDOCKER push -q \(name) >/dev/null
            grep -c ' "\(Self.images)/temporary/[^/]*"$' \(scratch)/points; rm \(scratch)/points
            """)
        return Int(listed.word)
    }

    /// A push of what is there needs no room, and where a layer may be taken over from is known by what it is here.
    @Test func whatIsThereIsNotMadeAgain() throws {
        try withRegistry { registry, scratch in
            let (name, other) = (registry.host + "/plain/words", registry.host + "/plain/other")
            _ = try importWords(name, scratch)
            let first = try #require(workspaces(name, scratch))
            let second = try #require(workspaces(name, scratch))
            #expect(second < first, "\(first) \(second)")
            let forgotten = Host.shell(
                """
                setfattr -x trusted.mydocker.gzip \(Self.images)/blobs/sha256/$(sha256sum <\(scratch)/tree.tar | cut -c -64)
                """)
            try #require(forgotten.code == 0, "\(forgotten.error)")
            succeed("tag", name, other)
            let taken = try push(other, scratch)
            #expect(taken.told.contains(": Mounted from plain/words"), "\(taken.told)")
            succeed("rmi", name, other)
        }
    }

    /// Where it was not, it is the same image: content, configuration, and its digest when it goes on from there.
    @Test func whatWasPushedComesBack() throws {
        try withRegistry { registry, scratch in
            let (name, other) = (registry.host + "/plain/words", registry.host + "/plain/other")
            let id = try importWords(name, scratch)
            let pushed = try push(name, scratch)
            succeed("rmi", name)
            #expect(mydocker("image", "inspect", id).code == 1, "nothing of it is here")
            #expect(succeed("pull", name).text.contains("Digest: \(pushed.digest)\n"))
            #expect(inspect("{{.Id}} {{.Config.Labels.kept}}", name) == "\(id) yes")
            let content = Host.shell(
                "cd \(scratch); cmp tree/words \(Self.images)/layers/$(sha256sum <tree.tar | cut -c -64)/words")
            #expect(content.code == 0, "\(content.text)\(content.error)")
            succeed("tag", name, other)
            // Nobody remembers here what its layer was: it goes as it came.
            #expect(try !compresses(other))
            #expect(try push(other, scratch).digest == pushed.digest)
            succeed("rmi", name, other)
        }
    }

    /// A registry may have layers plain: what is pulled from there goes as it came, by way of an index too, and when its first
    /// name is gone.
    @Test(arguments: ["single", "index"]) func whatWasPulledGoesAsItCame(_ tag: String) throws {
        try withRegistry { registry, scratch in
            let (repository, other) = (registry.host + "/plain/theirs", registry.host + "/plain/other")
            let name = "\(repository):\(tag)"
            _ = try importWords("fromwords", scratch)
            let made = Host.shell(
                """
                cd \(scratch); set -e; m=$MYDOCKER; manifests=http://\(registry.host)/v2/plain/theirs/manifests
                $m save -o plain.tar fromwords; architecture=$($m image inspect -f '{{.Architecture}}' fromwords)
                skopeo copy -q --insecure-policy --preserve-digests --dest-tls-verify=false \
                  oci-archive:plain.tar docker://\(repository):single
                skopeo inspect --raw --tls-verify=false docker://\(repository):single >raw
                digest=sha256:$(sha256sum <raw | cut -c -64)
                type=application/vnd.oci.image.index.v1+json
                cat >index <<END
                {"schemaVersion":2,"mediaType":"$type","manifests":[{"mediaType":"$(jq -r .mediaType raw)","digest":"$digest",
                "size":$(stat -c %s raw),"platform":{"architecture":"$architecture","os":"linux"}}]}
                END
                curl -sf -X PUT -H "Content-Type: $type" --data-binary @index $manifests/index
                $m rmi fromwords >/dev/null; jq -r '.layers[].mediaType' raw; echo $digest
                """)
            try #require(made.lines.first == "application/vnd.oci.image.layer.v1.tar", "\(made.text)\(made.error)")
            succeed("pull", "-q", name)
            succeed("tag", name, other)
            succeed("rmi", name)
            #expect(try !compresses(other))
            #expect(try push(other, scratch).digest == made.lines.last)
            succeed("rmi", other)
        }
    }

    /// A pull of what this host has pushed finds the image that is here, whatever its layers are like there.
    @Test func whatWasPushedIsPulledBesideIt() throws {
        try withRegistry { registry, scratch in
            let name = registry.host + "/plain/words"
            let id = try importWords(name, scratch)
            let pushed = try push(name, scratch)
            let byDigest = "\(name)@\(pushed.digest)"
            #expect(succeed("pull", name).text.contains("Status: Image is up to date for \(name):latest"))
            succeed("pull", "-q", byDigest)
            #expect(inspect("{{.Id}} {{.RepoDigests}}", byDigest) == "\(id) [\(byDigest)]")
            // Its last name goes and comes again, by the registry.
            succeed("rmi", name)
            succeed("pull", "-q", name)
            #expect(inspect("{{.Id}} {{.RepoTags}}", byDigest) == "\(id) [\(name):latest]")
            #expect(mydocker("system", "check").code == 0)
            let kept = Host.shell(
                "ls \(Self.images)/blobs/sha256 | grep -c $(sha256sum <\(scratch)/tree.tar | cut -c -64)")
            #expect(kept.word == "1", "the layer is still as it was")
            #expect(Host.shell("$MYDOCKER save \(name) | tar -tf - | grep -c blobs/sha256/.").word == "3")
            #expect(try push(name, scratch).digest == pushed.digest)
            succeed("rmi", "-f", id)
        }
    }

    /// Archives of Docker's own form are uncompressed, too, and have no manifest.
    @Test func whatWasLoadedIsCompressedToo() throws {
        try withRegistry { registry, scratch in
            let name = registry.host + "/plain/loaded"
            let outcome = Host.shell(
                """
                cd \(scratch); m=$MYDOCKER; set -e
                $m save busybox -o ours.tar; skopeo copy -q --insecure-policy docker-archive:ours.tar oci:copy:x
                umoci config --image copy:x --config.label a=b
                skopeo copy -q --insecure-policy oci:copy:x docker-archive:theirs.tar:\(name):latest
                $m load -q -i theirs.tar >/dev/null; $m push -q \(name) >/dev/null; $m rmi \(name) >/dev/null
                skopeo inspect --raw --tls-verify=false docker://\(name) | jq -r '[.layers[].mediaType] | unique[]'
                $m run -q --rm --net none \(name) echo runs; $m rmi \(name) >/dev/null
                """)
            #expect(outcome.lines == [Self.gzip, "runs"], "\(outcome.text)\(outcome.error)")
        }
    }

    /// It ends at once, and nobody has anything to clear away.
    @Test(arguments: [SIGTERM, SIGKILL]) func aSignalEndsCompression(_ signal: Int32) throws {
        try withRegistry { registry, scratch in
            let name = registry.host + "/plain/large"
            let made = Host.shell(
                """
                cd \(scratch) && mkdir tree && head -c 60000000 /dev/urandom >tree/noise
                tar c -C tree noise | $MYDOCKER import - \(name)
                """)
            try #require(made.code == 0, "\(made.error)")
            let command = try GroupCommand([Host.mydocker, "push", "-q", name])
            let find = "find \(Self.images)/temporary -type f -size"
            Host.eventually("it compresses") { Host.shell("\(find) +200k | grep -q .").code == 0 }
            kill(command.pid, signal)
            #expect(command.end(seconds: 5) == 128 + signal, "\(command.text)")
            // A guardian sees to what a kill leaves.
            Host.eventually("nothing is left") { Host.shell("ls \(Self.images)/temporary").text == "" }
            #expect(mydocker("system", "check").code == 0)
            // Nothing has been on its way yet, and the registry is there to say so.
            #expect(Host.shell("curl -s http://\(registry.host)/v2/_catalog").word == #"{"repositories":[]}"#)
            #expect(Host.shell("find \(scratch)/registry-5000 -name _uploads").text == "")
            succeed("rmi", name)
        }
    }
}

extension CLI.Build {
    /// An archive has its layers in the form that is wanted, and is the same image.
    @Test func archivesAreCompressedAsWanted() throws {
        let context = try BuildContext(
            "FROM scratch\nCOPY Dockerfile words /", "yes words | head -c 500000 >words")
        defer { context.remove() }
        defer { mydocker("rmi", "-f", "builtpacked", "builtmore") }
        let outcome = Host.shell(
            """
            cd \(context.directory); m="$MYDOCKER build -q --iidfile id"; set -e
            manifest() { tar xOf x.tar blobs/sha256/$(tar xOf x.tar index.json | jq -r '.manifests[0].digest[7:]'); }
            forms() { manifest | jq -r '[.layers[].mediaType | sub(".*v1[.]"; "")] | join(" ")'; }
            for c in '' ,compression=uncompressed ,compression=gzip ,compression=zstd ,force-compression=true; do
              $m -t builtpacked -o "type=oci,dest=x.tar$c" . && forms
            done
            [ $(stat -c %s x.tar) -lt 100000 ] && echo small
            $MYDOCKER load -qi x.tar >/dev/null; [ $($MYDOCKER image inspect -f '{{.Id}}' builtpacked) = $(cat id) ] && echo same
            printf 'FROM builtpacked\\nCOPY words /more\\n' >Dockerfile
            for c in zstd zstd,force-compression=true uncompressed,force-compression; do
              $m -t builtmore -o "type=docker,dest=x.tar,compression=$c" . && forms
              $MYDOCKER load -qi x.tar >/dev/null; [ $($MYDOCKER image inspect -f '{{.Id}}' builtmore) = $(cat id) ] && echo same
              $MYDOCKER rmi builtmore >/dev/null
            done
            """)
        #expect(
            outcome.lines == [
                "tar", "tar", "tar+gzip", "tar+zstd", "tar+gzip", "small", "same",
                "tar+gzip tar+zstd", "same", "tar+zstd tar+zstd", "same", "tar tar", "same",
            ], "\(outcome.text)\(outcome.error)")
        let bad = context.build("-o", "type=oci,dest=/dev/null,compression=estargz")
        #expect(bad.code == 1 && bad.error.contains("there are uncompressed, gzip, zstd"), "\(bad.error)")
    }
}
