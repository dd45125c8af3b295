import Testing

extension CLI {
    /// Images of as many layers as Docker has, and of one more: their paths are longer than a page of mount options.
    @Suite(.serialized) struct ManyLayers {
        /// `deep COUNT` makes an image of so many layers on top of the default image, of which each has a file `/l/NUMBER`, and
        /// every tenth one takes the file of the layer before it away. All have a directory that is nine deep.
        static let tools = """
            exec 2>&1
            m=$MYDOCKER; cd "$(mktemp -d)"
            cat >deep.py <<'PYTHON'
            import hashlib, io, json, sys, tarfile
            count = int(sys.argv[1])
            source = tarfile.open("busybox.tar")
            entry = json.load(source.extractfile("manifest.json"))[0]
            config = json.load(source.extractfile(entry["Config"]))
            layers = [source.extractfile(entry["Layers"][0]).read()]
            def layer(number):
                names = ["l/%d" % number, "p/" * 9 + "f"] + (["l/.wh.%d" % (number - 1)] if number % 10 == 0 else [])
                buffer = io.BytesIO()
                with tarfile.open(fileobj=buffer, mode="w") as tar:
                    for name in names:
                        body = b"" if ".wh." in name else b"%d\\n" % number
                        info = tarfile.TarInfo(name)
                        info.size = len(body)
                        tar.addfile(info, io.BytesIO(body))
                return buffer.getvalue()
            layers += [layer(number) for number in range(1, count)]
            config["rootfs"]["diff_ids"] = ["sha256:" + hashlib.sha256(bytes).hexdigest() for bytes in layers]
            config["history"] = []
            files = {"%d.tar" % number: bytes for number, bytes in enumerate(layers)}
            files["c.json"] = json.dumps(config).encode()
            files["manifest.json"] = json.dumps([
                {"Config": "c.json", "RepoTags": ["deep:%d" % count], "Layers": ["%d.tar" % n for n in range(count)]}]).encode()
            with tarfile.open("deep.tar", "w") as tar:
                for name, bytes in files.items():
                    info = tarfile.TarInfo(name)
                    info.size = len(bytes)
                    tar.addfile(info, io.BytesIO(bytes))
            PYTHON
            deep() { $m save busybox -o busybox.tar; python3 deep.py $1; rm busybox.tar; $m load -i deep.tar; }

            """
    }
}

extension CLI.ManyLayers {
    @Test func asManyAsDockerHas() {
        let outcome = Host.elsewhere(
            Self.tools + """
                $m run --rm true; deep 127
                $m run --rm --net none deep:127 sh -c 'ls /l | wc -l; cat /l/1 /l/126; ls /l/9'
                $m run --name d1 --net none deep:127 sh -c 'echo new >/l/1; rm -f /l/126'
                $m diff d1; $m cp d1:/l/125 - | tar -xO; echo more >more; $m cp more d1:/l/more; $m export d1 | tar -t | grep -c '^l/[0-9]'
                $m start -a d1; $m commit d1 never; echo $?; $m rm d1
                printf 'FROM deep:127\\nRUN true\\n' >Dockerfile; $m build -q -t never . 2>&1 | grep -o 'max depth exceeded'
                $m images -q never | wc -l; $m rmi -f deep:127 >/dev/null; $m system check && echo clean
                """)
        #expect(
            outcome.lines == [
                "Loaded image: deep:127", "114", "1", "126", "ls: /l/9: No such file or directory",
                "C /l", "C /l/1", "D /l/126", "125", "113",
                "mydocker: max depth exceeded: 128 layers, where 127 are possible",
                "  flatten it: export a container and import the result", "1", "d1", "max depth exceeded", "0", "clean",
            ], "\(outcome.text)")
    }

    /// One descriptor for each layer at each depth is more than processes usually may have.
    @Test func deepDirectoriesInAllOfThem() {
        let outcome = Host.elsewhere(
            Self.tools + """
                $m run --rm true; deep 127; ulimit -S -n 1024
                $m image files -q deep:127 /p | wc -l; $m image diff busybox deep:127 | grep -c '^A /p'
                $m run --rm --net none -v deepvolume:/p deep:127 sh -c 'find /p | wc -l; ulimit -n'; $m volume rm deepvolume
                $m rmi -f deep:127 >/dev/null; $m system check && echo clean
                """)
        #expect(
            outcome.lines == ["Loaded image: deep:127", "10", "10", "10", "1024", "deepvolume", "clean"],
            "\(outcome.text)")
    }

    @Test func oneMoreIsRefused() {
        let outcome = Host.elsewhere(
            Self.tools + """
                $m run --rm true; deep 128; echo $?; $m images -q deep | wc -l
                deep 126 >/dev/null; $m run --name d2 --net none deep:126 sh -c 'echo top >/top'
                $m commit d2 whole >/dev/null && $m run --rm --net none whole cat /top /l/125; $m rm d2
                printf 'FROM deep:126\\nRUN echo built >/built\\n' >Dockerfile
                $m build -q -t built . >/dev/null && $m run --rm --net none built cat /built /l/125
                $m rmi -f whole built deep:126 >/dev/null; $m system check && echo clean
                """)
        #expect(
            outcome.lines == [
                "mydocker: max depth exceeded: 128 layers, where 127 are possible",
                "  flatten it: export a container and import the result", "1", "0", "top", "125", "d2", "built", "125",
                "clean",
            ], "\(outcome.text)")
    }
}
