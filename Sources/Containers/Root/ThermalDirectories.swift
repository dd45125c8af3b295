import Linux

/// Directories of /sys in which each processor counts how often it became too hot, by which neighbours that keep it busy
/// could be told (GHSA-6fw5-f8r9-fgfm).
package enum ThermalDirectories {
    /// Those of this host; none on most virtual machines.
    /// - Parameter directory: where sysfs lists the processors.
    package static func present(in directory: String = "/sys/devices/system/cpu") -> [String] {
        func path(_ name: String) -> String { "\(directory)/\(name)/thermal_throttle" }
        // All have it or none.
        guard Files.exists(path("cpu0")) else { return [] }
        let names = (try? Files.names(in: directory)) ?? []
        return names.filter { $0.hasPrefix("cpu") && $0.dropFirst(3).allSatisfy(\.isWholeNumber) && $0.count > 3 }
            .map(path).filter(Files.exists).sorted()
    }
}
