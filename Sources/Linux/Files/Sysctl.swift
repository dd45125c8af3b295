import Core

/// Kernel settings below /proc/sys of the namespace that the caller is in.
package enum Sysctl {
    /// - Parameter key: a path below /proc/sys, such as `net/ipv4/ip_forward`.
    package static func get(_ key: String) -> String? { Files.line("/proc/sys/" + key) }

    /// Writes only when the value differs: /proc/sys may be read-only and already right.
    package static func set(_ key: String, to value: String) throws(OperationError) {
        if get(key) == value { return }
        do throws(OperationError) {
            try Files.set("/proc/sys/" + key, to: value)
        } catch {
            throw OperationError(
                "set sysctl", key, errno: error.errno ?? 0, remedy: "run: sysctl -w \(key.replacingSlashes)=\(value)")
        }
    }
}

extension String {
    fileprivate var replacingSlashes: String { String(map { $0 == "/" ? "." : $0 }) }
}
