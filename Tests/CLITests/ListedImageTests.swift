import Foundation
import Testing

extension CLI.Lifecycle {
    /// Three containers: by a name, by an id, and of an image that is built on theirs. Then the name goes to another image.
    @Test(.sweepsImages) func psKnowsImagesByWhatTheyAre() throws {
        let context = try BuildContext("FROM busybox\nCOPY f /", "echo 1 > f")
        defer {
            context.remove()
            mydocker("rm", "-f", "psone", "pstwo", "psthree")
            mydocker("rmi", "-f", "psname", "pssecond", "pschild")
        }
        let outcome = Host.shell(
            """
            cd \(context.directory)
            names() { echo "$1:" $($MYDOCKER ps -a --filter ancestor=$2 --format '{{.Names}}' | sort); }
            image() { $MYDOCKER ps -a --filter name=$1 --format '{{.Image}}' $2; }
            id=$($MYDOCKER build -q -t psname .); $MYDOCKER tag psname pssecond
            printf 'FROM psname\\nRUN echo 1 > /g\\n' | $MYDOCKER build -q -t pschild - >/dev/null
            $MYDOCKER create --net none --name psone psname true >/dev/null
            $MYDOCKER create --net none --name pstwo $id true >/dev/null
            $MYDOCKER create --net none --name psthree pschild true >/dev/null
            names name psname; names tag psname:latest; names second pssecond
            names id $id; names hex ${id#sha256:}; names short $(echo ${id#sha256:} | cut -c1-12)
            names child pschild; names none psnosuch; image psone
            echo 2 > f; $MYDOCKER build -q -t psname . >/dev/null
            names moved psname; names id $id
            [ "$(image psone)" = "$(echo ${id#sha256:} | cut -c1-12)" ] && [ "$(image psone --no-trunc)" = $id ] && echo its id
            image psthree; $MYDOCKER rmi -f pschild >/dev/null 2>&1; $MYDOCKER tag psname pschild
            [ "$(image psthree)" != pschild ] && echo moved
            """)
        let all = "psone psthree pstwo"
        #expect(
            outcome.lines == [
                "name: \(all)", "tag: \(all)", "second: \(all)", "id: \(all)", "hex: \(all)", "short: \(all)",
                "child: psthree", "none:", "psname", "moved:", "id: \(all)", "its id", "pschild", "moved",
            ], "\(outcome.text)\(outcome.error)")
    }
}
