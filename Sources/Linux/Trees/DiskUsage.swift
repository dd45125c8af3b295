import Core
import Glibc

extension Files {
    /// How many bytes of the disk all below a directory takes, each file once. What cannot be read counts nothing.
    package static func diskUsage(below path: String) -> Int64 {
        sum(below: path) { min(Int64($0.st_blocks), .max / 512) * 512 }
    }

    /// How many bytes the regular files below a directory have, each once. A hole counts and costs nothing: the greatest number
    /// stands for all that are greater.
    package static func contentSize(below path: String) -> Int64 {
        sum(below: path) { $0.isRegular ? Int64($0.st_size) : 0 }
    }

    private static func sum(below path: String, _ count: (stat) -> Int64) -> Int64 {
        var pending = [path]
        var counted: Set<ino_t> = []
        var sum: Int64 = 0
        while let directory = pending.popLast() {
            for name in (try? names(in: directory)) ?? [] {
                let entry = "\(directory)/\(name)"
                guard let status = status(entry, followLinks: false) else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    pending.append(entry)
                } else if status.st_nlink > 1, !counted.insert(status.st_ino).inserted {
                    continue
                }
                sum = sum.addingSaturated(count(status))
            }
        }
        return sum
    }
}
