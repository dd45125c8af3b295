import Foundation
import Testing

/// Builds of what was built before.
extension CLI.Build {
    private static let store = "/var/lib/mydocker/images"

    /// `look` tells of all that is in the store, and since when. In `temporary` a build has a directory for as long as it goes on,
    /// and the times of steps' records say when they were last used.
    private static let look = """
        look() {
          find \(store) -path \(store)/temporary -prune -o -path '\(store)/build-cache/*.json' -printf '%p %i %s\\n' \\
            -o -printf '%p %i %s %T@ %C@\\n' | sort
        }

        """

    /// Nor is anything made ready for steps that are not carried out.
    @Test func aKnownBuildWritesNothing() throws {
        let context = try BuildContext("FROM busybox\nRUN echo 1 > /a\nCOPY f /\nWORKDIR /w\nLABEL a=b", "echo 1 > f")
        defer {
            context.remove()
            mydocker("rmi", "-f", "buildknown")
        }
        let outcome = Host.shell(
            Self.look + """
                cd \(context.directory); build="$MYDOCKER build -q -t buildknown --annotation c=d"
                told() { $build --iidfile id . && cat id; }
                told > first; look > before; sleep 0.05; told > second; look > after
                cmp first second && diff before after && echo same
                find \(Self.store)/build-cache -name '*.json' -newer before | wc -l
                strace -f -qq -y -o trace $build . >/dev/null && echo built
                grep -E -c '(fdatasync|syncfs|rename[a-z0-9]*|symlink[a-z]*)\\(|libarchive' trace
                grep -o 'fsync([0-9]*<[^>]*>' trace | sed 's|.*/||; s|>||' | sort
                grep -c 'utimensat(.*\(Self.store)/build-cache/' trace
                grep -q libnettle trace && echo digests
                $MYDOCKER run --rm --net none buildknown cat /a
                """)
        // Of directories without changes, which nobody waits for.
        let synced = ["images", "images", "layers", "sha256"]
        #expect(
            outcome.lines == ["same", "3", "built", "0"] + synced + ["3", "digests", "1"],
            "\(outcome.text)\(outcome.error)")
    }

    /// With a fixed time what is carried out once more comes to the same again.
    @Test func aKnownBuildPutsRightWhatIsDamaged() throws {
        let context = try BuildContext("FROM busybox\nRUN echo 1 > /a")
        defer {
            context.remove()
            mydocker("rmi", "-f", "buildknown")
        }
        let outcome = Host.shell(
            """
            cd \(Self.store); export SOURCE_DATE_EPOCH=1000000000
            build() { $MYDOCKER build -q -t buildknown \(context.directory); }
            id=$(build)
            name='.annotations["org.opencontainers.image.ref.name"]'
            manifest=$(jq -r ".manifests[] | select($name == \\"buildknown:latest\\").digest" index.json)
            layer=$(jq -r '.layers[1].digest' blobs/sha256/${manifest#sha256:})
            check() {
              cp $1 \(context.directory)/whole; $2 $1
              [ "$(build)" = "$id" ] && cmp \(context.directory)/whole $1 && $MYDOCKER system check >/dev/null && echo whole
            }
            for file in blobs/sha256/${id#sha256:} blobs/sha256/${manifest#sha256:} images/${id#sha256:}.json; do
              for damage in rm 'truncate -s -1' 'sed -i s/sha/sho/'; do check $file "$damage"; done
            done
            for damage in rm 'truncate -s 0'; do check blobs/sha256/${layer#sha256:} "$damage"; done
            truncate -s 0 blobs/sha256/${layer#sha256:}; $MYDOCKER rmi -f buildknown >/dev/null
            [ "$(build)" = "$id" ] && $MYDOCKER save buildknown >/dev/null && echo saved
            [ blobs/sha256/${layer#sha256:} -ot images/${id#sha256:}.json ] && echo older
            $MYDOCKER run --rm --net none buildknown cat /a
            """)
        #expect(
            outcome.lines == Array(repeating: "whole", count: 11) + ["saved", "older", "1"],
            "\(outcome.text)\(outcome.error)")
    }

    /// Whoever tries again would get the same answer.
    @Test func aLayerThatIsGoneIsNamed() throws {
        let base = try BuildContext("FROM busybox\nCOPY f /", "echo 1 > f")
        let context = try BuildContext("FROM buildknown\nCOPY Dockerfile /")
        defer {
            base.remove()
            context.remove()
            mydocker("rmi", "-f", "buildknown")
        }
        #expect(base.build("-q", "-t", "buildknown").code == 0)
        let id = Host.shell("$MYDOCKER image inspect buildknown | jq -r '.[0].RootFS.Layers[1]'").word.dropFirst(7)
        let (layer, away) = ("\(Self.store)/layers/\(id)", "\(Self.store)/away")
        try FileManager.default.moveItem(atPath: layer, toPath: away)
        defer { try? FileManager.default.moveItem(atPath: away, toPath: layer) }
        let outcome = context.build("-q")
        #expect(
            outcome.code == 1 && outcome.error.contains("use image \"\(layer)\": it is not there")
                && outcome.error.contains("mydocker system check says which image"), "\(outcome.error)")
        #expect(mydocker("system", "check").text.contains("rmi -f buildknown"))
    }

    /// Of the same length: no build looks at the content of what it knows.
    @Test func anArchiveThatABuildWouldFindIsLookedAt() throws {
        let context = try BuildContext("FROM busybox\nCOPY f /", "echo 1 > f")
        defer {
            context.remove()
            mydocker("rmi", "-f", "buildknown")
        }
        #expect(context.build("-q", "-t", "buildknown").code == 0)
        let outcome = Host.shell(
            """
            cd \(Self.store)/blobs/sha256; layer=$($MYDOCKER image inspect buildknown | jq -r '.[0].RootFS.Layers[1]')
            printf x | dd of=${layer#sha256:} bs=1 seek=600 conv=notrunc 2>/dev/null
            $MYDOCKER system check | grep -c 'rmi -f buildknown:latest and mydocker builder prune -af remove it'
            $MYDOCKER rmi -f buildknown >/dev/null
            $MYDOCKER system check | grep -c 'of the build cache: mydocker builder prune -af removes it'
            $MYDOCKER builder prune -af >/dev/null; $MYDOCKER system check >/dev/null && echo clean
            """)
        #expect(outcome.lines == ["1", "1", "clean"], "\(outcome.text)\(outcome.error)")
    }

    /// Moved there as it was missing, and nothing else of the image is new.
    @Test func whatABuildPutsRightIsOnDisk() throws {
        let context = try BuildContext("FROM busybox\nRUN echo 1 > /a")
        defer {
            context.remove()
            mydocker("rmi", "-f", "buildknown")
        }
        let build = [
            "build", "-q", "-t", "buildknown", "--build-arg", "SOURCE_DATE_EPOCH=1000000000", context.directory,
        ]
        let id = Host.run([Host.mydocker] + build).word
        let layer = Host.shell("$MYDOCKER image inspect buildknown | jq -r '.[0].RootFS.Layers[1]'").word.dropFirst(7)
        try FileManager.default.removeItem(atPath: "\(Self.store)/layers/\(layer)")
        let points = try FaultPoints.list(build)
        #expect(inspect("{{.Id}}", "buildknown") == id)
        let moved = try #require(points.number("create", "/layers/\(layer)"))
        for directory in ["blobs/sha256", "layers"] {
            #expect(points.number("sync", "\(Self.store)/\(directory)", behind: moved) != nil, "\(directory)")
        }
    }

    /// Whoever gave the name was killed before it was on the disk.
    @Test func aNameThatIsThereIsOnDisk() throws {
        let context = try BuildContext("FROM busybox\nLABEL a=named")
        defer {
            context.remove()
            mydocker("rmi", "-f", "buildknown", "buildnamed")
        }
        let id = context.build("-q", "-t", "buildknown").word
        let tag = ["tag", "buildknown", "buildnamed"]
        let synced = try #require(try FaultPoints.list(tag).number("sync", Self.store))
        succeed("rmi", "buildnamed")
        Host.run([Host.mydocker] + tag, environment: ["MYDOCKER_FAULT": "kill@\(synced)"])
        #expect(inspect("{{.Id}}", "buildnamed") == id)
        for command in [tag, ["build", "-q", "-t", "buildnamed", context.directory]] {
            let points = try FaultPoints.list(command)
            #expect(points.number("sync", Self.store) != nil, "\(command)")
            #expect(points.number("replace", "/index.json") == nil, "\(command)")
        }
    }

    /// By the first step and by the builder: also where nobody is to find that step again, since what it read has changed meanwhile.
    @Test func linksToLayersAreMadeForAllSteps() throws {
        let context = try BuildContext(
            """
            FROM busybox
            RUN --mount=type=bind,source=d,target=/d echo begun; sleep 2
            COPY a /
            COPY b /
            COPY c /
            """, "mkdir d; echo 1 > d/f; for f in a b c; do echo $f > $f; done")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            cd \(context.directory)
            MYDOCKER_FAULT_LIST=$PWD/points $MYDOCKER build --progress plain . >/dev/null 2> log & builder=$!
            until grep -q ' begun$' log; do sleep 0.05; done
            echo 2 > d/f; wait $builder; echo $?
            links=$(grep -c 'create symbolic link.*/temporary/.*/l/' points)
            layers=$($MYDOCKER image inspect busybox | jq '.[0].RootFS.Layers | length')
            [ $links = $((2 * layers)) ] && echo once || echo $links of $layers
            """)
        #expect(outcome.lines == ["0", "once"], "\(outcome.text)\(outcome.error)")
    }

    @Test func aKnownBuildTakesItsNameBack() throws {
        let context = try BuildContext("FROM busybox\nRUN echo 1 > /a")
        defer {
            context.remove()
            mydocker("rmi", "-f", "buildknown")
        }
        func build(_ label: String) -> String { context.build("-q", "-t", "buildknown", "--label", label).word }
        let first = build("n=1")
        let second = build("n=2")
        #expect(first != second && inspect("{{.Id}}", "buildknown") == second)
        #expect(build("n=1") == first)
        #expect(inspect("{{.Id}}", "buildknown") == first)
    }
}
