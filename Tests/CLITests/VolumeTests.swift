import Foundation
import Testing

extension CLI {
    /// Volumes as scripts use them. Each test is on a host of its own.
    @Suite struct Volumes {
        /// `image`: /data with a file of user 1000, and a VOLUME there.
        static let image = """
            m=$MYDOCKER
            v=/var/lib/mydocker/volumes
            once() { $m run --rm --net none "$@"; }
            make_image() {
              $m run --name maker --net none sh -c '
                mkdir -p /data/in; echo words >/data/in/file; ln /data/in/file /data/hard; ln -s in/file /data/link
                ln -s /etc/passwd /data/out; chown -R 1000:1001 /data/in; chmod 2750 /data; chown 1000 /data' || exit
              $m commit -c 'VOLUME ["/data"]' maker image >/dev/null && $m rm maker >/dev/null
            }
            """

        static func elsewhere(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) -> Outcome {
            Host.elsewhere(image + "\n" + script, sourceLocation: sourceLocation)
        }

        @Test func whatIsMadeIsListedInspectedAndRemoved() {
            let outcome = Self.elsewhere(
                """
                $m volume create --label a=1 --label b data
                $m volume create --label a=2 other
                $m volume create data
                test $($m volume create | tee /run/name | wc -c) = 65 && grep -qx '[0-9a-f]*' /run/name && echo unnamed
                $m volume ls -q | grep -vxf /run/name
                $m volume ls | sed -n '1p;$p'
                $m volume ls --filter label=a=2 --format '{{.Name}} {{.Driver}} {{.Label "a"}}'
                $m volume ls -qf name=dat -f driver=local
                $m volume ls -f driver=nfs -q
                $m volume inspect -f '{{.Name}} {{.Mountpoint}} {{json .Labels}} {{.Scope}} {{.Options}}' data
                $m inspect --type volume -f '{{.Driver}}' data; $m inspect -f '{{.Mountpoint}}' data
                $m volume inspect nosuch; echo $?
                $m volume rm data other nosuch; echo $?
                $m volume rm -f nosuch; echo $?
                $m volume rm ''; echo $?
                $m volume create a; echo $?; $m volume create -d nfs data; echo $?
                $m volume create x/y; $m volume ls -qf dangling=maybe; echo $?
                $m volume ls -q | cmp - /run/name && $m system check
                """)
            #expect(
                outcome.text == """
                    data
                    other
                    data
                    unnamed
                    data
                    other
                    DRIVER    VOLUME NAME
                    local     other
                    other local 2
                    data
                    data /var/lib/mydocker/volumes/data/_data {"a":"1","b":""} local map[]
                    local
                    /var/lib/mydocker/volumes/data/_data
                    []
                    1
                    data
                    other
                    1
                    nosuch
                    0
                    1
                    1
                    1
                    1

                    """, "\(outcome.error)")
            for text in [
                "get nosuch: no such volume", "volume name is too short",
                "error looking up volume plugin nfs: plugin \"nfs\" not found",
                "create x/y: \"x/y\" includes invalid characters for a local volume name",
                "invalid filter 'dangling=maybe'",
            ] { #expect(outcome.error.contains(text), "\(text) in \(outcome.error)") }
        }

