/// The memory of this host.
package enum HostMemory {
    /// Bytes; 0 when /proc does not say.
    package static var total: Int64 { (KernelCounters(Files.text("/proc/meminfo") ?? "")["MemTotal:"] ?? 0) * 1024 }
}
