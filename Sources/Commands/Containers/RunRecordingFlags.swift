import Core
import Engine

/// A run as a file.
extension RunCommand {
    static var recordings: [Flag<RunCommand>] {
        [
            .value("record", "FILE", "Write the run to FILE, to be repeated here or elsewhere by --replay") {
                command, text throws(OperationError) in
                command.request.recordFile = try SimpleValue.nonEmpty(text)
            },
            .value("replay", "FILE", "Repeat the run that FILE has: image by digest, settings and networks") {
                command, text throws(OperationError) in
                command.replayed = try SimpleValue.nonEmpty(text)
            },
        ]
    }
}
