import CLinux

/// File systems whose files are the kernel's own words: what they hold is no content.
package enum KernelFileSystem {
    /// Magic numbers of statfs(2).
    private static let kinds: Set<Int64> = [
        0x9fa0,  // proc
        0x6265_6572,  // sysfs
        0x6367_7270, 0x27_e0eb,  // cgroup2, cgroup
        0x1cd1,  // devpts
        0x1980_0202,  // mqueue
        0x6462_6720, 0x7472_6163,  // debugfs, tracefs
        0x7363_6673, 0xcafe_4a11,  // securityfs, bpf
        0x6265_6570, 0xde5e_81e4,  // configfs, efivarfs
        0x6165_676c, 0x4249_4e4d,  // pstore, binfmt_misc
        0x6e73_6673, 0x6573_5543,  // nsfs, fusectl
    ]

    /// Whether an open file or directory lies in one.
    package static func holds(_ descriptor: Int32) -> Bool { kinds.contains(clinux_file_system_kind(descriptor)) }
}
