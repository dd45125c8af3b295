import Core

// The file of an address pool
// ===========================
//
// All numbers are little-endian. The file is a row of pages of 4096 bytes and has its full length from the start, as
// holes: first the index pages, then one block page for every 253 addresses. A /24 has one of each; a /8 has 5 and
// 66 314, of which only those with leases take memory. An operation touches the pages that it needs and no others,
// so that it costs the same in a /8 as in a /24.
//
// Index page (of 14 336 blocks)                     Block page (of 253 addresses)
//      0  u64  checksum of the rest                      0  u64  checksum of the rest
//      8  u64  "MYDKPOOL"                                8  u32  number of this page
//     16  u32  version, 1                               12  u32  how many addresses are in use
//     20  u32  number of this page                      16  bits: address is in use (253, then 3 clear ones)
//     24  u32  network address                          48  253 owners of 16 bytes, zero where free
//     28  u32  prefix length
//     32  u32  cursor (page 0 only): where the next search begins
//     36  u32  how many reserved addresses follow
//     40  64 x u32  reserved addresses
//    512  bits: block has been written
//   2304  bits: block is full
//
// Addresses are numbered from the subnet's first that can be given out to its last, without those reserved.
//
// Killed between any two system calls
// -----------------------------------
// A page is changed by one pwrite(2) of the whole page. The kernel copies a page at a time and looks for a fatal signal
// only between pages, so a page is old or new, never half. There are three rules about the order of pages.
//
// - An address is given out by the write of its block, which holds bit and owner: there is no lease without an owner.
// - "Written" is set after the block and cleared before its page is given back. A block without the bit counts as
//   empty and is not read, whatever is in its page; a block with the bit must have a right checksum, so a page that
//   was zeroed is found out.
// - "Full" is set after the block and cleared before it. So a block marked full is full; one that is full and not
//   marked costs a look and is marked then.
//
// What a kill can leave is a lease that nobody was told of. Its owner says that no container has it.

/// 4096 bytes as numbers. The first is the checksum of the others.
struct Page: Equatable, Sendable {
    static let size = 4096
    static let wordCount = size / 8

    var words: [UInt64]

    init() { words = Array(repeating: 0, count: Page.wordCount) }
    init(words: [UInt64]) { self.words = words }

    var isIntact: Bool { words[0] == checksum }

    func sealed() -> Page {
        var page = self
        page.words[0] = checksum
        return page
    }

    /// Each step is a bijection of the state and, for a given state, of the word: a change within one word can never
    /// go unnoticed, and others once in 2^64. A page of zeros does not have the checksum zero.
    private var checksum: UInt64 {
        words.withUnsafeBufferPointer { words in
            var state: UInt64 = 0xcbf2_9ce4_8422_2325
            var index = 1
            while index < words.count {
                state = (state ^ words[index]) &* 0x9e37_79b9_7f4a_7c15
                state ^= state >> 32
                index += 1
            }
            return state
        }
    }

    /// Two 32-bit numbers in one word, the first at the lower address.
    func pair(_ index: Int) -> (UInt32, UInt32) {
        (UInt32(truncatingIfNeeded: words[index]), UInt32(truncatingIfNeeded: words[index] >> 32))
    }
    mutating func setPair(_ index: Int, _ first: Int, _ second: Int) {
        words[index] = UInt64(UInt32(first)) | UInt64(UInt32(second)) << 32
    }
}

/// What is wrong with a page.
struct PageDamage: Error, Equatable {
    let reason: String
    /// Nothing is wrong with it, but it is not for this program to read.
    var isNewer = false
}

/// Which pages a pool has.
struct PoolLayout {
    let capacity: Int
    let blockCount: Int
    let indexCount: Int

    init(_ space: AddressSpace) {
        capacity = space.capacity
        blockCount = (capacity + PoolBlock.slots - 1) / PoolBlock.slots
        indexCount = max(1, (blockCount + PoolIndex.blocks - 1) / PoolIndex.blocks)
    }

    var pageCount: Int { indexCount + blockCount }
    var size: Int { pageCount * Page.size }

    func page(ofBlock block: Int) -> Int { indexCount + block }
    /// Of the last block there may be less.
    func slots(inBlock block: Int) -> Int { min(PoolBlock.slots, capacity - block * PoolBlock.slots) }
    func blocks(inIndex index: Int) -> Int { min(PoolIndex.blocks, blockCount - index * PoolIndex.blocks) }
}
