import Core
import Glibc
import Linux

/// Where a container's `etc/passwd` and `etc/group` are.
package enum AccountSource {
    /// In a root file system that is not there yet: an overlay of these layers, top one first, with mounts on top.
    case layers([String], mounts: [PlannedMount])
    /// Where this process of a container sees them.
    case process(pid_t)
}

/// What will be mounted in a container.
package struct PlannedMount: Equatable, Sendable {
    let target: [String]
    /// Of the host's; nil for what is empty at first.
    let source: String?

    package init(_ target: String, from source: String?) {
        self.target = target.split(separator: "/").map(String.init)
        self.source = source
    }
}

extension UserDatabase {
    /// As much of both files as says something about `specification` and further groups (`resolve`).
    package init(
        about specification: String, _ added: [String] = [], from source: AccountSource
    ) throws(OperationError) {
        let parts = specification.split(separator: ":", omittingEmptySubsequences: false).map { String($0).kernelBytes }
        let user = parts.first ?? []
        let passwd = try source.lines(of: "etc/passwd", with: [AccountFile.trait(of: user)])
        // Whatever that user is called there: its groups name it.
        let names = passwd.split(separator: 0x0a).map { Array($0.prefix { $0 != 0x3a }) }
        let wanted = (names + parts + added.map(\.kernelBytes)).filter { !$0.isEmpty }
        self.init(passwd: passwd, group: try source.lines(of: "etc/group", with: wanted))
    }
}

extension AccountSource {
    /// The lines with one of `words` in them; none where there is no such file.
    fileprivate func lines(of file: String, with words: [[UInt8]]) throws(OperationError) -> [UInt8] {
        switch self {
        case .layers(let layers, let mounts):
            let lookup = LayeredLookup(layers: layers, mounts: mounts)
            guard let found = try lookup.find(file) else { return [] }
            return try AccountFile.lines(of: found, named: file, with: words)
        case .process(let pid):
            let root = try Descriptor.open("/proc/\(pid)/root", Descriptor.pathOnly | O_DIRECTORY)
            do throws(OperationError) {
                return try AccountFile.lines(of: root.open(inRoot: file, Descriptor.pathOnly), named: file, with: words)
            } catch {
                guard [ENOENT, ENOTDIR, ELOOP].contains(error.errno) else { throw error }
                return []
            }
        }
    }
}

/// Reading passwd(5) and group(5) of somebody who is not trusted: they may be large, and need not be files.
enum AccountFile {
    /// Bytes that are read through, and that are kept of them.
    private static let limits = (file: 256 << 20, kept: 16 << 20)

    /// What a line about the user must have in it: its name, or its number as a field; `user` may be empty for root.
    static func trait(of user: [UInt8]) -> [UInt8] {
        let isNumber = user.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber ? [0x3a] + (user.isEmpty ? [0x30] : user) + [0x3a] : user
    }

    /// - Parameter file: opened with O_PATH, so that nothing has been done to a pipe or device.
    static func lines(
        of file: borrowing Descriptor, named name: String, with words: [[UInt8]]
    ) throws(OperationError) -> [UInt8] {
        guard Files.kind(of: file.number) == S_IFREG else { return [] }
        let opened = try Descriptor.open("/proc/self/fd/\(file.number)", O_RDONLY | O_NONBLOCK | O_NOCTTY)
        var filter = LineFilter(words)
        var total = 0
        while true {
            let chunk = try chunk(of: opened, named: name)
            if chunk.isEmpty { return filter.finish() }
            total += chunk.count
            filter.add(chunk)
            guard total <= limits.file, filter.size <= limits.kept else {
                throw OperationError("read", name, errno: EFBIG)
            }
        }
    }

    private static func chunk(of file: borrowing Descriptor, named name: String) throws(OperationError) -> [UInt8] {
        while true {
            var failure: Int32 = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                let result = Glibc.read(file.number, buffer.baseAddress, buffer.count)
                failure = result < 0 ? errno : 0
                count = max(0, result)
            }
            if failure == 0 { return chunk }
            guard failure == EINTR else { throw OperationError("read", name, errno: failure) }
        }
    }
}

/// Lets those lines of a text through that have one of some words in them.
struct LineFilter {
    private let words: [[UInt8]]
    private var kept: [UInt8] = []
    /// The beginning of a line whose end has not come yet.
    private var rest: [UInt8] = []

    init(_ words: [[UInt8]]) { self.words = words }

    var size: Int { kept.count + rest.count }

    mutating func add(_ bytes: [UInt8]) {
        guard let last = bytes.lastIndex(of: 0x0a) else {
            rest += bytes
            return
        }
        let end = rest.count + last
        let text = rest + bytes
        rest = Array(bytes[(last + 1)...])
        text.withUnsafeBytes { buffer in
            var start = 0
            while start <= end {
                let line = buffer[start..<lineEnd(in: buffer, from: start)]
                if matches(UnsafeRawBufferPointer(rebasing: line)) {
                    kept += line
                    kept.append(0x0a)
                }
                start = line.endIndex + 1
            }
        }
    }

    mutating func finish() -> [UInt8] {
        if !rest.isEmpty { add([0x0a]) }
        return kept
    }

    /// There is one.
    private func lineEnd(in buffer: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = buffer.baseAddress, let end = memchr(base + start, 0x0a, buffer.count - start) else {
            return buffer.count
        }
        return UnsafeRawPointer(end) - base
    }

    private func matches(_ line: UnsafeRawBufferPointer) -> Bool { words.contains { line.contains(word: $0) } }
}

extension UnsafeRawBufferPointer {
    fileprivate func contains(word: [UInt8]) -> Bool {
        guard let first = word.first, var place = baseAddress else { return word.isEmpty }
        let end = place + count
        while end - place >= word.count,
            let found = memchr(place, Int32(first), end - place - word.count + 1)
        {
            if memcmp(found, word, word.count) == 0 { return true }
            place = UnsafeRawPointer(found) + 1
        }
        return false
    }
}
