import Foundation
import Testing

extension CLI {
    /// Trees that are very deep, or have very many files.
    @Suite(.serialized) struct LargeTrees {
        init() { #expect(Host.hasDefaultImage) }

        private static let isSoak = ProcessInfo.processInfo.environment["MYDOCKER_SOAK"] == "1"

        /// `deep DIRECTORY COUNT` makes directories in each other, with a file in the last one; `said` tells the length and the
        /// end of what a command has said, and its exit code.
        private static let tools = """
            m=$MYDOCKER; cd "$(mktemp -d)"
            deep() { python3 -c 'import os, sys
            os.chdir(sys.argv[1])
            for _ in range(int(sys.argv[2])): os.mkdir("d"); os.chdir("d")
            open("end", "w").write("x")' "$@"; }
            said() { "$@" >out 2>err; code=$?; echo "$code $(wc -l <out) $(wc -l <err) $(grep -o 'File name too long' err)" | sed 's/ $//'; }
            $m run --rm true

            """
    }
}

extension CLI.LargeTrees {
    /// What the kernel has no path for is refused with one line; what it has one for is right.
    @Test func deepOnes() {
        let outcome = Host.elsewhere(
            Self.tools + """
                for depth in 1500 5000; do
                  id=$($m run -d --name deep --net none busybox sleep 1000)
                  deep /var/lib/mydocker/containers/$id/upper $depth
                  said $m diff deep; said $m commit deep deep:$depth; said $m export -o deep.tar deep
                  mkdir context; deep context $depth; printf 'FROM busybox\nCOPY context /c\n' >Dockerfile
                  $m build -q -t deepbuilt . 2>&1 | grep -c "File name too long"; echo ${PIPESTATUS[0]}; rm -r context
                  $m rm -f deep >/dev/null; $m rmi -f deep:$depth deepbuilt >/dev/null 2>&1; $m builder prune -af >/dev/null
                  $m images -q | wc -l; $m system check && echo clean
                done
                """)
        #expect(
            outcome.lines.map { $0.replacing("  ", with: " ") } == [
                "0 1501 0", "0 1 0", "0 0 0", "0", "0", "1", "clean",
                "1 0 1 File name too long", "1 0 1 File name too long", "1 0 1 File name too long", "1", "1", "1",
                "clean",
            ], "\(outcome.text)\(outcome.error)")
    }

    /// `python3 generate.py COUNT PROGRAM` writes `saved.tar`, as `docker save` does: an image of one layer with a program and so many
    /// files in a hundred directories, a tenth of them with a byte in it. Made byte by byte, this takes less than a second.
    private static let generator = #"""
        cat >generate.py <<'PYTHON'
        import hashlib, json, sys, tarfile
        def head(name, size=0, mode=0o644):
            info = tarfile.TarInfo(name); info.size, info.mode = size, mode
            return info.tobuf(tarfile.USTAR_FORMAT)
        def padded(data): return data + bytes(-len(data) % 512)
        def kind(data): # the sum of a header without a name, what stands in it before the sum, and what stands behind that
            block = head("", len(data))
            return sum(block[:148]) + 8 * ord(" ") + sum(block[156:]), block[100:148], block[156:] + padded(data)
        def entries(count, program):
            yield head("busybox", len(program), 0o755) + padded(program)
            kinds = [kind(b"x")] + 9 * [kind(b"")]
            for number in range(count):
                name = b"many/%d/%d" % (number % 100, number); total, before, behind = kinds[number // 100 % 10]
                yield name.ljust(100, b"\0") + before + b"%06o\0 " % (total + sum(name)) + behind
            yield bytes(1024)
        digest = hashlib.sha256()
        with open("layer.tar", "wb") as layer, open(sys.argv[2], "rb") as program:
            for entry in entries(int(sys.argv[1]), program.read()): digest.update(entry); layer.write(entry)
        documents = {
            "config.json": {"config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest.hexdigest()]}},
            "manifest.json": [{"Config": "config.json", "RepoTags": ["manybox:latest"], "Layers": ["layer.tar"]}]}
        for name, document in documents.items():
            with open(name, "w") as file: json.dump(document, file)
        with tarfile.open("saved.tar", "w") as saved:
            for name in ["layer.tar", *documents]: saved.add(name)
        PYTHON

        """#

    /// An image of a hundred thousand files, and of more where there is time.
    @Test func manyFiles() {
        let count = Self.isSoak ? 500_000 : 100_000
        let outcome = Host.shell(
            Self.tools + Self.generator + """
                timed() { begin=$(date +%s%N); "$@"; echo "$1 $(( ($(date +%s%N) - begin) / 1000000 )) ms" >&2; }
                generate() { python3 generate.py \(count) "$(command -v busybox)"; }
                load() { $m load -q -i saved.tar; }
                run() { $m run --name manyrun --net none manybox /busybox sh -c '/busybox ls /many | /busybox wc -l; /busybox find /many -type f | /busybox wc -l; /busybox rm /many/0/0'; }
                export() { $m export manyrun | tar -t | grep -c '^many/[0-9]*/[0-9]'; }; diff() { $m diff manyrun | tail -n 1; }
                remove() { $m rm manyrun; $m rmi manybox | wc -l; }
                for step in generate load run diff export remove; do timed $step; done
                $m system check && echo clean; rm -r "$PWD"
                """, seconds: 300)
        print("many files: \(count): \(outcome.error.replacing("\n", with: ", "))")
        #expect(
            outcome.lines == [
                "Loaded image: manybox:latest", "100", "\(count)", "D /many/0/0", "\(count - 1)", "manyrun", "3",
                "clean",
            ], "\(outcome.text)\(outcome.error)")
    }

    /// The files of a removed image go without the store's lock: others go on meanwhile.
    @Test func nobodyWaitsForATreeThatGoes() throws {
        func make() {
            Host.shell(
                """
                $MYDOCKER create --name lockbox --net none busybox true; $MYDOCKER cp /etc/passwd lockbox:/mark
                $MYDOCKER commit lockbox lockimage; $MYDOCKER rm lockbox
                """)
        }
        try Ledger.expectUnchanged {
            make()
            let points = try FaultPoints.list(["rmi", "lockimage"])
            let point = try #require(points.number("remove", "/trash-layers"))
            make()
            let removal = try stopping(at: point, ["rmi", "lockimage"])
            Host.eventually("it stops") { Host.state(of: Int(removal.pid)) == "T" }
            #expect(!Host.shell("ls -d /var/lib/mydocker/images/temporary/*/trash-layers/*").lines.isEmpty)
            let began = Date()
            succeed("tag", "busybox", "lockother")
            make()
            succeed("rmi", "lockother", "lockimage")
            #expect(Date().timeIntervalSince(began) < 20)
            #expect(Host.state(of: Int(removal.pid)) == "T")
            kill(removal.pid, SIGCONT)
            #expect(removal.end() == 0, "\(removal.errorText)")
            #expect(mydocker("system", "check").code == 0)
        }
    }
}
