import Core
import Glibc
import Linux

/// The files of an image, gone through without a mount.
package enum MergedTree {
    /// What the layers have at a path and below it, in the order of the paths, each directory before what is in it. A link at the
    /// path's end is followed when it leads to a directory.
    /// - Parameter layers: top one first.
    /// - Returns: nil when there is nothing at that path.
    package static func list(_ path: String, inLayers layers: [String]) throws(OperationError) -> [ImageFile]? {
        let parts = cleaned(path)
        let place = parts.map { "/" + $0 }.joined()
        var files: [ImageFile] = []
        if let directory = try MergedDirectory(place, inLayers: layers) {
            files.append(ImageFile(place.isEmpty ? "/" : place, try directory.top.descriptor.ownStatus(), link: nil))
            try add(directory, at: place, depth: 0, to: &files)
            return files
        }
        guard let last = parts.last.flatMap({ try? FileName(single: $0) }), !path.hasSuffix("/"),
            let parent = try MergedDirectory("/" + parts.dropLast().joined(separator: "/"), inLayers: layers),
            let entry = parent.entry(last)
        else { return nil }
        return [parent.file(entry, at: place)]
    }

    /// Without `.` and `..`, as Docker cleans paths before it looks anything up.
    private static func cleaned(_ path: String) -> [String] {
        path.pathComponents.reduce(into: []) { parts, part in
            switch part {
            case ".": break
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
    }

    private static func add(
        _ directory: MergedDirectory, at path: String, depth: Int, to files: inout [ImageFile]
    ) throws(OperationError) {
        try MergedDirectory.checkDepth(depth, "list", path)
        for entry in try directory.entries().sorted(by: { $0.name < $1.name }) {
            let place = "\(path)/\(entry.name.text)"
            files.append(directory.file(entry, at: place))
            if entry.status.isDirectory, let next = try directory.descend(into: entry) {
                try add(next, at: place, depth: depth + 1, to: &files)
            }
        }
    }
}

extension MergedDirectory {
    fileprivate func file(_ entry: Entry, at path: String) -> ImageFile {
        let isLink = entry.status.isSymbolicLink
        return ImageFile(
            path, entry.status, link: isLink ? self.directory(with: entry).descriptor.link(at: entry.name) : nil)
    }
}

extension stat {
    /// Major and minor one, as ls(1) has them (gnu_dev_major(3)).
    fileprivate var deviceNumbers: String {
        let number = UInt64(st_rdev)
        let major = number >> 8 & 0xfff | number >> 32 & 0xffff_f000
        return "\(major), \(number & 0xff | number >> 12 & 0xffff_ff00)"
    }
}

extension ImageFile {
    fileprivate init(_ path: String, _ status: stat, link: String?) {
        let isDevice = status.kind == S_IFCHR || status.kind == S_IFBLK
        let time = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        let nanoseconds = time.overflow ? 0 : time.partialValue + Int64(status.st_mtim.tv_nsec)
        self.init(
            path: path, mode: status.st_mode, user: status.st_uid, group: status.st_gid,
            size: status.isRegular ? Int64(status.st_size) : 0, modified: Timestamp(nanoseconds: nanoseconds),
            link: link, device: isDevice ? status.deviceNumbers : nil)
    }
}
