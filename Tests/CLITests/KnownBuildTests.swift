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
                strace -f -qq -o trace $build . >/dev/null
                grep -E -c '(fsync|fdatasync|syncfs|rename[a-z0-9]*|symlink[a-z]*)\\(|libarchive' trace
                grep -q libnettle trace && echo digests
                $MYDOCKER run --rm --net none buildknown cat /a
                """)
        #expect(outcome.lines == ["same", "3", "0", "digests", "1"], "\(outcome.text)\(outcome.error)")
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
            check blobs/sha256/${layer#sha256:} rm
            $MYDOCKER run --rm --net none buildknown cat /a
            """)
        #expect(
            outcome.lines == Array(repeating: "whole", count: 10) + ["1"], "\(outcome.text)\(outcome.error)")
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
