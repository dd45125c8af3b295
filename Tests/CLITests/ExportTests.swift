import Foundation
import Testing

extension CLI {
    /// `diff` and `export`.
    @Suite(.serialized) struct Changes {
        init() { #expect(Host.hasDefaultImage) }

        /// An image of a directory, as long as `body` runs.
        private func withImage(_ script: String, _ body: (_ scratch: String) throws -> Void) throws {
            try withScratch { scratch in
                let made = Host.shell(
                    """
                    set -e; umask 022; mkdir -p \(scratch)/root/bin; cd \(scratch)/root
                    cp $(which busybox) bin/; for p in sh rm mkdir touch sleep chmod mv cat echo stat; do ln -s busybox bin/$p; done
                    \(script)
                    tar c . | $MYDOCKER import - changed:1 >/dev/null
                    """)
                #expect(made.code == 0, "\(made.error)")
                defer { mydocker("rmi", "-f", "changed:1") }
                try body(scratch)
            }
        }
    }
}

extension CLI.Changes {
    @Test func onlyWhatChangedIsListedInOrder() throws {
        try withImage(
            "mkdir -p d/e keep gone re; echo a >d/a; echo b >d/e/b; echo k >keep/k; echo g >gone/g; echo o >re/old"
        ) { _ in
            let script = """
                echo more >>/d/e/b; rm /d/a; mkdir -p /new/sub; echo n >/new/sub/n; rm -r /gone; rm -r /re; mkdir /re; echo x >/re/new
                chmod 700 /keep; echo t >/keep/t; rm /keep/t; : >/d/z; mkdir /d/z-dir; echo ready; exec sleep 1000
                """
            try withContainer("changer", "changed:1", "sh", "-c", script) { _ in
                waitForLog("changer", "ready")
                let wanted = """
                    C /d
                    D /d/a
                    C /d/e
                    C /d/e/b
                    A /d/z
                    A /d/z-dir
                    D /gone
                    C /keep
                    A /new
                    A /new/sub
                    A /new/sub/n
                    C /re
                    A /re/new
                    D /re/old

                    """
                #expect(succeed("diff", "changer").text == wanted)
                succeed("stop", "-t", "0", "changer")
                #expect(succeed("diff", "changer").text == wanted)
            }
        }
    }

    @Test func whatHasOnlyBegunHasChangedNothing() throws {
        succeed("create", "--name", "still", "--net", "none", "true")
        defer { succeed("rm", "still") }
        #expect(succeed("diff", "still").text == "")
        succeed("start", "-a", "still")
        #expect(succeed("diff", "still").text == "")
        let outcome = mydocker("diff", "nobody")
        #expect(outcome.code == 1 && outcome.error == "mydocker: No such container: nobody\n")
    }

    /// Everything that `find` and getfattr tell of a tree.
    private static let tell = """
        tell() { (cd $1; find . ! -type d -printf '%p %y %m %U:%G %T@ %s %l %n\\n' -o -type d -printf '%p %y %m %U:%G %T@\\n' | sort
          find . -type b -exec stat -c '%n %t:%T' {} + ; getfattr -Rhd -m 'user|security.capability' . 2>/dev/null | sort); }

        """

