import Testing

extension CLI {
    /// `save`, and what this program and others make of it.
    @Suite(.serialized) struct Saving {
        /// Two images, of which one has two names; afterwards nothing of them is left.
        private func scene(_ script: String) -> Outcome {
            Host.elsewhere(
                """
                exec 2>&1
                m=$MYDOCKER; cd "$(mktemp -d)"
                box() { $m run --name made --net none "$@" >/dev/null; }
                box sh -c 'echo one >/one'; $m commit --change 'CMD ["cat", "/one"]' made sv:1 >/dev/null; $m rm made >/dev/null
                box --image sv:1 sh -c 'echo two >/two'; $m commit --change 'CMD ["cat", "/one", "/two"]' made other >/dev/null
                $m rm made >/dev/null; $m tag sv:1 sv:again
                ids() { $m image inspect -f '{{.Id}}' "$@"; }

                """ + script)
        }

        @Test func whatWasSavedIsLoaded() {
            let outcome = scene(
                """
                ids sv:1 other >before
                $m save sv other -o both.tar; $m save other sv:1 >stream.tar; $m save -o again.tar sv other
                cmp both.tar again.tar && echo same bytes; stat -c %a both.tar
                $m rmi sv:1 sv:again other >/dev/null
                $m load -i both.tar | sort; ids sv:1 other | cmp - before && echo same images
                $m run --rm --net none sv:again; $m run --rm --net none other
                $m rmi sv:1 sv:again other >/dev/null; $m load <stream.tar | sort
                id=$($m images -q --no-trunc sv:1); $m rmi other >/dev/null; $m save $id | tar -xO manifest.json
                echo; $m rmi -f sv:1 >/dev/null; $m system check && echo clean
                """)
            let lines = outcome.lines
            #expect(
                lines.dropLast(2) == [
                    "same bytes", "600", "Loaded image: other:latest", "Loaded image: sv:1", "Loaded image: sv:again",
                    "same images", "one", "one", "two", "Loaded image: other:latest", "Loaded image: sv:1",
                ], "\(outcome.text)")
            #expect(
                lines.dropLast().last?.contains(#""RepoTags":null"#) == true && lines.last == "clean", "\(outcome.text)"
            )
        }