        @Test func namedOnesStayAndUnnamedOnesGoWithTheirContainer() {
            let outcome = Self.elsewhere(
                """
                once -v data:/d -v /own sh -c 'echo kept >/d/file; echo x >/own/file'
                once -v data:/d:ro sh -c 'cat /d/file; touch /d/x 2>&1'
                $m volume ls -q
                $m run --name box --net none -v data:/d -v /own true
                own=$($m inspect -f '{{range .Mounts}}{{if eq .Destination "/own"}}{{.Name}}{{end}}{{end}}' box)
                $m inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Driver}} {{.RW}} {{.Mode}};{{end}}' box
                $m inspect -f '{{json .HostConfig.Binds}} {{json .Config.Volumes}}' box
                $m ps -a --filter volume=data --format '{{.Names}} {{.LocalVolumes}}'; $m ps -aqf volume=nothing
                $m volume rm data; echo $?
                $m volume rm -f data 2>/dev/null; echo $?
                $m volume ls -qf dangling=true; $m volume ls -qf dangling=false | grep -vx $own
                $m start -a box; $m rm box; $m volume inspect -f '{{.Name}}' $own | cmp - <(echo $own) && echo stays
                $m run --name box --net none -v /own true; $m rm -v box
                $m volume ls -q | grep -vx $own
                $m volume prune -f | sed "s/$own/OWN/"; $m volume prune -fa | sed 's/space: [1-9].*/space: some/'
                $m volume prune -f
                $m system check
                """)
            #expect(
                outcome.text == """
                    kept
                    touch: /d/x: Read-only file system
                    data
                    volume /d local true z;volume /own local true ;
                    ["data:/d"] {"/own":{}}
                    box 2
                    1
                    1
                    data
                    box
                    stays
                    box
                    data
                    Deleted Volumes:
                    OWN

                    Total reclaimed space: 0B
                    Deleted Volumes:
                    data

                    Total reclaimed space: some
                    Total reclaimed space: 0B

                    """, "\(outcome.error)")
            #expect(outcome.error.contains("mydocker: remove data: volume is in use - ["))
            #expect(outcome.error.contains("container box has it"))
        }

