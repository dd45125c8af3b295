import Foundation
import Testing

/// F7: what the kernel takes as bytes arrives byte for byte.
extension CLI {
    @Suite struct Bytes {
        init() { #expect(Host.hasDefaultImage) }

        /// What a line of shell prints, as hexadecimal digits; `$run` is a run without a network, in an empty directory.
        private func expect(_ line: String, prints bytes: String, sourceLocation: SourceLocation = #_sourceLocation)
            throws
        {
            try withScratch { scratch in
                let outcome = Host.shell(
                    "cd \(scratch); run=\"$MYDOCKER run --rm --net none\"; \(line)", sourceLocation: sourceLocation)
                let found = outcome.output.map { String(format: "%02x", $0) }.joined()
                #expect(found == bytes, "\(line): \(outcome.error)", sourceLocation: sourceLocation)
            }
        }

        @Test func F7_argumentsAndEnvironment() throws {
            try expect(#"$run printf %s $'caf\xe9\xff'"#, prints: "636166e9ff")
            // What spells a scalar that stands for a byte inside is not taken for that byte.
            try expect(#"$run printf %s $'\xf4\x8f\xba\x80\xf4\x8f\xbb\xbf'"#, prints: "f48fba80f48fbbbf")
            try expect(#"$run -e $'A=\xe9' sh -c 'printf %s "$A"'"#, prints: "e9")
            try expect(#"export A=$'\xfe'; $run -e A sh -c 'printf %s "$A"'"#, prints: "fe")
            try expect(#"$run -e $'A=\xcc\x81x' -e A=y -e $'A=\xcc\x81x' sh -c 'printf %s "$A"'"#, prints: "cc8178")
            try expect(
                #"printf 'A=\xe9\n' >$'e\xe9'; $run --env-file $'e\xe9' sh -c 'printf %s "$A"'"#, prints: "e9")
            try expect(#"$run --entrypoint printf busybox %s $'\xe9'"#, prints: "e9")
        }

        @Test func F7_paths() throws {
            let list = #"sh -c 'cd /; printf %s *[^a-z]'"#
            try expect(#"$run -w $'/\xe9' pwd"#, prints: "2fe90a")
            try expect(#"$run --tmpfs $'/\xe9' \#(list)"#, prints: "e9")
            let make = #"mkdir $'s\xe9'; printf in >$'s\xe9/f'; "#
            try expect(
                make + #"$run -v "$PWD"/$'s\xe9':$'/\xe9' \#(list); $run -v "$PWD"/$'s\xe9':/m cat /m/f"#,
                prints: "e9696e")
            try expect(make + #"cd $'s\xe9'; $run -v .:/m cat /m/f"#, prints: "696e")
            try expect(
                make + #"$run -v "$PWD"/$'s\xe9':/m sh -c 'printf new >/m/'$'\xe8'; cat $'s\xe9/\xe8'"#,
                prints: "6e6577")
            try expect(#"$run --cidfile $'\xe9' true; printf %s *"#, prints: "e9")
            try expect(
                make
                    + #"mkdir $'s\xe9'/bin; cp $(command -v busybox) $'s\xe9'/bin/sh; cd $'s\xe9'; $run --rootfs . /bin/sh -c 'echo on'"#,
                prints: "6f6e0a")
            try expect(
                make
                    + #"tar -C $'s\xe9' -cf $'t\xe9' .; $MYDOCKER import $'t\xe9' f7bytes >/dev/null; echo $?; $MYDOCKER rmi f7bytes >/dev/null"#,
                prints: "300a")
        }

        @Test func F7_execAndRestart() throws {
            try expect(
                #"""
                $MYDOCKER run -d --net none --name cbytes -l $'k=\xe9' sh -c 'sleep 1000; :' $'\xe9' >/dev/null
                $MYDOCKER exec -e $'A=\xe8' cbytes sh -c 'printf "%s%s" "$A" "$0"' $'\xe7'
                tr '\0' '\n' </proc/$($MYDOCKER inspect -f '{{.State.Pid}}' cbytes)/cmdline | tail -n 1
                $MYDOCKER rm -f cbytes >/dev/null
                """#, prints: "e8e7e90a")
            try expect(
                #"""
                $MYDOCKER run -d --net none --name cbytes --restart on-failure:1 sh -c 'printf %s "$0"; exit 1' $'\xe9' >/dev/null
                until [ $($MYDOCKER inspect -f '{{.State.Status}}' cbytes) = exited ]; do :; done
                $MYDOCKER logs cbytes; $MYDOCKER rm cbytes >/dev/null
                """#, prints: "e9e9")
        }

        /// For other programs it is Unicode, and for people text.
        @Test func F7_whatIsPrintedIsUnicode() throws {
            try withContainer("cbytesb", "-l", "a=b", "sh", "-c", "sleep 1000") { _ in
                let line =
                    #"$MYDOCKER run -d --net none --name cbytesc -l $'k=\xe9' sh -c 'sleep 1000' $'x\xe9' >/dev/null"#
                Host.shell(line)
                defer { succeed("rm", "-f", "cbytesc") }
                #expect(inspect("{{json .Config.Labels}}", "cbytesc") == "{\"k\":\"\u{fffd}\"}")
                #expect(inspect("{{index .Config.Labels \"k\"}}", "cbytesc") == "\\xe9")
                let whole = mydocker("inspect", "cbytesc").output
                #expect((try? JSONSerialization.jsonObject(with: whole)) != nil)
                #expect(String(validating: whole, as: UTF8.self)?.contains("x\u{fffd}") == true)
                #expect(mydocker("ps", "--no-trunc").text.contains("x\\xe9"))
                #expect(Host.shell(#"$MYDOCKER run --rm --rootfs $'/no\xe9' true"#).error.contains("\"/no\\xe9\""))
            }
        }

        /// The one place that cannot keep them refuses them.
        @Test func F7_anImageIsJSON() throws {
            try withContainer("cbytesi", "sleep", "1000") { _ in
                for line in [#"commit -m $'\xe9' cbytesi cbytesi"#, #"commit -c $'ENV A=\xe9' cbytesi cbytesi"#] {
                    let outcome = Host.shell("$MYDOCKER \(line)")
                    #expect(outcome.code == 1 && outcome.output.isEmpty)
                    #expect(
                        outcome.error.contains("mydocker: write image configuration: it is JSON"), "\(outcome.error)")
                }
                #expect(!mydocker("images").text.contains("cbytesi"))
            }
        }

        /// Before a step is carried out.
        @Test func F7_aBuildSaysWhichFlagIsNot() throws {
            try expect(
                #"""
                printf 'FROM busybox\nARG A\nRUN touch /%s\n' "$RANDOM$RANDOM" >Dockerfile
                for flag in --build-arg --label --annotation -t; do
                  $MYDOCKER build $flag $'a=\xe9' . >out 2>err; printf '%s ' $?; grep -c -e "$flag.*not UTF-8" err; grep -c '#' err
                done | tr -d '\n'
                export A=$'\xe9'; $MYDOCKER build --build-arg A . 2>&1 | grep -c -e '--build-arg A: .*not UTF-8'
                """#,
                prints: Array(String(repeating: "125 10", count: 4).utf8).map { String($0, radix: 16) }.joined()
                    + "310a")
        }

        /// A comment field in Latin-1, as it is in many an old image.
        @Test func F7_aUserWhoseCommentIsLatin1() throws {
            try expect(
                #"""
                umask 022; mkdir -p r/bin r/etc; cp $(command -v busybox) r/bin/busybox; ln -s busybox r/bin/sh
                printf 'app:x:1000:1001:Jos\xe9:/home/app:/bin/sh\n' >r/etc/passwd
                printf 'staff:x:50:b\xfc,app\n' >r/etc/group
                for user in app 1000; do
                  $run --rootfs r -u $user /bin/sh -c 'printf %s "$HOME $(busybox id -u) $(busybox id -G) "'
                done | grep -cx '/home/app 1000 1001 50 /home/app 1000 1001 50 '
                """#, prints: "310a")
        }
    }
}
