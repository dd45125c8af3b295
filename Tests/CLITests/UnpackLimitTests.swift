import Testing

extension CLI {
    /// Small archives that hold more than was allowed: one line, and nothing is left of them.
    @Suite(.serialized) struct UnpackLimits {
        private static let scene = """
            exec 2>&1
            m=$MYDOCKER; cd "$(mktemp -d)"; $m run --rm true
            mkdir root; head -c 20000000 /dev/zero >root/zeros; tar -C root -czf bomb.tar.gz .; rm -r root
            said() { "$@" 2>&1 | sed 's,/blobs/sha256/[0-9a-f]*,/BLOB,'; echo ${PIPESTATUS[0]}; }
            left() { $m images -q | wc -l; ls -A /var/lib/mydocker/images/temporary /var/lib/mydocker/images/downloads | grep -v : | grep -c .; $m system check && echo clean; }

            """
    }
}

extension CLI.UnpackLimits {
    @Test func whatIsTooLargeIsRefused() {
        let outcome = Host.elsewhere(
            Self.scene + """
                said $m import --max-size 10m bomb.tar.gz bomb
                said $m import --max-size 10m - bomb <bomb.tar.gz
                (cat bomb.tar.gz; head -c 30000000 /dev/zero) | said $m import --max-size 25m - bomb
                left | tr -s '\\n' ' '; echo
                $m import --max-size 20.1m bomb.tar.gz bomb | cut -c1-7
                $m save bomb -o bomb.tar; gzip -f bomb.tar; $m rmi bomb >/dev/null
                said $m load --max-size 10m -i bomb.tar.gz
                mkdir -p /etc/mydocker; echo '{"max-image-size": "10MiB"}' >/etc/mydocker/config.json
                said $m load <bomb.tar.gz; $m load --max-size 1g <bomb.tar.gz; rm /etc/mydocker/config.json
                $m rmi bomb >/dev/null; left | tr -s '\\n' ' '
                """)
        func refusal(_ name: String, _ size: String) -> [String] {
            [
                "mydocker: unpack \"\(name)\": it is larger than \(size)",
                "  allow more by max-image-size in /etc/mydocker/config.json; pull, load and import take --max-size, too",
                "1",
            ]
        }
        #expect(
            outcome.lines == refusal("bomb.tar.gz", "10MiB") + refusal("standard input", "10MiB")
                + refusal("standard input", "25MiB") + ["1 0 clean ", "sha256:"] + refusal("bomb.tar.gz/BLOB", "10MiB")
                + refusal("standard input/BLOB", "10MiB") + ["Loaded image: bomb:latest", "1 0 clean "],
            "\(outcome.text)")
    }

    /// Of an archive in the context, and of what a server sends, with an end or without one.
    @Test func soIsWhatABuildAdds() {
        let outcome = Host.elsewhere(
            Self.scene + """
                mkdir served; head -c 20000000 /dev/zero >served/large
                python3 -m http.server 8124 --bind 127.0.0.1 -d served >/dev/null 2>&1 &
                until curl -s -o /dev/null 127.0.0.1:8124; do sleep 0.05; done
                mkdir -p /etc/mydocker; echo '{"max-image-size": "10MiB"}' >/etc/mydocker/config.json
                tried() { printf 'FROM busybox\\nADD %s /d/\\n' "$1" >Dockerfile; $m build -q --network host . 2>&1 | grep -o 'unpack .*'; echo ${PIPESTATUS[0]}; }
                tried bomb.tar.gz; tried http://127.0.0.1:8124/large
                rm /etc/mydocker/config.json; tried bomb.tar.gz; tried http://127.0.0.1:8124/large
                $m image prune -f >/dev/null; $m builder prune -af >/dev/null; left | tr -s '\n' ' '
                """)
        #expect(
            outcome.lines == [
                "unpack \"bomb.tar.gz\": it is larger than 10MiB", "1",
                "unpack \"http://127.0.0.1:8124/large\": it is larger than 10MiB", "1", "0", "0", "1 0 clean ",
            ], "\(outcome.text)")
    }

    @Test func valuesThatAreNone() {
        let outcome = Host.elsewhere(
            Self.scene + """
                for value in 0 -1 ten 10x 99999999999g ''; do said $m import --max-size "$value" bomb.tar.gz bomb; done
                mkdir -p /etc/mydocker; echo '{"max-image-size": "none"}' >/etc/mydocker/config.json
                said $m import bomb.tar.gz bomb; rm /etc/mydocker/config.json; left | tr -s '\\n' ' '
                """)
        #expect(outcome.lines.filter { $0 == "125" || $0 == "1" }.count == 7, "\(outcome.text)")
        #expect(outcome.lines.last == "1 0 clean ", "\(outcome.text)")
        #expect(outcome.text.contains("max-image-size is not valid"), "\(outcome.text)")
    }
}
