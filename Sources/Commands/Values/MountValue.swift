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
        for field in try CommaFields.split(text) { try fields.add(field) }
        self = try fields.mount(relativeTo: directory)
    }
}
