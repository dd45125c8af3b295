/// What is to be changed of a container's limits. Nil means: as it is.
package struct LimitUpdate: Equatable, Sendable {
    /// Bytes.
    package var memory: Int64?
    /// Bytes of memory and swap together; -1 for as much swap as there is.
    package var memorySwap: Int64?
    /// Thousandths of one CPU.
    package var milliCPUs: Int64?
    package var cpuShares: Int64?
    /// Processors as the kernel lists them: `0-2,4`.
    package var cpuset: String?
    /// 0 is no limit.
    package var pids: Int64?
    /// Bytes.
    package var memoryReservation: Int64?
    /// Microseconds; -1 is no limit.
    package var cpuQuota: Int64?
    /// Microseconds.
    package var cpuPeriod: Int64?
    /// Memory nodes as the kernel lists them.
    package var memoryNodes: String?
    package var blockWeight: Int64?

    package init() {}

    /// - Returns: all limits as they are to be.
    /// - Throws: when they do not go together. The sentences are Docker's.
    package func applied(to limits: ResourceLimits) throws(OperationError) -> ResourceLimits {
        var changed = limits
        changed.memory = memory ?? limits.memory
        changed.memorySwap = memorySwap ?? limits.memorySwap
        changed.milliCPUs = milliCPUs ?? limits.milliCPUs
        changed.cpuShares = cpuShares ?? limits.cpuShares
        changed.cpuset = cpuset ?? limits.cpuset
        if let pids { changed.pids = pids == 0 ? nil : pids }
        changed.memoryReservation = memoryReservation ?? limits.memoryReservation
        changed.cpuQuota = cpuQuota ?? limits.cpuQuota
        changed.cpuPeriod = cpuPeriod ?? limits.cpuPeriod
        changed.memoryNodes = memoryNodes ?? limits.memoryNodes
        changed.blockWeight = blockWeight ?? limits.blockWeight
        try checkProcessorTime(of: limits)
        guard let bytes = changed.memory, let both = changed.memorySwap, both != -1, both < bytes, memorySwap == nil
        else {
            try changed.check()
            return changed
        }
        throw OperationError(
            "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
            kind: .invalid)
    }

    /// Both ways of saying it say the same thing.
    private func checkProcessorTime(of limits: ResourceLimits) throws(OperationError) {
        let isOther = milliCPUs != nil && (limits.cpuPeriod != nil || limits.cpuQuota != nil)
        guard !isOther else {
            throw OperationError(
                "Conflicting options: Nano CPUs cannot be updated as CPU Period/Quota has already been set",
                kind: .invalid)
        }
        guard limits.milliCPUs == nil || (cpuPeriod == nil && cpuQuota == nil) else {
            throw OperationError(
                "Conflicting options: CPU \(cpuPeriod == nil ? "Quota" : "Period") cannot be updated as NanoCPUs has "
                    + "already been set", kind: .invalid)
        }
    }
}

extension ResourceLimits {
    /// Whether limits go together that bound the same thing. The sentences are Docker's.
    package func check() throws(OperationError) {
        try checkSwap()
        if let memory, let memoryReservation, memory < memoryReservation {
            throw OperationError(
                "Minimum memory limit can not be less than memory reservation limit, see usage", kind: .invalid)
        }
        guard milliCPUs == nil || (cpuPeriod == nil && cpuQuota == nil) else {
            throw OperationError(
                "Conflicting options: Nano CPUs and CPU \(cpuPeriod == nil ? "Quota" : "Period") cannot both be set",
                kind: .invalid)
        }
    }

    /// Whether the limit of swap goes with that of memory.
    private func checkSwap() throws(OperationError) {
        guard let memorySwap else { return }
        guard let memory else {
            throw OperationError(
                "You should always set the Memory limit when using Memoryswap limit, see usage", kind: .invalid)
        }
        guard memorySwap == -1 || memorySwap >= memory else {
            throw OperationError(
                "Minimum memoryswap limit should be larger than memory limit, see usage", kind: .invalid)
        }
    }
}
