import Core
import Glibc
import Linux

/// The pages of a pool in a file.
struct PoolFile: PoolPages, ~Copyable {
    let path: String
    private let file: Descriptor

    init(_ file: consuming Descriptor, path: String) {
        self.path = path
        self.file = file
    }

    func checkSize(_ expected: Int) throws(AddressPoolError) {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw failed("read", errno) }
        guard status.st_size == expected else {
            throw damaged("it has \(status.st_size) bytes instead of \(expected)")
        }
    }

    func setSize(_ size: Int) throws(AddressPoolError) {
        try PoolFile.passFaultPoint("write address pool", path)
        guard ftruncate(file.number, size) == 0 else { throw failed("write", errno) }
    }

    func read(_ number: Int) throws(AddressPoolError) -> Page {
        var failure: Int32 = 0
        var words = [UInt64](unsafeUninitializedCapacity: Page.wordCount) { buffer, count in
            let n = pread(file.number, buffer.baseAddress, Page.size, number * Page.size)
            failure = n < 0 ? errno : 0
            count = n == Page.size ? Page.wordCount : 0
        }
        guard failure == 0 else { throw failed("read", failure) }
        guard !words.isEmpty else { throw damaged(number, PageDamage(reason: "missing")) }
        PoolFile.swapIfBigEndian(&words)
        return Page(words: words)
    }

    mutating func write(_ page: Page, _ number: Int) throws(AddressPoolError) {
        try PoolFile.passFaultPoint("write address pool", path)
        var words = page.words
        PoolFile.swapIfBigEndian(&words)
        let written = words.withUnsafeBytes { pwrite(file.number, $0.baseAddress, Page.size, number * Page.size) }
        guard written == Page.size else { throw failed("write", written < 0 ? errno : ENOSPC) }
    }

    /// Gives the memory back (as fallocate(2) would, which Glibc's module map lacks). Where the file system cannot do
    /// that the page stays, and does no harm.
    mutating func discard(_ number: Int) {
        let page = mmap(nil, Page.size, PROT_READ | PROT_WRITE, MAP_SHARED, file.number, number * Page.size)
        guard page != MAP_FAILED else { return }
        _ = madvise(page, Page.size, MADV_REMOVE)
        munmap(page, Page.size)
    }

    static func passFaultPoint(_ operation: String, _ path: String) throws(AddressPoolError) {
        do throws(OperationError) { try FaultPoint.pass(operation, path) } catch { throw .unusable(error) }
    }

    func damaged(_ number: Int, _ damage: PageDamage) -> AddressPoolError {
        damage.isNewer ? .unusable(RecordVersion.refusal(of: path)) : damaged("page \(number): \(damage.reason)")
    }

    private func damaged(_ reason: String) -> AddressPoolError {
        .unusable(
            OperationError(
                "address pool", path, reason: "the file is damaged: \(reason)", remedy: AddressPoolFile.repairRemedy,
                kind: .damaged))
    }

    private func failed(_ verb: String, _ number: Int32) -> AddressPoolError {
        .unusable(OperationError("\(verb) address pool", path, errno: number))
    }

    private static func swapIfBigEndian(_ words: inout [UInt64]) {
        #if _endian(big)
            for index in words.indices { words[index] = words[index].byteSwapped }
        #endif
    }
}
