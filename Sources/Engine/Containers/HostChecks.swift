import Core
import Linux

/// Flags whose meaning depends on what this host is.
extension Engine {
    /// Says what has no effect here.
    func checkHost(_ request: RunRequest) throws(OperationError) {
        if let platform = request.platform { try check(platform: platform) }
        for option in request.idleSecurityOptions { try check(securityOption: option) }
        for warning in request.warnings { warn(warning) }
        if request.kernel.sharedMemory != nil, request.namespaces.ipc != .own || request.namespaces.ipcSharing == .none
        {
            warn("--shm-size has no effect: /dev/shm is not the container's own")
        }
        if request.limits.disablesOutOfMemoryKills, request.limits.memory == nil {
            warn("--oom-kill-disable without --memory: what uses up this host's memory is not ended")
        }
    }

    private func check(platform: String) throws(OperationError) {
        let parts = platform.lowercased().split(separator: "/", omittingEmptySubsequences: false)
        let own = HostPlatform.architecture
        let isOwn =
            (1...3).contains(parts.count) && parts[0] == "linux" && (parts.count == 1 || own.contains(String(parts[1])))
        guard !isOwn else { return }
        throw OperationError(
            "requested platform \(platform) is not this host's, which is linux/\(own[0])",
            remedy: "leave out --platform, or run it on such a host", kind: .unsupported)
    }

    /// A container here has no profile and no label of its own, whatever the host has.
    private func check(securityOption option: String) throws(OperationError) {
        let isProfile = option.hasPrefix("apparmor")
        let value = option.drop { $0 != "=" && $0 != ":" }.dropFirst()
        if value == (isProfile ? "unconfined" : "disable") { return }
        let isThere =
            isProfile
            ? Files.line("/sys/module/apparmor/parameters/enabled") == "Y" : Files.exists("/sys/fs/selinux/enforce")
        let system = isProfile ? "AppArmor" : "SELinux"
        guard !isThere else {
            throw OperationError(
                "invalid --security-opt", option, reason: "mydocker sets no \(system) profiles or labels",
                remedy: "use \(isProfile ? "apparmor=unconfined" : "label=disable")", kind: .unsupported)
        }
        warn("--security-opt \(option) has no effect: this host has no \(system)")
    }
}

/// What programs run here.
private enum HostPlatform {
    /// As images name it, and as others do.
    #if arch(x86_64)
        static let architecture = ["amd64", "x86_64"]
    #else
        static let architecture = ["arm64", "aarch64"]
    #endif
}
