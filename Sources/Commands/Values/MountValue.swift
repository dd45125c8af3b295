import Core
import Glibc
import Linux

/// Something that a container is to see at a place of its own.
package enum MountValue: Equatable {
    case bind(BindMount)
    case volume(VolumeMount)
    case temporary(TemporaryMount)

    /// A `-v`: what begins with `/` or a dot is a path of the host's, anything else the name of a volume.
    package init(
        volume text: String, relativeTo directory: () -> String? = { Files.workingDirectory }
    ) throws(OperationError) {
        let source = text.prefix { $0 != ":" }
        let hasSource = source.count < text.count
        if hasSource, source.hasPrefix(".") {
            let path = try PathValue.host(String(source), relativeTo: directory)
            self = .bind(try BindMount(parsing: path + text.dropFirst(source.count)))
        } else if hasSource, source.hasPrefix("/") {
            self = .bind(try BindMount(parsing: text))
        } else {
            self = .volume(try VolumeMount(parsing: text))
        }
    }

    /// A `--mount`, in which nothing is guessed: `type=bind|volume|tmpfs,source=…,target=…,readonly,…`, fields as in a line
    /// of CSV.
    package init(
        parsing text: String, relativeTo directory: () -> String? = { Files.workingDirectory }
    ) throws(OperationError) {
        var fields = MountFields()
        for field in try Self.split(text) { try fields.add(field) }
        self = try fields.mount(relativeTo: directory)
    }

    /// A field with a comma in it stands in quotes; two quotes are one then.
    private static func split(_ text: String) throws(OperationError) -> [String] {
        var fields = [""]
        var isQuoted = false
        var rest = Substring(text)
        while let character = rest.popFirst() {
            let last = fields.count - 1
            switch character {
            case "\"" where isQuoted && rest.first == "\"": fields[last].append(rest.removeFirst())
            case "\"" where isQuoted || fields[last].isEmpty: isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            default: fields[last].append(character)
            }
        }
        guard !isQuoted else { throw OperationError("a quote is not closed") }
        return fields
    }
}
