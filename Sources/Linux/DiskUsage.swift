import Glibc

extension Files {
    /// How many bytes of the disk all below a directory takes, each file once. What cannot be read counts nothing.
    package static func diskUsage(below path: String) -> Int64 {
        var pending = [path]
        var counted: Set<ino_t> = []
        var blocks: Int64 = 0
        while let directory = pending.popLast() {
            for name in (try? names(in: directory)) ?? [] {
                let entry = "\(directory)/\(name)"
                guard let status = status(entry, followLinks: false) else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    pending.append(entry)
                } else if status.st_nlink > 1, !counted.insert(status.st_ino).inserted {
                    continue
                }
                blocks += Int64(status.st_blocks)
            }
        }
        return blocks * 512
    }
}
