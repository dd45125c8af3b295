import Foundation
import Testing

extension CLI {
    /// `commit` of a container that ends or is removed meanwhile, that cannot be paused, or has what an image cannot have.
    @Suite(.serialized) struct Commits {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.Commits {
    /// Images of other tests as well.
    private static let removeUntagged = """
        for id in $($MYDOCKER images -q --no-trunc --format '{{.Repository}} {{.ID}}' | sed -n 's/^<none> //p'); do
          $MYDOCKER rmi $id >/dev/null
        done
        """

    @Test func W4_aContainerThatJustEndsIsCommitted() {
        #expect(Host.shell(Self.removeUntagged).code == 0)
        Ledger.expectUnchanged {
            let outcome = Host.shell(
                """
                for i in $(seq 60); do
                  id=$($MYDOCKER run -d --net none true)
                  $MYDOCKER commit $id ending:1 >/dev/null || echo failed
                  $MYDOCKER rm -f $id >/dev/null
                done
                $MYDOCKER rmi -f ending:1 >/dev/null
                \(Self.removeUntagged)
                """, seconds: 120)
            #expect(outcome.text == "" && outcome.error == "", "\(outcome)")
        }
    }

    /// Stopped just before it would freeze a cgroup that then goes.
    @Test(arguments: ["cgroup.freeze", "archive"]) func W4_itEndsAtTheWorstMoment(_ point: String) throws {
        try withContainer("ending2", "sh", "-c", "echo x >/x; while ! [ -e /end ]; do sleep 0.01; done") { id in
            Host.eventually("the file") { mydocker("exec", "ending2", "test", "-s", "/x").code == 0 }
            let outcome = Host.shell(
                """
                list=$(mktemp)
                rm $list
                MYDOCKER_FAULT_LIST=$list $MYDOCKER commit ending2 ending2:1 >/dev/null
                n=$(grep -n -m1 '\(point)' $list | cut -d: -f1)
                rm $list
                MYDOCKER_FAULT=stop@$n $MYDOCKER commit ending2 ending2:2 >/dev/null &
                while kill -0 $! && ! grep -q '^State:.*stopped' /proc/$!/status; do sleep 0.01; done
                $MYDOCKER kill ending2 >/dev/null
                $MYDOCKER wait ending2 >/dev/null
                kill -CONT $!
                wait $!
                """)
            #expect(outcome.code == 0 && outcome.error == "", "\(outcome)")
            #expect(runOnce("ending2:2", "cat", "/x").text == "x\n")
            succeed("rmi", "ending2:1", "ending2:2")
        }
    }

    /// Whatever was read of it by then: never an image of a part.
    @Test(arguments: [false, true]) func W4_aContainerThatIsRemovedMeanwhile(_ isBeforeReading: Bool) {
        Ledger.expectUnchanged {
            let id = succeed(
                "run", "-d", "--name", "ending3", "--net", "none", "sh", "-c",
                "for i in $(seq 300); do echo $i >/$i; done; echo ready; sleep 1000"
            ).word
            waitForLog("ending3", "ready")
            let point = isBeforeReading ? "/\(id)/upper" : "unpack archive"
            let outcome = Host.shell(
                """
                list=$(mktemp)
                rm $list
                MYDOCKER_FAULT_LIST=$list $MYDOCKER commit ending3 ending3:1 >/dev/null
                n=$(grep -n '\(point)' $list | tail -n 1 | cut -d: -f1)
                rm $list
                MYDOCKER_FAULT=stop@$n $MYDOCKER commit ending3 ending3:2 &
                while kill -0 $! && ! grep -q '^State:.*stopped' /proc/$!/status; do sleep 0.01; done
                $MYDOCKER rm -f ending3 >/dev/null
                kill -CONT $!
                wait $!
                """)
            #expect(outcome.code == 1 && outcome.text == "", "\(outcome)")
            #expect(outcome.error == "mydocker: commit container \"ending3\": it was removed meanwhile\n")
            succeed("rmi", "ending3:1")
        }
    }

    @Test func D11_whatCannotBePausedIsSaid() {
        Ledger.expectUnchanged {
            let outcome = Host.run(
                [
                    "unshare", "--mount", "bash", "-e", "-c",
                    """
                    umount -l /sys/fs/cgroup
                    $MYDOCKER run -d --net none --name unpaused sleep 1000 >/dev/null
                    $MYDOCKER commit unpaused unpaused:1 >/dev/null
                    echo second >&2
                    $MYDOCKER commit --pause=false unpaused unpaused:2 >/dev/null
                    $MYDOCKER stop -t 0 unpaused >/dev/null
                    $MYDOCKER commit unpaused unpaused:3 >/dev/null
                    $MYDOCKER rm unpaused >/dev/null
                    $MYDOCKER rmi unpaused:1 unpaused:2 unpaused:3 >/dev/null
                    """,
                ], environment: ["MYDOCKER": Host.mydocker])
            #expect(outcome.code == 0, "\(outcome.error)")
            let lines = outcome.error.split(separator: "\n")
            #expect(lines.count == 2 && lines.last == "second", "\(outcome.error)")
            #expect(lines.first?.hasPrefix("mydocker: warning: container \"unpaused\" runs on meanwhile") == true)
        }
    }

    /// More levels than descriptors, and as many as a path can have.
    @Test func S17_aDeepTreeIsCommitted() throws {
        try withContainer(
            "deep", "sh", "-c",
            "i=0; while [ $i -lt 1900 ]; do mkdir d && cd d; i=$((i+1)); done; echo end >file; echo ready; sleep 1000"
        ) { _ in
            waitForLog("deep", "ready")
            let outcome = Host.shell("ulimit -n 200; $MYDOCKER commit deep deep:1")
            #expect(outcome.code == 0, "\(outcome.error)")
            let found = runOnce("deep:1", "sh", "-c", "while cd d 2>/dev/null; do :; done; cat file; pwd | wc -c")
            #expect(found.text == "end\n3801\n", "\(found)")
            succeed("rmi", "deep:1")
        }
    }

    @Test func S17_aNameThatMeansADeletedFile() throws {
        try withContainer("whiteout", "sh", "-c", "mkdir /a; touch /a/.wh.x; echo ready; sleep 1000") { _ in
            waitForLog("whiteout", "ready")
            let outcome = mydocker("commit", "whiteout", "whiteout:1")
            #expect(outcome.code == 1)
            #expect(outcome.error.contains("archive \"a/.wh.x\" of"), "\(outcome.error)")
            #expect(outcome.error.contains("stands for a deleted file; remove or rename it first\n"))
            succeed("exec", "whiteout", "rm", "/a/.wh.x")
            succeed("commit", "whiteout", "whiteout:1")
            succeed("rmi", "whiteout:1")
        }
    }
}
