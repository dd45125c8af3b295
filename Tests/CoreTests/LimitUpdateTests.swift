import Testing

@testable import Core

@Suite struct LimitUpdateTests {
    private func limits(memory: Int64?, both: Int64? = nil, pids: Int64? = nil) -> ResourceLimits {
        var limits = ResourceLimits()
        (limits.memory, limits.memorySwap, limits.pids) = (memory, both, pids)
        return limits
    }

    private func update(memory: Int64? = nil, both: Int64? = nil, pids: Int64? = nil) -> LimitUpdate {
        var update = LimitUpdate()
        (update.memory, update.memorySwap, update.pids) = (memory, both, pids)
        return update
    }

    @Test func whatIsNotNamedStays() throws {
        #expect(
            try update(memory: 64).applied(to: limits(memory: 32, both: 128, pids: 7))
                == limits(memory: 64, both: 128, pids: 7))
        #expect(try LimitUpdate().applied(to: limits(memory: 32)) == limits(memory: 32))
        #expect(try update(pids: 0).applied(to: limits(memory: 32, pids: 7)) == limits(memory: 32))
        #expect(try update(pids: 9).applied(to: ResourceLimits()) == limits(memory: nil, pids: 9))
    }

    @Test func memoryAndSwapGoTogether() throws {
        func complaint(_ update: LimitUpdate, _ limits: ResourceLimits) -> String? {
            do throws(OperationError) { _ = try update.applied(to: limits) } catch { return error.description }
            return nil
        }
        #expect(
            complaint(update(memory: 64), limits(memory: 32, both: 48))?.contains("update the memoryswap at") == true)
        #expect(complaint(update(memory: 64, both: 64), limits(memory: 32, both: 48)) == nil)
        #expect(complaint(update(both: 16), limits(memory: 32))?.hasPrefix("Minimum memoryswap limit") == true)
        #expect(complaint(update(both: 64), ResourceLimits())?.hasPrefix("You should always set the Memory") == true)
        // As much swap as there is, and what follows from the memory.
        #expect(complaint(update(memory: 64), limits(memory: 32, both: -1)) == nil)
        #expect(complaint(update(both: -1), limits(memory: 32)) == nil)
        #expect(complaint(update(memory: 640), limits(memory: 32)) == nil)
    }

    @Test func processors() {
        #expect(ProcessorList.numbers(of: "0-2,4") == [0, 1, 2, 4])
        #expect(ProcessorList.numbers(of: "3") == [3])
        #expect(ProcessorList.numbers(of: "") == [])
        #expect(ProcessorList.numbers(of: "2-1,x") == [])
    }
}
