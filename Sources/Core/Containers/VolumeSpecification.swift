/// A `-v`, taken apart: `CONTAINER`, or `SOURCE:CONTAINER[:OPTIONS]`.
package struct VolumeSpecification: Equatable, Sendable {
    /// A path of the host's or the name of a volume; nil is a volume without a name.
    package let source: String?
    /// Absolute, in the container, normalized.
    package let target: String
    package let mode: Mode

    package init(parsing text: String) throws(OperationError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains("") else {
            throw Self.invalid(text, "use HOST-PATH:CONTAINER-PATH[:ro], NAME:CONTAINER-PATH[:ro] or CONTAINER-PATH")
        }
        source = parts.count > 1 ? parts[0] : nil
        target = try Self.target(parts.count > 1 ? parts[1] : parts[0], of: text)
        do throws(OperationError) {
            mode = try Mode(parsing: parts.count == 3 ? parts[2] : "")
        } catch {
            throw Self.invalid(text, error.description)
        }
    }

    private static func target(_ path: String, of text: String) throws(OperationError) -> String {
        guard path.hasPrefix("/") else { throw invalid(text, "the container path must be absolute") }
        guard path.split(separator: "/").contains(where: { $0 != "." }) else {
            throw invalid(text, "the container path must not be /")
        }
        guard let target = MountTarget.normalized(path) else {
            throw invalid(text, "the container path must not contain ..")
        }
        return target
    }

    package static func invalid(_ text: String, _ reason: String) -> OperationError {
        OperationError("invalid volume specification", text, reason: reason, kind: .invalid)
    }
}

extension VolumeSpecification {
    /// What stands behind the second colon, comma-separated.
    package struct Mode: Equatable, Sendable {
        /// As it was written.
        package let text: String
        package private(set) var readOnly = false
        /// Of a volume: what the image has there is copied into an empty one.
        package private(set) var copies = true
        package private(set) var propagation: MountPropagation?

        /// - Throws: only the reason.
        package init(parsing text: String) throws(OperationError) {
            self.text = text
            var kinds: Set<String> = []
            for option in text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false) {
                let kind = try take(String(option))
                guard kinds.insert(kind).inserted else {
                    throw OperationError("two options for \(kind) in \"\(text)\"")
                }
            }
        }

        /// - Returns: what it is about: there is one option for each.
        private mutating func take(_ option: String) throws(OperationError) -> String {
            if let propagation = MountPropagation(rawValue: option) {
                self.propagation = propagation
                return "propagation"
            }
            switch option {
            case "ro", "rw":
                readOnly = option == "ro"
                return "access"
            case "nocopy":
                copies = false
                return "copying"
            // There are no labels of SELinux to set.
            case "z", "Z": return "labels"
            // There is no cache between the two sides that could be weaker.
            case "cached", "delegated", "consistent": return "consistency"
            default: throw OperationError("unknown option \(JSON.quoted(option))")
            }
        }
    }
}
