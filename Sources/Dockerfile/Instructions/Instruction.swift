import Core

/// One instruction, as a value. Variables in it have no values yet.
package struct Instruction: Equatable, Sendable {
    package var command: Command
    /// Where it stands, from 1.
    package let lines: ClosedRange<Int>
    /// As it was written, on one line, without documents: `RUN make`.
    package let text: String

    package enum Command: Equatable, Sendable {
        case from(From)
        case argument([Argument])
        case environment([Setting])
        case label([Setting])
        case run(Run)
        /// COPY and ADD.
        case copy(Copy)
        case command(Invocation)
        case entrypoint(Invocation)
        case shell([String])
        case workingDirectory(String)
        case user(String)
        case expose([String])
        case volume([String])
        case stopSignal(String)
        case healthCheck(HealthCheck)
        case onBuild(Trigger)
        case maintainer(String)
    }
}

/// What a program is called with.
package enum Invocation: Equatable, Sendable {
    /// `["word", "word"]`: as it is.
    case words([String])
    /// Anything else: a line for the stage's shell.
    case line(String)

    /// The words of the process.
    /// - Parameter shell: those of the shell in front of its line.
    package func words(shell: [String]) -> [String] {
        switch self {
        case .words(let words): words
        case .line(let line): line.isEmpty ? [] : shell + [line]
        }
    }
}

/// `NAME[=DEFAULT]`
package struct Argument: Equatable, Sendable {
    package var name: String
    package var value: String?

    package init(name: String, value: String?) {
        self.name = name
        self.value = value
    }
}

/// `NAME=VALUE`
package struct Setting: Equatable, Sendable {
    package var name: String
    package var value: String
}

/// `FROM [--platform=…] IMAGE [AS NAME]`
package struct From: Equatable, Sendable {
    package var image: String
    /// In small letters.
    package var name: String?
    package var platform: String?
}

/// What the image of a stage is to do to those that are built on it.
package struct Trigger: Equatable, Sendable {
    /// An instruction with its documents.
    package let text: String
}