        @Test func anImagesVolumesAreMade() {
            let outcome = Self.elsewhere(
                """
                make_image
                once image sh -c 'cat /data/in/file; stat -c "%a %u %g" /data /data/in/file; stat -c %h /data/hard
                  readlink /data/link; grep -c " /data " /proc/mounts'
                $m volume ls -q | wc -l
                once -v data:/data image cat /data/in/file
                stat -c '%a %u' $v/data/_data; readlink $v/data/_data/out; ls $v/data
                once -v none:/data:nocopy image ls /data; once --mount source=none,target=/data,volume-nocopy image ls /data
                once -v data:/data image sh -c 'rm -r /data/in; echo own >/data/hard'
                once -v data:/data image sh -c 'ls /data; cat /data/link; cat /data/hard' 2>/dev/null
                once --tmpfs /data image sh -c 'ls /data; grep -c "tmpfs /data" /proc/mounts'
                mkdir /run/host; once -v /run/host:/data image sh -c 'touch /data/x'; ls /run/host
                once --read-only image touch /data/x; echo $?
                $m volume ls -q
                """)
            #expect(
                outcome.text == """
                    words
                    2750 1000 0
                    644 1000 1001
                    2
                    in/file
                    1
                    0
                    words
                    2750 1000
                    /etc/passwd
                    _data
                    record.json
                    hard
                    link
                    out
                    own
                    1
                    x
                    0
                    data
                    none

                    """, "\(outcome.error)")
        }

        @Test func volumesOfAnotherContainer() {
            let outcome = Self.elsewhere(
                """
                make_image
                mkdir /run/host
                $m create --name first --net none -v data:/data -v /own -v /run/host:/host image true >/dev/null
                ls $v/data/_data
                once --volumes-from first sh -c 'echo x >/own/file; echo y >/host/file; cat /data/in/file'
                once --volumes-from first:ro sh -c 'cat /own/file; touch /own/x /host/x /data/x 2>&1'
                once --volumes-from first -v other:/data image sh -c 'rm -r /data/in; ls /data'
                $m run --name second --net none --volumes-from first true
                $m inspect -f '{{json .HostConfig.VolumesFrom}}' second
                $m rm -v first; $m volume ls -q | wc -l; $m rm -v second; $m volume ls -q
                once --volumes-from nosuch true; echo $?
                once --volumes-from data:what true; echo $?
                """)
            #expect(
                outcome.text == """
                    hard
                    in
                    link
                    out
                    words
                    x
                    touch: /own/x: Read-only file system
                    touch: /host/x: Read-only file system
                    touch: /data/x: Read-only file system
                    hard
                    link
                    out
                    ["first"]
                    first
                    3
                    second
                    data
                    other
                    125
                    125

                    """, "\(outcome.error)")
            #expect(outcome.error.contains("No such container: nosuch"))
        }

        @Test func whatAVolumeMayBe() {
            let outcome = Self.elsewhere(
                """
                mkdir -p /run/host/in; echo h >/run/host/in/file
                $m volume create -o type=none -o o=bind -o device=/run/host bound
                once -v bound:/b cat /b/in/file
                once --mount type=volume,src=bound,dst=/b,volume-subpath=in,ro sh -c 'cat /b/file; touch /b/x 2>&1'
                $m volume inspect -f '{{.Options.device}}' bound
                once -v data:/d sh -c 'mkdir /d/sub; ln -s /etc /d/out; ln -s ../../../../../../etc /d/up; ln -s sub /d/ok'
                once --mount src=data,dst=/d,volume-subpath=ok sh -c 'touch /d/made'; ls $v/data/_data/sub
                for path in nosuch out up; do once --mount src=data,dst=/d,volume-subpath=$path true; echo $?; done
                mv /run/host /run/moved; once -v bound:/b true; echo $?
                $m volume create -o type=tmpfs -o device=tmpfs memory; echo $?
                $m volume create -o what=1 memory; echo $?
                once --mount src=marked,dst=/d,volume-label=k=v true; $m volume inspect -f '{{.Labels.k}}' marked
                once --mount src=marked,dst=/d --tmpfs /d true; echo $?
                """)
            #expect(
                outcome.text == """
                    bound
                    h
                    h
                    touch: /b/x: Read-only file system
                    /run/host
                    made
                    125
                    125
                    125
                    125
                    1
                    1
                    v
                    125

                    """, "\(outcome.error)")
            for text in [
                "cannot access path /var/lib/mydocker/volumes/data/_data/nosuch: No such file or directory",
                "failed to mount local volume: mount /run/host", "is not supported", "invalid option: \"what\"",
                "Duplicate mount point: /d",
            ] { #expect(outcome.error.contains(text), "\(text) in \(outcome.error)") }
        }

        /// A node that was made there opens nothing, and what is set-user-ID stays so, as in the root file system.
        @Test func noDeviceIsOpenedInAVolume() {
            let outcome = Self.elsewhere(
                """
                once --cap-add MKNOD -v data:/d sh -c 'mknod /d/null c 1 3 && echo made; cat /d/null 2>&1'
                once -v data:/d sh -c 'cat /d/null 2>&1; grep -c " /d .*nodev" /proc/mounts'
                """)
            #expect(
                outcome.text == """
                    made
                    cat: can't open '/d/null': Permission denied
                    cat: can't open '/d/null': Permission denied
                    1

                    """, "\(outcome.error)")
        }

        @Test func whatIsMountedLaterIsSeenWhereItWasAskedFor() {
            let outcome = Self.elsewhere(
                """
                mkdir -p /run/a/x /run/b; mount -t tmpfs a /run/a; mount --make-shared /run/a; mkdir /run/a/x /run/a/y
                mount -t tmpfs b /run/b; mount --make-private /run/b
                for kind in rprivate rslave rshared; do
                  $m run -d --name $kind --net none --cap-add SYS_ADMIN --security-opt seccomp=unconfined \\
                    -v /run/a:/a:$kind sleep 1000 >/dev/null
                done
                mount -t tmpfs later /run/a/x
                for kind in rprivate rslave rshared; do $m exec $kind grep -c ' /a/x ' /proc/mounts; done
                $m exec rshared mount -t tmpfs inside /a/y; grep -c ' /run/a/y ' /proc/mounts
                $m exec rslave grep -c ' /a/y ' /proc/mounts
                $m inspect -f '{{(index .Mounts 0).Propagation}} {{.HostConfig.Binds}}' rslave
                $m rm -f rprivate rslave rshared >/dev/null
                once -v /run/b:/b:rshared true; echo $?
                once --mount type=bind,src=/run/b,dst=/b,bind-propagation=slave true; echo $?
                mkdir /run/b/c; mount -t tmpfs c /run/b/c; touch /run/b/c/file
                once -v /run/b:/b ls /b/c
                once --mount type=bind,src=/run/b,dst=/b,bind-recursive=disabled ls /b/c
                """)
            #expect(
                outcome.text == """
                    0
                    1
                    1
                    1
                    1
                    rslave [/run/a:/a:rslave]
                    125
                    125
                    file

                    """, "\(outcome.error)")
            #expect(outcome.error.contains("path /run/b is mounted on /run/b but it is not a shared mount"))
            #expect(outcome.error.contains("path /run/b is mounted on /run/b but it is not a shared or slave mount"))
        }
    }
}
