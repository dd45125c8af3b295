import Testing

/// Hosts differ in where their cgroups are; these are the ones that this host is not.
extension CLI {
    @Suite(.serialized) struct CgroupLayouts {
        /// The default image and the filter are there from here on.
        init() { mydocker("run", "--rm", "--net", "none", "true") }

        /// Runs in a mount namespace of its own, in which `script` has laid out /sys/fs/cgroup anew.
        private func with(_ script: String, _ body: String) -> Outcome {
            Host.run(
                ["unshare", "--mount", "bash", "-e", "-c", "\(script)\n\(body)"],
                environment: ["MYDOCKER": Host.mydocker])
        }

        private static let lifecycle = """
            id=$($MYDOCKER run -d --name cgl --net none sleep 1000)
            $MYDOCKER exec cgl echo inside
            find /sys/fs/cgroup -type d -name $id | wc -l
            $MYDOCKER stop -t 0 cgl
            $MYDOCKER rm cgl
            find /sys/fs/cgroup -type d -path '*mydocker*' | wc -l
            """
        private static let limit = "$MYDOCKER run --rm --net none -m 64m true"
        private static let noController = "set --memory: this host has no memory cgroup controller"

        /// No cgroups at all, and v2 alone where its controllers belong to v1.
        private static let layouts =
            [("umount -l /sys/fs/cgroup", "0")]
            + (KernelLimits.isUnified
                ? [] : [("umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup", "1")])

        /// A limit has nowhere to go.
        @Test(arguments: layouts)
        func withoutControllers(layout: String, cgroups: String) {
            Ledger.expectUnchanged {
                #expect(with(layout, Self.lifecycle).lines == ["inside", cgroups, "cgl", "cgl", "0"])
                let refused = with(layout, Self.limit)
                #expect(refused.code == 125 && refused.error.contains(Self.noController), "\(refused.error)")
            }
        }

        private static let hasFreezer = !Host.read("/sys/fs/cgroup/freezer/cgroup.procs").isEmpty

        /// One with a limit is in one directory, in v1 only in that controller's and the freezer's, which tracks it there.
        @Test func oneVersionAlone() {
            let layout = KernelLimits.isUnified ? "true" : "umount -l /sys/fs/cgroup/unified"
            let memory = KernelLimits.isUnified ? "" : "memory/"
            let file = KernelLimits.isUnified ? "memory.max" : "memory.limit_in_bytes"
            Ledger.expectUnchanged {
                let cgroups = KernelLimits.isUnified || Self.hasFreezer ? "1" : "0"
                #expect(with(layout, Self.lifecycle).lines == ["inside", cgroups, "cgl", "cgl", "0"])
                let limited = with(
                    layout,
                    """
                    id=$($MYDOCKER run -d -m 64m --name cgl --net none sleep 1000)
                    cat /sys/fs/cgroup/\(memory)mydocker/$id/\(file)
                    $MYDOCKER exec -d cgl sleep 1000
                    wc -l </sys/fs/cgroup/\(memory)mydocker/$id/cgroup.procs
                    find /sys/fs/cgroup -type d -name $id
                    $MYDOCKER rm -f cgl
                    """)
                #expect(limited.lines.prefix(2) == ["\(64 << 20)", "2"], "\(limited.error)")
                let directories = KernelLimits.isUnified || !Self.hasFreezer ? 1 : 2
                #expect(limited.lines.dropFirst(2).count == directories + 1, "\(limited.text)")
            }
        }
    }
}
