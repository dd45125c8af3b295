import Core
import Engine

/// A run as a file, or as commands.
extension RunCommand {
    static var recordings: [Flag<RunCommand>] {
        [
            .toggle("dry-run", "Make nothing: print the commands that would make the same network") {
                $0.isDryRun = $1
            },
            .value("record", "FILE", "Write the run to FILE, to be repeated here or elsewhere by --replay") {
                command, text throws(OperationError) in
                guard text != "-" else {
                    throw OperationError("standard output is the program's: name a file")
                }
                command.request.recordFile = try SimpleValue.nonEmpty(text)
            },
            .value(
                "replay", "FILE", "Repeat the run that FILE, or - for input, has: image by digest, settings, networks"
            ) {
                command, text throws(OperationError) in
                command.replayed = text == "-" ? "/dev/stdin" : try SimpleValue.nonEmpty(text)
            },
        ]
    }
}
