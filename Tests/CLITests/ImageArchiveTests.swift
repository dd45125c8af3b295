import Foundation
import Testing

extension CLI {
    /// `load` and `import` of what others wrote, also with bad intent.
    @Suite(.serialized) struct ImageArchives {
        init() { #expect(Host.hasDefaultImage) }

        /// A docker-archive as Docker before 25 writes it: two layers, one of which is there twice, by a link.
        private func archive(_ scratch: String, names: String) {
            let made = Host.shell(
                """
                set -e
                cd \(scratch)
                mkdir -p save/one save/two save/three root/bin
                cp "$(command -v busybox)" root/bin/sh
                tar -C root -cf save/one/layer.tar bin
                echo hello >file
                tar -cf save/two/layer.tar file
                ln -s ../one/layer.tar save/three/layer.tar
                one=$(sha256sum <save/one/layer.tar | cut -d' ' -f1) two=$(sha256sum <save/two/layer.tar | cut -d' ' -f1)
                printf '{"os":"linux","config":{"Cmd":["/bin/sh","-c","read x </file; echo $x"]},"rootfs":{"type":"layers",%s}}' \\
                  "\\"diff_ids\\":[\\"sha256:$one\\",\\"sha256:$two\\",\\"sha256:$one\\"]" >config
                id=$(sha256sum <config | cut -d' ' -f1)
                mv config save/$id.json
                printf '[{"Config":"%s.json","RepoTags":%s,"Layers":["one/layer.tar","two/layer.tar","three/layer.tar"]}]' \\
                  $id '\(names)' >save/manifest.json
                tar -C save -cf save.tar .
                gzip -k save.tar
                echo $id
                """)
            #expect(made.code == 0, "\(made.error)")
        }
    }
}

extension CLI.ImageArchives {
    @Test func W1_W3_aDockerArchiveIsLoadedAndRuns() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                archive(scratch, names: #"["docker.io/library/saved:latest","saved:2"]"#)
                let input = try Data(contentsOf: URL(fileURLWithPath: scratch + "/save.tar.gz"))
                for outcome in [
                    mydocker("load", "-i", scratch + "/save.tar"), mydocker("load", input: input),
                    mydocker("load", "-i", scratch + "/save"),
                ] {
                    #expect(outcome.text == "Loaded image: saved:latest\nLoaded image: saved:2\n", "\(outcome.error)")
                    // The lowest layer is there twice.
                    #expect(runOnce("saved").text == "hello\n")
                    succeed("tag", "saved", "saved:other")
                }
                #expect(succeed("load", "-i", scratch + "/save.tar").lines.count == 2)
                succeed("rmi", "-f", "saved", "saved:2", "saved:other")
            }
        }
    }

    /// What every container is given a place for is no part of what one has changed, unless something is in it.
    @Test func placesOfMountsAreNotCommitted() throws {
        try withScratch { scratch in
            let outcome = Host.shell(
                """
                cd \(scratch); mkdir -p root/bin; cp "$(command -v busybox)" root/bin/sh; ln root/bin/sh root/bin/touch
                tar -C root -c bin | $MYDOCKER import - bare >/dev/null
                for file in /y /etc/own; do
                  $MYDOCKER run --name made --net none --image bare touch $file
                  $MYDOCKER commit made changed >/dev/null; $MYDOCKER image diff bare changed
                  $MYDOCKER rm made >/dev/null; $MYDOCKER rmi changed >/dev/null
                done
                $MYDOCKER rmi bare >/dev/null
                """)
            #expect(outcome.lines == ["A /y", "A /etc", "A /etc/own"], "\(outcome.text)\(outcome.error)")
        }
    }

    @Test func anImageHasTooManyVolumes() throws {
        let outcome = Host.shell(
            """
            $MYDOCKER import -c "VOLUME $(seq -s ' ' -f /v%g 600)" - overfull >/dev/null < <(tar -c -C /etc passwd)
            $MYDOCKER run --rm --net none overfull true; echo $?; $MYDOCKER rmi overfull >/dev/null
            """)
        #expect(outcome.lines == ["125"], "\(outcome.text)")
        #expect(
            outcome.error.contains("run image \"overfull:latest\": it has 600 volumes, and may have 512"),
            "\(outcome.error)")
    }

    @Test func W1_oneWithoutANameIsShownByItsID() throws {
        try withScratch { scratch in
            archive(scratch, names: "null")
            let outcome = succeed("load", "-i", scratch + "/save.tar")
            #expect(outcome.text.wholeMatch(of: /Loaded image ID: sha256:[0-9a-f]{64}\n/) != nil, "\(outcome.text)")
            succeed("rmi", String(outcome.word.suffix(64)))
        }
    }

    /// These libarchive decodes by a program in PATH, or by old code.
    @Test func S12_noProgramDecodes() throws {
        try withScratch { scratch in
            let made = Host.shell(
                """
                cd \(scratch); mkdir bin
                for program in lrzip grzip lzop gzip zstd xz bzip2 lzma lz4 uncompress rpm2cpio; do
                  printf '#!/bin/sh\\necho %s >>\(scratch)/executed; cat' $program >bin/$program; chmod +x bin/$program
                done
                zeros=$(printf '\\\\0%.0s' $(seq 600))
                printf "LRZI\\0\\6$zeros" >lrz
                printf "GRZipII\\0\\2\\4:)$zeros" >grz
                printf "\\211LZO\\0\\r\\n\\032\\n\\020\\60\\040\\240\\0\\11\\100$zeros" >lzo
                printf 'begin 644 x\\n#86)C\\n`\\nend\\n' >uu
                printf "\\355\\253\\356\\333\\3\\0\\0\\0$zeros" >rpm
                touch file; tar cf plain.tar file; xz -k --format=lzma plain.tar
                """)
            #expect(made.code == 0, "\(made.error)")
            let path = "\(scratch)/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
            for file in ["lrz", "grz", "lzo", "uu", "rpm", "plain.tar.lzma"] {
                for command in [["import", "\(scratch)/\(file)", "s12"], ["load", "-i", "\(scratch)/\(file)"]] {
                    let outcome = Host.run([Host.mydocker] + command, environment: ["PATH": path])
                    #expect(outcome.code == 1, "\(file)")
                    #expect(
                        outcome.error.contains("not a tar archive, plain or compressed by"), "\(file): \(outcome.error)"
                    )
                }
            }
            for program in ["gzip", "zstd", "xz", "bzip2"] {
                Host.shell("cd \(scratch) && \(program) -c plain.tar >packed")
                let outcome = Host.run(
                    [Host.mydocker, "import", "\(scratch)/packed", "s12"], environment: ["PATH": path])
                #expect(outcome.code == 0, "\(program): \(outcome.error)")
            }
            #expect(!FileManager.default.fileExists(atPath: scratch + "/executed"))
            succeed("rmi", "s12")
        }
    }
}
