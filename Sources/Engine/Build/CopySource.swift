import Core
import Dockerfile
import Glibc
import Linux

/// What of a tree may be copied.
struct CopySelection {
    /// Of the whole context.
    let ignored: IgnoreFile
    /// Of what is copied, from where it begins.
    let excluded: IgnoreFile

    /// - Parameters:
    ///   - top: of what is copied, below the root.
    ///   - path: below that.
    func choose(_ top: String, _ path: String, isDirectory: Bool) -> WalkChoice {
        let whole = top.isEmpty ? path : path.isEmpty ? top : "\(top)/\(path)"
        let isLeftOut = Self.isLeftOut(whole, by: ignored) || Self.isLeftOut(path, by: excluded)
        guard isLeftOut else { return .take }
        return isDirectory && (ignored.hasExceptions || excluded.hasExceptions) ? .lookInside : .leave
    }

    private static func isLeftOut(_ path: String, by file: IgnoreFile) -> Bool {
        guard !file.isEmpty, !path.isEmpty else { return false }
        var (inherited, isLeftOut, prefix) = (file.top, false, "")
        for name in path.pathComponents {
            prefix += prefix.isEmpty ? name : "/" + name
            (isLeftOut, inherited) = file.decide(prefix, in: inherited)
        }
        return isLeftOut
    }
}

/// One path that a source names.
struct CopySource {
    /// Below the root, without a slash in front.
    let path: String
    /// The part of it that is kept where it is copied to: `--parents`, and what stands behind `/./`.
    let keptParents: [String]

    /// - Throws: when there is no such file; a wildcard may match nothing.
    static func all(
        _ text: String, below root: borrowing Descriptor, _ selection: CopySelection, keepsParents: Bool
    ) throws(OperationError) -> [CopySource] {
        let names = CleanPath.components(text)
        let pivot = keepsParents ? pivot(text) : names.count
        var found: [[String]] = [[]]
        var hasWildcards = false
        for name in names {
            // With parents kept it stands for any number of directories, none included.
            if keepsParents, name == "**" {
                hasWildcards = true
                found = found.flatMap { [$0] + directories(below: $0, root, selection) }
                continue
            }
            let pattern: PathPattern
            do throws(DockerfileError) { pattern = try PathPattern(name, allowsDirectories: false) } catch {
                throw OperationError(error.message, kind: .invalid)
            }
            if pattern.hasWildcards {
                hasWildcards = true
                found = found.flatMap { parent in matches(pattern, in: parent, root, selection).map { parent + [$0] } }
            } else {
                found = found.map { $0 + [unescaped(name)] }
            }
        }
        let sources = found.map {
            CopySource(path: $0.joined(separator: "/"), keptParents: Array($0.dropLast().dropFirst(pivot)))
        }
        if hasWildcards {
            var seen: Set<String> = []
            return sources.filter { seen.insert($0.path).inserted && $0.isThere(root, selection) }
        }
        for source in sources where !source.isThere(root, selection) {
            throw OperationError("\"/\(source.path)\": not found", kind: .notFound)
        }
        return sources
    }

    /// One that must be there, without wildcards.
    static func one(
        _ text: String, below root: borrowing Descriptor, _ selection: CopySelection
    ) throws(OperationError) -> CopySource {
        let source = CopySource(path: CleanPath.of(text), keptParents: [])
        guard source.isThere(root, selection) else {
            throw OperationError("\"/\(source.path)\": not found", kind: .notFound)
        }
        return source
    }

    /// How many names stand in front of `/./`.
    private static func pivot(_ text: String) -> Int {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true).map {
            String(Substring($0))
        }
        guard let dot = parts.indices.last(where: { $0 > 0 && parts[$0] == "." }) else { return 0 }
        return CleanPath.components(parts[..<dot].joined(separator: "/")).count
    }

    private static func unescaped(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "\\")) else { return name }
        var (result, isEscaped) = ("", false)
        for scalar in name.unicodeScalars {
            if !isEscaped, scalar == "\\" {
                isEscaped = true
            } else {
                result.unicodeScalars.append(scalar)
                isEscaped = false
            }
        }
        return result
    }

    /// Without those that links lead to.
    private static func directories(
        below parent: [String], _ root: borrowing Descriptor, _ selection: CopySelection
    ) -> [[String]] {
        var found: [[String]] = []
        var pending = [parent]
        while let names = pending.popLast() {
            guard let directory = try? root.open(inRoot: "/" + names.joined(separator: "/"), O_RDONLY | O_DIRECTORY)
            else {
                continue
            }
            for name in FileName.all(in: directory).sorted() where directory.status(of: name)?.isDirectory == true {
                let path = names + [name.text]
                if case .leave = selection.choose(path.joined(separator: "/"), "", isDirectory: true) { continue }
                found.append(path)
                pending.append(path)
            }
        }
        return found
    }

    private static func matches(
        _ pattern: PathPattern, in parent: [String], _ root: borrowing Descriptor, _ selection: CopySelection
    ) -> [String] {
        let path = parent.joined(separator: "/")
        guard let directory = try? root.open(inRoot: "/" + path, O_RDONLY | O_DIRECTORY) else { return [] }
        return FileName.all(in: directory).sorted().map(\.text).filter { name in
            let whole = path.isEmpty ? name : "\(path)/\(name)"
            return pattern.matches(name) && CopySource(path: whole, keptParents: []).isThere(root, selection)
        }
    }

    private func isThere(_ root: borrowing Descriptor, _ selection: CopySelection) -> Bool {
        guard let place = try? TreePlace("/" + path, below: root, followsLink: true), place.status != nil else {
            return false
        }
        if case .take = selection.choose(path, "", isDirectory: place.isDirectory) { return true }
        // Something in it may be wanted.
        return place.isDirectory && selection.ignored.hasExceptions
    }
}
