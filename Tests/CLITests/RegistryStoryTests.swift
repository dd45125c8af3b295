import Testing

extension CLI.Registries {
    /// What a CI job does: pull, build on it, run, test, tag and push, with no file prepared.
    @Test func aJobFromPullToPush() throws {
        try withScratch { scratch in
            let registry = try TestRegistry(scratch, port: 5000)
            let base = registry.host + "/team/base"
            succeed("tag", "busybox", base)
            succeed("push", "-q", base)
            succeed("rmi", base)
            let outcome = Host.run(
                [
                    "bash", "-ec",
                    """
                    m=$MYDOCKER; r=\(registry.host)/team; mkdir \(scratch)/app; cd \(scratch)/app
                    printf 'FROM %s\\nCOPY answer /answer\\nRUN test "$(cat /answer)" = 42\\nCMD ["cat", "/answer"]\\n' $r/base >Dockerfile
                    echo 42 >answer
                    $m build -q -t $r/app:ci . | cut -c -7
                    $m run --rm --net none $r/app:ci
                    $m tag $r/app:ci $r/app:latest; $m push -q $r/app:ci; $m push -q --all-tags $r/app
                    $m rmi $r/app:ci $r/app:latest $r/base >/dev/null
                    $m run --rm --net none $r/app
                    $m build -q --pull -t again - <<<"FROM $r/app:ci" | cut -c -7
                    $m build -q - <<<"FROM $r/nosuch" && echo built; $m rmi -f again $r/app $r/app:ci $r/base >/dev/null
                    $m builder prune -af >/dev/null; $m system check
                    """,
                ], environment: ["MYDOCKER": Host.mydocker], seconds: 120)
            #expect(
                outcome.lines == [
                    "sha256:", "42", "\(registry.host)/team/app:ci", "\(registry.host)/team/app:ci",
                    "\(registry.host)/team/app:latest", "42", "sha256:",
                ], "\(outcome.text)\(outcome.error)")
            #expect(
                outcome.error.contains("manifest for \(registry.host)/team/nosuch:latest not found"), "\(outcome.error)"
            )
        }
    }
}