    @Test func whatIsExportedIsImportedAsItWas() throws {
        let script = """
            mkdir -p a/b empty mnt; echo f >a/f; chmod 4751 a/f; ln a/f a/hard; ln -s ../empty a/b/link; ln -s /nowhere dangling
            mkfifo a/pipe; chown -R 7:8 a/b; chmod 1777 empty; touch -d @1234567.25 a/f; touch -h -d @1234567 dangling
            touch -d @7654321 empty; head -c 100000 /dev/urandom >a/random; touch 'a/.wh.no whiteout'; echo é >a/é
            """
        try withImage("mkdir base; echo base >base/f; mknod disk b 8 0") { scratch in
            try withContainer(
                "exporter", "-v", "\(scratch):/mnt", "changed:1", "sh", "-c", "echo ready; exec sleep 1000"
            ) { id in
                waitForLog("exporter", "ready")
                let outcome = Host.shell(
                    Self.tell + """
                        set -e; exec 2>&1; cd \(scratch); mkdir one two made
                        (cd made; \(script)); setfattr -n user.note -v kept made/a/f
                        mknod made/disk b 8 0; tar c --xattrs -C made . | tar x --xattrs -C /proc/$($MYDOCKER inspect -f '{{.State.Pid}}' exporter)/root
                        $MYDOCKER export exporter >one.tar
                        tar x --xattrs --xattrs-include='user.*' -f one.tar -C one
                        $MYDOCKER stop -t 0 exporter >/dev/null
                        $MYDOCKER export -o two.tar exporter; test "$(stat -c %a two.tar)" = 600
                        tar x --xattrs --xattrs-include='user.*' -f two.tar -C two
                        tell one >one.txt; tell two >two.txt
                        grep -v '^\\./\\(mnt\\|dev\\|proc\\|sys\\|etc\\)\\( \\|/\\)\\|^\\. ' one.txt >one.own; grep -v '^\\./\\(mnt\\|dev\\|proc\\|sys\\|etc\\)\\( \\|/\\)\\|^\\. ' two.txt >two.own
                        diff one.own two.own && echo same running and stopped
                        tell made | grep -v '^\\. \\|^\\./mnt ' >made.own; grep -Fxf made.own one.own | sort >common; sort made.own | diff - common && echo as made
                        ls one/mnt one/proc one/dev | tr '\\n' ' '; echo
                        """)
                #expect(
                    outcome.text == "same running and stopped\nas made\none/dev:  one/mnt:  one/proc: \n",
                    "\(outcome.text)")
                let imported = Host.shell(
                    Self.tell + """
                        set -e; exec 2>&1; cd \(scratch); mkdir three
                        $MYDOCKER import two.tar changed:2 >/dev/null; $MYDOCKER create --name importer changed:2 sh >/dev/null
                        $MYDOCKER export importer | tar x --xattrs --xattrs-include='user.*' -C three
                        # In a layer that name is not a file's.
                        tell two | grep -v '^\\. \\|/\\.wh\\.' >two.txt; tell three | grep -v '^\\. ' | diff two.txt - && echo same
                        $MYDOCKER rm importer >/dev/null; $MYDOCKER rmi changed:2 >/dev/null
                        """)
                #expect(imported.text == "same\n", "\(imported.text)")
            }
        }
    }

    @Test func aFileIsExportedWholeOrNotAtAll() throws {
        try withScratch { scratch in
            try withContainer("whole", "sh", "-c", "head -c 3000000 /dev/zero >/big; echo ready; exec sleep 1000") {
                _ in
                waitForLog("whole", "ready")
                let outcome = Host.shell(
                    """
                    cd \(scratch); mkdir small; mount -t tmpfs -o size=2m tmpfs small; echo old >small/x.tar
                    $MYDOCKER export -o small/x.tar whole; echo $?; cat small/x.tar; ls small; umount small
                    $MYDOCKER export -o nope/x.tar whole; echo $?; $MYDOCKER export -o small whole; echo $?
                    $MYDOCKER export nobody -o y.tar; echo $?; ls
                    $MYDOCKER export whole | head -c 10 >/dev/null; echo ${PIPESTATUS[0]} | grep -c '^1$\\|^141$'
                    """)
                #expect(outcome.text == "1\nold\nx.tar\n1\n1\n1\nsmall\n1\n", "\(outcome)")
                #expect(
                    outcome.error.contains("No space left on device")
                        && outcome.error.contains("No such container: nobody"))
            }
        }
    }

    @Test(arguments: [["load"], ["import", "-"]]) func anArchiveIsNotReadFromATerminal(_ words: [String]) throws {
        let session = try TerminalSession([Host.mydocker] + words)
        #expect(session.end() == 1)
        #expect(
            session.text.hasPrefix("mydocker: requested \(words[0]) from stdin, but stdin is empty\r\n"),
            "\(session.text)")
    }

    @Test func anArchiveIsNotWrittenToATerminal() throws {
        try withContainer("shown", "sleep", "1000") { _ in
            let session = try TerminalSession([Host.mydocker, "export", "shown"])
            #expect(session.end() == 1)
            #expect(
                session.text
                    == "mydocker: cowardly refusing to save to a terminal. Use the -o flag or redirect\r\n",
                "\(session.text)")
        }
    }
}
