/// What `info` tells: how many there are of what, and what this host has.
package struct SystemInformation: Equatable, Sendable {
    package var id = ""
    package var running = 0
    package var paused = 0
    package var stopped = 0
    package var images = 0
    package var root = ""
    /// Of the file system that images and containers lie on; `<unknown>` where nobody has given it a name.
    package var backingFilesystem = ""
    package var cgroupVersion = 1
    /// Those of memory, cpu, cpuset and pids that limits can be set by.
    package var controllers: Set<String> = []
    package var isForwarding = false
    package var kernel = ""
    package var operatingSystem = ""
    package var operatingSystemVersion = ""
    package var architecture = ""
    package var processors = 1
    /// Bytes.
    package var memory: Int64 = 0
    package var hostname = ""
    package var now = Timestamp(nanoseconds: 0)
    /// What could not be read.
    package var warnings: [String] = []

    package init() {}

    package var containers: Int { running + paused + stopped }
}
