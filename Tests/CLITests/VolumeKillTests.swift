import Foundation
import Testing

extension CLI.Volumes {
    /// At every point of a run that makes and fills a volume: the next one finds all of the image's content, and a container's
    /// own file that was there before is never lost.
    @Test func aCopyThatIsKilledIsMadeAnew() {
        let outcome = Self.elsewhere(
            """
            make_image
            export MYDOCKER_FAULT_LIST=/run/points; once -v data:/data image true; unset MYDOCKER_FAULT_LIST
            $m volume rm data >/dev/null
            last=$(grep 'remove directory.*/copied' /run/points | tail -n 1 | cut -d ' ' -f 1)
            first=$(grep '/volumes' /run/points | head -n 1 | cut -d ' ' -f 1)
            test $first -gt 0 -a $last -gt $((first + 10)) || { cat /run/points; exit 1; }
            for number in $(seq $first $last); do
              test $((number % 3)) = 0 && action=error || action=kill
              MYDOCKER_FAULT=$action@$number $m run --rm --net none -v data:/data image true >/dev/null 2>&1
              once -v data:/data image sh -c 'cat /data/in/file /data/hard; readlink /data/out' >/run/found
              printf 'words\\nwords\\n/etc/passwd\\n' | cmp - /run/found || echo "$action@$number"
              test "$(echo $(ls $v/data))" = '_data record.json' || echo "$action@$number: $(ls $v/data)"
              $m volume rm data >/dev/null || echo "rm after $action@$number"
              ls -A $v
            done
            $m system check && echo clean
            """)
        #expect(outcome.text == "clean\n", "\(outcome.text) \(outcome.error)")
    }

    @Test func whatSomebodyHasWrittenMeanwhileStays() {
        let outcome = Self.elsewhere(
            """
            make_image
            $m run -d --name busy --net none -v data:/d sleep 1000 >/dev/null
            export MYDOCKER_FAULT_LIST=/run/points; once -v data:/data image true; unset MYDOCKER_FAULT_LIST
            $m exec busy sh -c 'rm -r /d/*'
            # Killed when all of the copy is there and nothing of it has moved in.
            number=$(grep 'create ".*/_data/' /run/points | head -n 1 | cut -d ' ' -f 1)
            MYDOCKER_FAULT=kill@$number $m run --rm --net none -v data:/data image true >/dev/null 2>&1
            $m system check | grep -c 'not copied to the end'
            $m exec busy sh -c 'echo mine >/d/hard; echo more >/d/more'
            once -v data:/data image sh -c 'cat /data/hard /data/more /data/in/file'
            $m exec busy cat /d/in/file
            # The same while it is being copied: what was copied counts for nothing.
            $m exec busy sh -c 'rm -r /d/*'
            number=$(grep 'copy ".*/copy/' /run/points | tail -n 1 | cut -d ' ' -f 1)
            MYDOCKER_FAULT=kill@$number $m run --rm --net none -v data:/data image true >/dev/null 2>&1
            $m exec busy sh -c 'echo own >/d/own'
            once -v data:/data image ls /data
            $m rm -f busy >/dev/null; $m system check
            """)
        #expect(
            outcome.text == """
                1
                mine
                more
                words
                words
                own

                """, "\(outcome.error)")
    }

    @Test func twoAtOnceCopyOnce() {
        let outcome = Self.elsewhere(
            """
            $m run --name maker --net none sh -c 'mkdir /data; for i in $(seq 300); do echo $i >/data/$i; done'
            $m commit maker image >/dev/null && $m rm maker >/dev/null
            for round in 1 2 3; do
              for i in 1 2 3 4; do once -v data:/data image sh -c 'cat /data/* | wc -l' >/run/$i & done; wait
              cat /run/[1-4]
              $m volume rm data >/dev/null
            done
            $m system check
            """)
        #expect(outcome.text == String(repeating: "300\n", count: 12), "\(outcome.error)")
    }

    /// Making and removing beside each other: who runs has its volume, and who has removed it was told the truth.
    @Test func removingBesideRunning() {
        let outcome = Self.elsewhere(
            """
            (while test ! -e /run/over; do $m volume rm data >/dev/null 2>>/run/errors; done) &
            for i in $(seq 15); do once -v data:/d sh -c 'echo x >/d/file && cat /d/file' || echo lost; done | sort | uniq -c
            touch /run/over; wait
            grep -vE 'volume is in use|no such volume|^ +container ' /run/errors
            $m volume rm -f data >/dev/null; ls -A $v; $m system check
            """)
        #expect(outcome.text.split(whereSeparator: \.isWhitespace) == ["15", "x"], "\(outcome.text) \(outcome.error)")
    }

    @Test func aDeadOnesVolumesAreNotKept() {
        let outcome = Self.elsewhere(
            """
            $m run -d --rm --name box --net none -v data:/d -v /own sleep 1000 >/run/id
            kill -KILL $(jq .supervisor /run/mydocker/containers/$(cat /run/id)/state.json)
            $m volume rm data; $m volume ls -q
            $m run -d --name broken --net none -v data:/d sleep 1000 >/run/id
            echo '{' >/var/lib/mydocker/containers/$(cat /run/id)/record.json
            $m volume create free; $m volume rm free; echo $?; $m volume prune -fa; echo $?
            $m rm -f broken; $m volume prune -fa; echo $?
            """)
        #expect(
            outcome.text == """
                data
                free
                1
                Total reclaimed space: 0B
                1
                broken
                Deleted Volumes:
                data
                free

                Total reclaimed space: 0B
                0

                """, "\(outcome.error)")
    }

    @Test func whatNoRecordExplainsIsTold() {
        let outcome = Self.elsewhere(
            """
            $m volume create whole >/dev/null
            mkdir -p $v/early/_data $v/.gone/_data/x $v/strange/_data; echo x >$v/strange/_data/file
            $m system check; $m system check --repair >/dev/null; echo $?; ls -A $v
            $m volume ls -q; $m volume rm strange; $m volume create strange; once -v strange:/s cat /s/file
            $m system check; echo $?
            """)
        #expect(
            outcome.text == """
                volume /var/lib/mydocker/volumes/.gone: its making or its removal was not done to the end
                volume /var/lib/mydocker/volumes/early: its making or its removal was not done to the end
                volume /var/lib/mydocker/volumes/strange: no record explains it \
                (move it away, or take it by mydocker volume create)
                3
                strange
                whole
                whole
                strange
                x
                0

                """, "\(outcome.error)")
    }
}
