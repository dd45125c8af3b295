import Glibc

/// Memory straight from the kernel. A page of it costs nothing until it is written to; one from the heap may
/// have been used by others before, and stays in this process.
package enum PageMemory {
    package static func allocate(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start, start != MAP_FAILED else {
            // As the heap does: a program without memory has no way on.
            preconditionFailure("out of memory")
        }
        return UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }

    package static func deallocate(_ memory: UnsafeMutableRawBufferPointer) {
        munmap(memory.baseAddress, memory.count)
    }
}
