import Core
import Glibc
import Linux

/// The busybox program of the host, read but never run.
struct Busybox {
    static let candidates = ["/bin/busybox", "/usr/bin/busybox"]
    private static let remedy = "apt-get install busybox-static"

    let path: String
    let applets: [String]

    /// The first candidate that a root directory without libraries can run.
    static func find(_ candidates: [String] = candidates) throws(OperationError) -> Busybox {
        var failure = OperationError(
            "make default image", reason: "there is no static busybox on this host", remedy: remedy)
        for path in candidates where Files.exists(path) {
            do throws(OperationError) {
                return try Busybox(path)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private init(_ path: String) throws(OperationError) {
        let bytes = try Files.readRecord(path)
        guard let program = ELFProgram(bytes), !program.hasInterpreter else {
            throw Busybox.unusable(path, "it is not a statically linked program")
        }
        guard let applets = Busybox.applets(in: bytes) else {
            throw Busybox.unusable(path, "it has no list of applets")
        }
        self.path = path
        self.applets = applets
    }

    private static func unusable(_ path: String, _ reason: String) -> OperationError {
        OperationError("make default image from", path, reason: reason, remedy: remedy)
    }

    /// The names lie one behind the other, sorted, each ended by a zero byte and the last one by two.
    static func applets(in bytes: [UInt8]) -> [String]? {
        let start = Array("\0[\0[[\0".utf8)
        return bytes.withUnsafeBytes { buffer in
            var from = 0
            while let offset = find(start, in: buffer, from: from) {
                if let names = names(in: buffer, from: offset + 1) { return names }
                from = offset + 1
            }
            return nil
        }
    }

    /// By memchr(3) from one bracket to the next: a program has millions of bytes.
    private static func find(_ needle: [UInt8], in bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard let base = bytes.baseAddress, let second = needle.dropFirst().first else { return nil }
        var offset = from + 1
        while offset + needle.count <= bytes.count,
            let found = memchr(base + offset, Int32(second), bytes.count - offset - needle.count + 1)
        {
            let start = UnsafeRawPointer(found) - base - 1
            if memcmp(base + start, needle, needle.count) == 0 { return start }
            offset = start + 2
        }
        return nil
    }

    private static func names(in bytes: UnsafeRawBufferPointer, from start: Int) -> [String]? {
        var names: [String] = []
        var rest = bytes[start...]
        while let end = rest.firstIndex(of: 0) {
            if end == rest.startIndex { return names.contains("sh") ? names : nil }
            let name = String(decoding: rest[..<end], as: UTF8.self)
            guard isApplet(name), names.last.map({ $0 < name }) ?? true else { return nil }
            names.append(name)
            rest = rest[(end + 1)...]
        }
        return nil
    }

    private static func isApplet(_ name: String) -> Bool {
        name.utf8.count <= 64 && name != "." && name != ".."
            && name.utf8.allSatisfy { $0.isDigit || $0.isASCIILetter || "_.-[+".utf8.contains($0) }
    }
}

/// As much of a 64-bit little-endian ELF file as tells whether it needs a dynamic linker (elf(5)).
struct ELFProgram {
    let hasInterpreter: Bool

    private static let interpreterType: UInt64 = 3

    init?(_ bytes: [UInt8]) {
        func number(_ offset: Int, _ size: Int) -> UInt64? {
            guard offset >= 0, offset + size <= bytes.count else { return nil }
            return bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]), let table = number(32, 8), let size = number(54, 2),
            let count = number(56, 2), table <= UInt64(bytes.count)
        else { return nil }
        var found = false
        for index in 0..<Int(count) {
            guard let type = number(Int(table) + index * Int(size), 4) else { return nil }
            found = found || type == ELFProgram.interpreterType
        }
        hasInterpreter = found
    }
}
