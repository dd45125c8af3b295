import Core
import Glibc
import Linux

/// Paths that name an open descriptor of the process, whatever that leads to: `/dev/stdout`, and `/dev/fd/63` of a shell's
/// process substitution.
enum DescriptorPath {
    private static let directories = ["/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"]
    private static let maximumLinks = 40

    /// Nil for a path that names no descriptor.
    static func number(of path: String) -> Int32? {
        var path = path
        for _ in 0..<maximumLinks {
            if let directory = directories.first(where: path.hasPrefix) {
                return Decimal.parse(path.dropFirst(directory.count), in: 0...Int(Int32.max)).map { Int32($0) }
            }
            guard let link = Files.link(path), !link.isEmpty else { return nil }
            let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
            path = link.isAbsolutePath ? link : directory + link
        }
        return nil
    }

    /// The caller's descriptors that `paths` name. To be asked before anything is opened.
    /// - Throws: also EBADF for one that is not open: its number would soon be that of a file of ours.
    static func inherited(_ paths: [String?]) throws(OperationError) -> [Int32] {
        var numbers: [Int32] = []
        for path in paths.compactMap({ $0 }) {
            guard let number = Self.number(of: path) else { continue }
            guard InheritedDescriptors.contains(number) else { throw OperationError("open", path, errno: EBADF) }
            numbers.append(number)
        }
        return numbers
    }
}