        /// skopeo reads it as Docker's archive, as podman and docker do, and as an image layout.
        @Test func othersReadIt() {
            let outcome = scene(
                """
                $m save sv:1 -o docker.tar; $m save --format oci-archive other -o oci.tar
                for from in docker-archive:docker.tar:sv:1 oci-archive:docker.tar oci-archive:oci.tar; do
                  rm -rf copy; skopeo copy -q --insecure-policy $from oci:copy:x && ls copy | tr '\\n' ' '
                  skopeo inspect --config oci:copy:x | jq -c .config.Cmd
                done
                tar -tf oci.tar | grep -c manifest.json
                tar -xOf docker.tar index.json | jq -c '.manifests[].annotations'
                $m rmi sv:1 sv:again other >/dev/null; skopeo copy -q --insecure-policy oci:copy:x docker-archive:theirs.tar:back:7
                $m load -i theirs.tar; $m run --rm --net none back:7
                """)
            let copied = "blobs index.json oci-layout "
            #expect(
                outcome.lines == [
                    copied + #"["cat","/one"]"#, copied + #"["cat","/one"]"#, copied + #"["cat","/one","/two"]"#, "0",
                    #"{"io.containerd.image.name":"docker.io/library/sv:1","org.opencontainers.image.ref.name":"1"}"#,
                    "Loaded image: back:7", "one", "two",
                ], "\(outcome.text)")
        }

        /// It does not run here, and is kept all the same, as a pull for that platform keeps it.
        @Test func anotherPlatformIsLoadedAgain() {
            let outcome = scene(
                """
                $m save sv:1 -o ours.tar; skopeo copy -q --insecure-policy docker-archive:ours.tar oci:copy:x
                umoci config --image copy:x --architecture s390x 2>/dev/null
                skopeo copy -q --insecure-policy oci:copy:x docker-archive:theirs.tar:far:1
                for form in docker-archive oci-archive; do
                  $m load -i theirs.tar; $m save --format $form far:1 -o $form.tar; $m rmi far:1 >/dev/null
                  $m load -i $form.tar; $m image inspect -f '{{.Os}}/{{.Architecture}}' far:1
                done
                $m rmi sv:1 sv:again other far:1 >/dev/null; $m system check && echo clean
                """)
            let once = ["Loaded image: far:1", "Loaded image: far:1", "linux/s390x"]
            #expect(outcome.lines == once + once + ["clean"], "\(outcome.text)")
        }

        /// However they are ended, by their reader or by a signal: what they worked in goes with them.
        @Test func nothingUnfinishedStays() {
            let outcome = scene(
                """
                work=/var/lib/mydocker/images/temporary
                heeding() {
                  exec python3 -c 'import os, signal, sys
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                os.execv(sys.argv[1], sys.argv[1:])' "$@"
                }
                gone() {
                  for i in $(seq 100); do [ -z "$(ls $work)" ] && break; sleep 0.1; done
                  $m system check >/dev/null && echo clean
                }
                $m save busybox -o whole.tar
                $m save busybox | head -c 10 | wc -c; gone
                for signal in TERM HUP KILL; do
                  mkfifo pipe
                  (heeding $m load <pipe) & command=$!
                  exec 7>pipe; head -c 100000 whole.tar >&7
                  until [ -n "$(ls $work)" ]; do sleep 0.05; done
                  kill -$signal $command; wait $command; echo $?; gone
                  exec 7>&-; rm pipe
                done
                """)
            #expect(
                outcome.lines.filter { !$0.contains("line ") }
                    == ["10", "clean", "143", "clean", "129", "clean", "137", "clean"], "\(outcome.text)")
        }

        /// Of the same length, so that the content alone tells.
        @Test func whatWasWrittenToIsNotSaved() {
            let outcome = scene(
                """
                blobs=/var/lib/mydocker/images/blobs/sha256; blob=$blobs/$(ls -S $blobs | head -1)
                printf damaged | dd of=$blob bs=1 seek=5000 conv=notrunc 2>/dev/null
                $m save -o broken.tar sv:1 2>&1 | sed 's/"[^"]*"/…/'
                $m save sv:1 >stream.tar 2>/dev/null; echo $?; rm stream.tar
                for type in oci docker; do
                  echo FROM sv:1 | $m build -q -o type=$type,dest=broken.tar - 2>&1 | grep -c 'content is not that of its digest'
                done
                ls
                """)
            #expect(
                outcome.lines == [
                    "mydocker: save …: its content is not that of its digest", "  pull or build the image anew", "1",
                    "1", "1",
                ], "\(outcome.text)")
        }

        @Test func whatCannotBeSaved() {
            let outcome = scene(
                """
                $m save nosuch; echo $?; $m save; echo $?; $m save --format tar sv:1; echo $?
                $m save -o nosuch/x.tar sv:1; echo $?; $m save -o . sv:1; echo $?
                blob=/var/lib/mydocker/images/blobs/sha256/$(ls -S /var/lib/mydocker/images/blobs/sha256 | head -1)
                truncate -s 100 $blob; $m save -o broken.tar sv:1 2>&1 | sed 's/"[^"]*"/…/'; ls
                $m save sv:1 >/dev/full; echo $?
                """)
            let usage = "Run 'mydocker save --help' for more information"
            #expect(
                outcome.lines == [
                    "mydocker: No such image: nosuch", "1", "mydocker: 'mydocker save' requires at least 1 argument",
                    "Usage:  mydocker save [OPTIONS] IMAGE...", usage, "1",
                    #"invalid argument "tar" for "--format" flag: there are docker-archive and oci-archive"#, usage,
                    "125",
                    #"mydocker: create "nosuch/x.tar": No such file or directory"#, "1",
                    #"mydocker: create ".": Is a directory"#, "1",
                    "mydocker: save …: it is shorter than the image says", "  pull or build the image anew",
                    #"mydocker: write "standard output": No space left on device"#, "1",
                ], "\(outcome.text)")
        }
    }
}
