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
        guard let bytes = changed.memory, let both = changed.memorySwap, both != -1, both < bytes, memorySwap == nil
        else {
            try changed.checkSwap()
            return changed
        }
        throw OperationError(
            "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
            kind: .invalid)
    }
}

extension ResourceLimits {
    /// Whether the limit of swap goes with that of memory.
    package func checkSwap() throws(OperationError) {
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
