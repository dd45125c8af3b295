import Testing

extension CLI {
    /// `history`, `image files` and `image diff`.
    @Suite(.serialized) struct ImageContents {
        private static let scene = """
            exec 2>&1
            m=$MYDOCKER; cd "$(mktemp -d)"; $m run --rm true
            mkdir -p root/data/sub root/data/gone; echo 12345 >root/data/file; ln -s file root/data/link; mkfifo root/data/pipe
            ln -s data root/way; echo x >root/data/sub/deep; chown 3:4 root/data/file; chmod 4711 root/data/file
            find root -exec touch -hd 2001-02-03T04:05:06Z {} +
            tar -C root -cf one.tar .; $m import -m 'from here' one.tar first >/dev/null
            printf 'FROM first\\nENV A=b\\nCOPY new /data/new\\nLABEL a=b\\n' >Dockerfile; echo newer >new
            $m build -q -t second . >/dev/null
            quiet() { $m image files "$@" -q | tr '\\n' ' '; echo; }
            done_() { $m rmi first second third >/dev/null 2>&1; $m builder prune -af >/dev/null; $m system check && echo clean; }

            """
    }
}

extension CLI.ImageContents {
    @Test func stepsAreDockers() {
        let outcome = Host.elsewhere(
            Self.scene + """
                $m history second | sed 's/   */|/g' | sed "s/$($m images -q second)/ID/; s/[0-9A-Za-z ]* ago/AGO/"
                $m history -q second | sed "s/$($m images -q second)/ID/" | tr '\\n' ' '; echo
                $m history --no-trunc -q second | head -1 | cmp - <($m images -q --no-trunc second) && echo whole
                $m image history --human=false --format '{{.Size}} {{.CreatedAt}}' second | grep -c 'T.*Z$'
                $m history --format '{{.CreatedBy}}|{{.Size}}' second; $m history --format json first | jq -c '[.Comment,.Size]'
                $m history nosuch; echo $?; $m history 2>&1 | head -1; $m history --nosuch second 2>&1 | head -1; $m history --format '{{.No}}' first 2>&1 | grep -o 'no entry.*'
                done_
                """)
        let lines = outcome.lines
        #expect(
            Array(lines.prefix(6)) == [
                "IMAGE|CREATED|CREATED BY|SIZE|COMMENT", "ID|AGO|LABEL a=b|0B|mydocker.dockerfile",
                "<missing>|AGO|COPY new /data/new|6B|mydocker.dockerfile",
                "<missing>|AGO|ENV A=b|0B|mydocker.dockerfile", "<missing>|AGO|8B|from here",
                "ID <missing> <missing> <missing> ",
            ], "\(outcome.text)")
        #expect(
            Array(lines.dropFirst(6)) == [
                "whole", "4", "LABEL a=b|0B", "COPY new /data/new|6B", "ENV A=b|0B", "|8B",
                #"["from here","8B"]"#, "mydocker: No such image: nosuch:latest", "1",
                "mydocker: 'mydocker history' requires 1 argument", "unknown flag: --nosuch",
                #"no entry for key "No""#, "clean",
            ], "\(outcome.text)")
    }

    /// Docker shows when an image was made, not when it came here.
    @Test func aLoadedImageIsAsOldAsItSays() {
        let outcome = Host.elsewhere(
            Self.scene + """
                $m save first -o first.tar; before=$($m image inspect -f '{{.Created}}' first); sleep 1.1
                $m rmi first second >/dev/null; $m builder prune -af >/dev/null; $m load -i first.tar
                [ "$($m image inspect -f '{{.Created}}' first)" = "$before" ] && echo as old; done_
                """)
        #expect(outcome.lines == ["Loaded image: first:latest", "as old", "clean"], "\(outcome.text)")
    }

    @Test func filesAreThoseOfAllLayers() {
        let outcome = Host.elsewhere(
            Self.scene + """
                $m run --name c1 --net none --image second --entrypoint '' true 2>/dev/null; $m create --name c2 --net none second x >/dev/null
                $m cp new c2:/data/file; tar -C root -cf - way | $m cp - c2:/data/sub; $m commit c2 third >/dev/null; $m rm c1 c2 >/dev/null 2>&1
                quiet first; quiet third; quiet second /data/new; quiet second data/sub; quiet first /way; quiet first way/sub/deep
                $m image files first /data/ | sed 's/   */|/g'
                $m image files --format '{{.Path}} {{.Link}} {{.UID}} {{.GID}}' first /data/link
                $m image files --json first /data/file | jq -c '.[0]|[.Path,.Size,.Mode]'
                for path in /none /data/file/x /data/file/ ../../etc '' /data/gone/..; do $m image files -q first "$path" | head -2 | tr '\\n' ' '; echo "${PIPESTATUS[0]}"; done
                $m image files nosuch; echo $?; done_
                """)
        #expect(
            outcome.lines == [
                "/ /data /data/file /data/gone /data/link /data/pipe /data/sub /data/sub/deep /way ",
                "/ /data /data/file /data/gone /data/link /data/new /data/pipe /data/sub /data/sub/deep /data/sub/way /way ",
                "/data/new ", "/data/sub /data/sub/deep ",
                "/way /way/file /way/gone /way/link /way/pipe /way/sub /way/sub/deep ", "/way/sub/deep ",
                "MODE|OWNER|SIZE|MODIFIED|PATH", "drwxr-xr-x|0:0|0|2001-02-03 04:05:06|/data",
                "-rws--x--x|3:4|6|2001-02-03 04:05:06|/data/file", "drwxr-xr-x|0:0|0|2001-02-03 04:05:06|/data/gone",
                "lrwxrwxrwx|0:0|0|2001-02-03 04:05:06|/data/link -> file",
                "prw-r--r--|0:0|0|2001-02-03 04:05:06|/data/pipe", "drwxr-xr-x|0:0|0|2001-02-03 04:05:06|/data/sub",
                "-rw-r--r--|0:0|2|2001-02-03 04:05:06|/data/sub/deep", "/data/link file 0 0",
                #"["/data/file","6","-rws--x--x"]"#,
                "mydocker: Could not find the file /none in image first", "1",
                "mydocker: Could not find the file /data/file/x in image first", "1",
                "mydocker: Could not find the file /data/file/ in image first", "1",
                "mydocker: Could not find the file ../../etc in image first", "1", "mydocker: it must not be empty",
                "1",
                "/data /data/file 0", "mydocker: No such image: nosuch:latest", "1", "clean",
            ], "\(outcome.text)")
    }

    @Test func differencesAreThoseOfWhatTheyHold() {
        let outcome = Host.elsewhere(
            Self.scene + """
                $m image diff first second; echo --; $m image diff second first; echo --; $m image diff first first; echo --
                touch root/data/sub/deep; rm -r root/data/gone root/data/pipe; mkdir root/data/pipe; echo in >root/data/pipe/in
                ln -sfn elsewhere root/data/link; echo 54321 >root/data/file; chown 3:4 root/data/file; chmod 4711 root/data/file
                setfattr -n user.note -v x root/data/sub
                tar -C root --xattrs -cf two.tar .; $m import two.tar third >/dev/null; $m image diff first third; echo --
                $m image diff --json first second | jq -c '.[1]'
                $m image diff first nosuch; echo $?; $m image diff first 2>&1 | head -1; done_
                """)
        #expect(
            outcome.lines == [
                "C /data", "A /data/new", "--", "C /data", "D /data/new", "--", "--", "C /data", "C /data/file",
                "D /data/gone", "C /data/link", "C /data/pipe", "A /data/pipe/in", "C /data/sub", "--",
                #"{"kind":"A","path":"/data/new"}"#, "mydocker: No such image: nosuch:latest", "1",
                "mydocker: 'mydocker image diff' requires 2 arguments", "clean",
            ], "\(outcome.text)")
    }

    @Test func accessListsAreDifferences() {
        let outcome = Host.elsewhere(
            """
            exec 2>&1
            m=$MYDOCKER; cd "$(mktemp -d)"
            cat >make.py <<'PYTHON'
            import io, struct, tarfile
            acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in
                [(1, 6, 0xffffffff), (2, 4, 1234), (4, 4, 0xffffffff), (16, 4, 0xffffffff), (32, 4, 0xffffffff)])
            listed = {"SCHILY.xattr.system.posix_acl_access": acl.decode("utf-8", "surrogateescape")}
            for name, headers in (("plain", {}), ("listed", listed)):
                with tarfile.open(name + ".tar", "w", format=tarfile.PAX_FORMAT) as tar:
                    info = tarfile.TarInfo("file")
                    info.mode, info.pax_headers = 0o644, headers
                    tar.addfile(info, io.BytesIO())
            PYTHON
            python3 make.py
            for name in plain listed; do $m import $name.tar $name >/dev/null; done
            $m image files --format '{{.Mode}} {{.Path}}' listed /file; $m image diff plain listed
            $m rmi plain listed >/dev/null; $m system check && echo clean
            """)
        #expect(outcome.lines == ["-rw-r--r-- /file", "C /file", "clean"], "\(outcome.text)")
    }

    @Test func namesSteerNoTerminal() {
        let outcome = Host.elsewhere(
            """
            exec 2>&1
            m=$MYDOCKER; cd "$(mktemp -d)"; mkdir root; touch "$(printf 'root/a\\033[31mb')"
            tar -C root -cf a.tar .; $m import a.tar names >/dev/null; $m import -m "$(printf 'c\\033[31md')" a.tar names2 >/dev/null
            for words in 'image files names' 'image files -q names' 'history names2' "image files --format {{.Path}} names"; do
              script -qec "$m $words" /dev/null | grep -c "$(printf '\\033')"; done
            $m rmi names names2 >/dev/null; $m system check && echo clean
            """)
        #expect(outcome.lines == ["0", "0", "0", "0", "clean"], "\(outcome.text)")
    }
}
