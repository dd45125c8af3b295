/// Paths as text, without looking at what is there.
package enum CleanPath {
    /// Without `.`, doubled slashes, one in front or behind; `..` takes the name before it along, and stays at the top.
    package static func of(_ path: String) -> String { components(path).joined(separator: "/") }

    package static func components(_ path: String) -> [String] {
        var names: [String] = []
        for name in path.pathComponents where name != "." {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        return names
    }

    /// Where a path leads that is seen from a directory: an absolute one.
    package static func join(_ directory: String, _ path: String) -> String {
        "/" + of(path.isAbsolutePath ? path : directory + "/" + path)
    }
}
