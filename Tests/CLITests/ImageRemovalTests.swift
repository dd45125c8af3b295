import Foundation
import Testing

extension CLI {
    /// Images that are removed while something uses them, or is about to.
    @Suite(.serialized, .sweepsImages) struct ImageRemoval {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.ImageRemoval {
    /// Builds an image with two names, calls `body` with its id, and removes both.
    private func withImage(_ body: (String) throws -> Void) throws {
        let context = try BuildContext("FROM busybox\nCOPY Dockerfile /x")
        defer { context.remove() }
        let outcome = context.build("-q", "-t", "removal:1", "-t", "removal:2")
        try #require(outcome.code == 0, "\(outcome.error)")
        defer { mydocker("rmi", "-f", "removal:1", "removal:2") }
        try body(outcome.word)
    }

    @Test func aStoppedContainerKeepsItsImageWithoutNames() throws {
        try withImage { id in
            succeed("create", "--name", "removing", "--net", "none", "removal:1", "cat", "/x")
            defer { mydocker("rm", "-f", "removing") }
            let refused = mydocker("rmi", id)
            #expect(refused.code == 1 && refused.error.contains("(must be forced)"), "\(refused.error)")
            #expect(succeed("rmi", "-f", id).lines == ["Untagged: removal:1", "Untagged: removal:2"])
            #expect(mydocker("image", "inspect", "removal:1").code == 1)
            #expect(succeed("start", "-a", "removing").text.contains("COPY"))
        }
    }

    @Test func anImageOfARunningContainerKeepsItsNames() throws {
        try withImage { id in
            succeed("run", "-d", "--name", "removing", "--net", "none", "removal:1", "sleep", "1000")
            defer { mydocker("rm", "-f", "removing") }
            let refused = mydocker("rmi", "-f", id)
            #expect(refused.code == 1 && refused.error.contains("(cannot be forced)"), "\(refused.error)")
            #expect(refused.error.contains("stop it first"), "\(refused.error)")
            succeed("image", "inspect", "removal:1", "removal:2")
        }
    }

    /// Stops a command where it first names something, removes the image, and lets it go on.
    private func removing(_ name: String, at point: String, of command: String) -> Outcome {
        Host.shell(
            """
            # What is made once is there then.
            $MYDOCKER \(command) >/dev/null
            list=$(mktemp)
            rm $list
            MYDOCKER_FAULT_LIST=$list $MYDOCKER \(command) >/dev/null
            n=$(grep -n -m1 '\(point)' $list | cut -d: -f1)
            rm $list
            $MYDOCKER container prune -f >/dev/null
            MYDOCKER_FAULT=stop@$n $MYDOCKER \(command) &
            while kill -0 $! && ! grep -q '^State:.*stopped' /proc/$!/status; do sleep 0.01; done
            $MYDOCKER rmi -f \(name) >/dev/null
            kill -CONT $!
            wait $!
            """)
    }

    /// Between the moment when it is found and that when the container is on record.
    @Test func whatIsRemovedBeforeTheContainerIsThereIsNone() throws {
        try withImage { id in
            let outcome = removing(id, at: "/containers/", of: "create --pull never --net none removal:1 true")
            #expect(
                outcome.code == 1 && outcome.error.contains("Unable to find image 'removal:1' locally"), "\(outcome)")
            #expect(succeed("ps", "-aq", "--filter", "name=removal").lines == [])
        }
    }

    @Test func anArchiveIsWholeWhateverIsRemovedMeanwhile() throws {
        try withScratch { scratch in
            try withImage { id in
                let outcome = removing(id, at: "/saved.tar", of: "save -o \(scratch)/saved.tar removal:1")
                #expect(outcome.code == 0 && outcome.error == "", "\(outcome)")
                #expect(mydocker("image", "inspect", "removal:1").code == 1)
                succeed("load", "-q", "-i", "\(scratch)/saved.tar")
                #expect(succeed("image", "inspect", "-f", "{{.Id}}", "removal:1").word == id)
            }
        }
    }
}
