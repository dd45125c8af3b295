import Foundation
import Testing

/// Where a build reads its Dockerfile and writes what has come of it, and what is not taken for either.
extension CLI.Build {
    /// As a shell's process substitution names them: they are open already, and are not replaced.
    @Test func descriptorsAreReadAndWritten() throws {
        let context = try BuildContext("FROM scratch\nCOPY Dockerfile /")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            cd \(context.directory); filled() { for i in $(seq 500); do [ -s $1 ] && return; sleep 0.01; done; }
            id=$($MYDOCKER build -q -f <(cat Dockerfile) --iidfile >(cat >id) --metadata-file >(cat >meta) .)
            filled id; filled meta
            [ "$(cat id)" = "$id" ] && grep -c containerimage.config.digest meta
            $MYDOCKER build -q -o type=tar,dest=>(cat >tar) .; filled tar; sleep 0.1; tar tf tar | grep -c Dockerfile
            echo first >all; $MYDOCKER build -q --iidfile /dev/stdout . >>all; head -n 1 all; grep -c sha256 all
            """)
        #expect(outcome.lines == ["1", "1", "first", "1"], "\(outcome)")
    }

    /// An archive of the image is known by the same as the image; of files alone there is nothing to say.
    @Test func archivesAreKnownByTheirDigests() throws {
        let context = try BuildContext("FROM scratch\nCOPY Dockerfile /")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            cd \(context.directory); m="$MYDOCKER build -q -t builtknown:1"; files="--iidfile id --metadata-file meta"
            $m -t other $files . >stored; cmp stored <(cat id; echo) && cp id stored && cp meta before
            for type in oci docker; do
              $m -t other $files -o type=$type,dest=x.tar . && cmp id stored && cmp meta before && echo same
              tar xOf x.tar index.json | grep -c $(jq -r '."containerimage.digest"' meta); stat -c %a x.tar
            done
            for to in type=tar,dest=x.tar type=local,dest=x; do
              $m $files -o $to . 2>&1 | grep -c 'warning: --iidfile is not written'; ls id 2>/dev/null; cat meta
            done
            stat -c %a x.tar; $MYDOCKER rmi builtknown:1 other >/dev/null
            $MYDOCKER build -q $files -o type=oci,dest=x.tar .; jq -c keys meta
            """)
        let each = ["same", "1", "644"]
        let members = #"["containerimage.config.digest","containerimage.digest"]"#
        #expect(outcome.lines == each + each + ["1", "{}", "1", "{}", "644", members], "\(outcome)")
    }

    @Test func onlyWhatIsKnownStays() throws {
        let context = try BuildContext("FROM scratch\nCOPY Dockerfile /")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            cd \(context.directory); $MYDOCKER images -aq >before
            $MYDOCKER build -q -t builtnothing -o type=cacheonly .; echo $?
            $MYDOCKER images -aq | cmp - before && ls
            $MYDOCKER build --progress plain -o type=cacheonly . 2>&1 | grep -c CACHED
            """)
        #expect(outcome.lines == ["0", "Dockerfile", "before", "1"], "\(outcome)")
    }

    @Test func anArchiveOfFilesIsTheSameEachTime() throws {
        let context = try BuildContext("FROM scratch\nCOPY Dockerfile /")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            cd \(context.directory); m="$MYDOCKER build -q -o type=tar,dest"
            for i in 1 2; do
              $m=known-$i.tar .; SOURCE_DATE_EPOCH=1000000000 $m=dated-$i.tar --no-cache .; sleep 1.1
            done
            for kind in known dated; do cmp $kind-1.tar $kind-2.tar && echo same; done
            TZ=UTC tar tvf dated-1.tar | grep -c '2001-09-09 01:46 ./$'
            """)
        #expect(outcome.lines == ["same", "same", "1"], "\(outcome)")
    }

    @Test func historyHasTheValuesOfVariables() throws {
        let context = try BuildContext(
            "FROM scratch\nARG a=b\nWORKDIR /$a\nWORKDIR c\nWORKDIR /\nENV d=$a e=\"f g\"\nEXPOSE 80 53/UDP")
        defer { context.remove() }
        #expect(context.build("-q", "-t", "builthistory").code == 0)
        defer { mydocker("rmi", "builthistory") }
        #expect(
            succeed("history", "--no-trunc", "--format", "{{.CreatedBy}}", "builthistory").lines == [
                "EXPOSE [80/tcp 53/udp]", "ENV d=b e=f g", "WORKDIR /", "WORKDIR /b/c", "WORKDIR /b", "ARG a=b",
            ])
    }

    @Test func whatIsNoDirectoryOrDockerfile() throws {
        let context = try BuildContext(
            "FROM scratch", "mkdir other pipe; mkdir other/Dockerfile; mkfifo pipe/Dockerfile")
        defer { context.remove() }
        for (path, message) in [
            (
                "/Dockerfile",
                "context must be a directory: \(context.directory)/Dockerfile\n  name the Dockerfile by -f"
            ),
            ("/other", "failed to read dockerfile: open Dockerfile: is a directory"),
            ("/pipe", "failed to read dockerfile: open Dockerfile: it is no regular file"),
        ] {
            let outcome = mydocker("build", context.directory + path)
            #expect(outcome.code == 1 && outcome.error.contains(message), "\(path): \(outcome.error)")
        }
    }

    /// It is named as the context has it.
    @Test func namesOfDeletedFilesAreRefused() throws {
        let context = try BuildContext("FROM scratch\nCOPY . /", "mkdir d; touch d/.wh.x")
        defer { context.remove() }
        let outcome = context.build()
        #expect(outcome.code == 1 && outcome.error.contains("copy \"d/.wh.x\""), "\(outcome.error)")
    }

    /// A root file system needs no name.
    @Test func anImportWithoutAName() throws {
        try withScratch { scratch in
            let id = Host.shell("mkdir \(scratch)/r; tar c -C \(scratch)/r . | $MYDOCKER import -c 'ONBUILD RUN x' -")
                .word
            #expect(id.hasPrefix("sha256:"), "\(id)")
            #expect(succeed("image", "inspect", "-f", "{{.RepoTags}} {{.Config.OnBuild}}", id).word == "[] [RUN x]")
            succeed("rmi", id)
            let refused = mydocker("import", "http://127.0.0.1:1/x.tar", "named")
            #expect(
                refused.code == 1 && refused.error.contains("curl -L http://127.0.0.1:1/x.tar | "), "\(refused.error)")
        }
    }
}
