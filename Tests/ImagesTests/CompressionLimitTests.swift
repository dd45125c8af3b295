import Core
import Linux
import Testing

@testable import Images

/// What a compressed archive may want of memory: its header says it, whatever is in it.
@Suite struct CompressionLimitTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func archive() throws -> String {
        var tar = Tar()
        tar.add("file", body: "packed")
        return try scratch.write("plain.tar", tar.finished)
    }

    /// Packs by xz and gives the first block another size of its dictionary: 2 or 3 times a power of two, as the file format has
    /// it (xz-file-format.txt, 5.3.1).
    private func packed(dictionary: Int, as name: String) throws -> String {
        let path = scratch.file(name)
        let script = """
            import lzma, struct, sys, zlib
            data = bytearray(lzma.compress(open(sys.argv[1], "rb").read(), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]))
            size = (data[12] + 1) * 4
            assert data[14:16] == b"\\x21\\x01"
            data[16] = int(sys.argv[3])
            data[12 + size - 4:12 + size] = struct.pack("<I", zlib.crc32(data[12:12 + size - 4]))
            open(sys.argv[2], "wb").write(data)
            """
        try #require(try run("python3", "-c", script, try archive(), path, "\(dictionary)").code == 0)
        try Files.remove(scratch.file("plain.tar"))
        return path
    }

    private static let tooLarge = OperationError.Cause.reason("its dictionary is larger than 128 MiB")

    @Test func xz() throws {
        // 1 MiB and 128 MiB.
        for dictionary in [16, 30] {
            let path = try packed(dictionary: dictionary, as: "good-\(dictionary).xz")
            let id = try scratch.store.importArchive(path, as: nil)
            let image = try #require(try scratch.store.resolve(id.description))
            #expect(Files.text(image.layerDirectories[0] + "/file") == "packed")
        }
        // 192 MiB, 1 GiB, and the largest one, 4 GiB.
        for dictionary in [31, 36, 40] {
            let path = try packed(dictionary: dictionary, as: "bad-\(dictionary).xz")
            #expect(error { _ = try scratch.store.importArchive(path, as: nil) }?.cause == Self.tooLarge)
        }
        try scratch.expectClean(images: 2)
    }

    /// The first part wants little.
    @Test func xzInTwoParts() throws {
        let parts = [try packed(dictionary: 16, as: "small.xz"), try packed(dictionary: 40, as: "large.xz")]
        let whole = try scratch.write("whole.xz", try parts.flatMap { try Files.read($0) })
        #expect(error { _ = try scratch.store.importArchive(whole, as: nil) }?.cause == Self.tooLarge)
    }

    @Test func xzThatIsDamaged() throws {
        let bytes = try Files.read(try packed(dictionary: 16, as: "good.xz"))
        for (name, damaged, reason) in [
            ("short", Array(bytes.dropLast(20)), "it ends too early"),
            ("changed", bytes[..<40] + [bytes[40] ^ 0xff] + bytes[41...], "its compressed data is damaged"),
            ("longer", bytes + [UInt8](repeating: 1, count: 16), "its compressed data is damaged"),
            ("magic", Array(bytes[..<6]), "it ends too early"),
        ] {
            let path = try scratch.write(name, Array(damaged))
            #expect(error { _ = try scratch.store.importArchive(path, as: nil) }?.cause == .reason(reason), "\(name)")
        }
        #expect(try scratch.store.list().isEmpty)
    }

    /// zstd's own limit is 128 MiB.
    @Test func zstd() throws {
        let path = try archive()
        func pack(_ window: Int) throws -> String {
            let packed = scratch.file("\(window).zst")
            try #require(try run("sh", "-c", "cat '\(path)' | zstd -q --long=\(window) -c >'\(packed)'").code == 0)
            return packed
        }
        _ = try scratch.store.importArchive(try pack(27), as: nil)
        let failure = error { _ = try scratch.store.importArchive(try pack(28), as: nil) }
        #expect(
            failure?.description.contains("Frame requires too much memory for decoding") == true,
            "\(String(describing: failure))")
    }
}
