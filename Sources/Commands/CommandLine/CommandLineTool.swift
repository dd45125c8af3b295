import Core
import Engine
import Glibc
import Linux

/// From the words of a command line to an exit code.
package enum CommandLineTool {
    package static let version = "0.1.0"

    package static func main() -> Int32 {
        let closed = StandardDescriptors.fillGaps()
        // A limit on the size of files is an error of the write, and no end of ours.
        signal(SIGXFSZ, SIG_IGN)
        Umask.fix()
        // A supervisor that has begun anew has nothing to read of what people type.
        let all = CommandWords.all
        if Engine.isSupervising(all), Engine().goOnSupervising(all) { return 0 }
        let words = all.dropFirst()
        var context = CommandContext()
        // The command alone: what stands behind it may be secret.
        ProcessTitle.set("mydocker")
        context.showTitle = { ProcessTitle.set($0) }
        var status = run(words, &context)
        context.flush()
        // Who has closed it need not be told what was done: that is done all the same, as in Docker.
        let isForNobody = context.isReceipt && closed.contains(STDOUT_FILENO)
        if let failure = context.output.failure, !isForNobody {
            context.report(unwritten: failure)
            context.errors.flush()
            status = status == 0 ? context.failureCode : status
        }
        return status
    }

    package static func run(_ words: ArraySlice<String>, _ context: inout CommandContext) -> Int32 {
        context.program == .docker ? runAsDocker(words, &context) : runCommand(words, &context)
    }

    static func runCommand(_ words: ArraySlice<String>, _ context: inout CommandContext) -> Int32 {
        guard let first = words.first else {
            context.output.write(Help.overview(of: synopses))
            return 0
        }
        switch first {
        case _ where helpWords.contains(first): return help(about: Array(words.dropFirst()), &context)
        case "--version", "-version", "-v": return VersionCommand.execute([], &context)
        case "--trace", "-trace":
            KernelTrace.begin()
            return runCommand(words.dropFirst(), &context)
        default: break
        }
        if let (command, rest) = find(BuildxWords.arranged(words)) {
            context.showTitle("mydocker " + command.synopsis.name)
            return command.execute(rest, &context)
        }
        return isGroup(first) ? runGroup(first, words.dropFirst(), &context) : refuse(words, &context)
    }

    /// Every command. Completion, help and look-up come from here.
    package static var commands: [any Command.Type] {
        [
            RunCommand.self, CreateCommand.self, StartCommand.self, ExecCommand.self, AttachCommand.self,
            PsCommand.self, LogsCommand.self, StopCommand.self, RestartCommand.self, KillCommand.self,
            WaitCommand.self, PauseCommand.self, UnpauseCommand.self, RenameCommand.self, UpdateCommand.self,
            RemoveCommand.self, ContainerPruneCommand.self, ContainerInspectCommand.self, PortCommand.self,
            TopCommand.self, StatsCommand.self,
            CopyCommand.self, DiffCommand.self, ExportCommand.self, CommitCommand.self,
            BuildCommand.self, BuilderPruneCommand.self, BuildxVersionCommand.self, BuildxCreateCommand.self,
            BuildxUseCommand.self, BuildxRemoveCommand.self, BuildxListCommand.self, BuildxInspectCommand.self,
            BuildxDiskCommand.self, ImagesCommand.self, ImportCommand.self, LoadCommand.self,
            SaveCommand.self, TagCommand.self,
            RemoveImageCommand.self,
            ImagePruneCommand.self, ImageInspectCommand.self, HistoryCommand.self, ImageFilesCommand.self,
            ImageDiffCommand.self,
            PullCommand.self, PushCommand.self, LoginCommand.self, LogoutCommand.self, SearchCommand.self,
            ManifestInspectCommand.self, ImagetoolsInspectCommand.self,
            NetworkCreateCommand.self, NetworkListCommand.self, NetworkInspectCommand.self, NetworkRemoveCommand.self,
            NetworkPruneCommand.self, NetworkReloadCommand.self, NetworkConnectCommand.self,
            NetworkDisconnectCommand.self, NetworkExplainCommand.self, NetworkDoctorCommand.self,
            NetworkGraphCommand.self,
            VolumeCreateCommand.self, VolumeListCommand.self, VolumeInspectCommand.self, VolumeRemoveCommand.self,
            VolumePruneCommand.self,
            InspectCommand.self, SystemInfoCommand.self, EventsCommand.self, SystemDiskCommand.self,
            SystemPruneCommand.self,
            SystemCheckCommand.self, SystemBootCommand.self, ScopeRunCommand.self, VersionCommand.self,
            CompletionCommand.self,
        ]
    }

    /// What other programs call: in no list of commands.
    private static var hiddenCommands: [any Command.Type] {
        [CompleteCommand.self, ManualCommand.self, RemoveEverythingCommand.self]
    }

    /// What is typed instead of commands that there are not.
    private static let insteadOf = [
        "buildx bake": "build each target by itself: mydocker build -f FILE --target STAGE -t NAME PATH"
    ]

    private static let helpWords = ["help", "--help", "-help", "-h"]
    static var synopses: [Synopsis] { commands.map { $0.synopsis } }

    /// The command that `words` begin with, and the words behind its name.
    package static func find(_ words: ArraySlice<String>) -> (any Command.Type, ArraySlice<String>)? {
        // Names have three words at most.
        let names = (1...3).filter { $0 <= words.count }.map { words.prefix($0).joined(separator: " ") }
        for command in commands + hiddenCommands {
            let synopsis = command.synopsis
            guard let index = names.firstIndex(where: synopsis.isNamed) else { continue }
            return (command, words.dropFirst(index + 1))
        }
        return nil
    }

    /// Whether `word` is the first of names of two words.
    private static func isGroup(_ word: String) -> Bool { synopses.contains { $0.name(in: word) != nil } }

    private static func runGroup(
        _ group: String, _ words: ArraySlice<String>, _ context: inout CommandContext
    ) -> Int32 {
        let text = Help.overview(of: group, synopses)
        guard let first = words.first else {
            context.errors.lines(Help.lines(of: text))
            return 1
        }
        guard helpWords.contains(first) else { return refuse([group] + words, &context) }
        context.output.write(text)
        return 0
    }

    private static func help(about words: [String], _ context: inout CommandContext) -> Int32 {
        guard let first = words.first, !helpWords.contains(first) else {
            context.output.write(Help.overview(of: synopses))
            return 0
        }
        if let (command, _) = find(words[...]) {
            context.output.write(command.help)
            return 0
        }
        return isGroup(first) && words.count == 1 ? runGroup(first, ["--help"], &context) : refuse(words[...], &context)
    }

    private static func refuse(_ words: ArraySlice<String>, _ context: inout CommandContext) -> Int32 {
        let first = words.first ?? ""
        let program = context.program.name
        context.isJSON = words.contains("--json")
        if first.hasPrefix("-") {
            let text = "unknown flag: \(first)"
            context.refuse(text, [text], "Run '\(program) --help' for more information")
            return 125
        }
        let group = isGroup(first) ? "\(first) " : ""
        let hint = "Run '\(program) \(group)--help' for more information"
        guard let word = group.isEmpty ? first : words.dropFirst().first(where: { $0 != "--json" }) else {
            let text = "'\(program) \(first)' requires a command"
            context.refuse(text, ["\(program): \(text)"], hint)
            return 1
        }
        if let remedy = insteadOf[group + word] {
            let text = "\(group)\(word) is not supported"
            context.refuse(text, ["\(program): \(text)"], remedy)
            return 1
        }
        let names = synopses.flatMap(\.names).filter { $0.hasPrefix(group) }
        let candidates = names.map { String($0.dropFirst(group.count)) }
        let suggestion = Suggestion.nearest(to: word, among: candidates).map { " (did you mean \($0)?)" } ?? ""
        let text = "unknown command: \(program) \(group)\(word)\(suggestion)"
        context.refuse(text, ["\(program): \(text)"], hint)
        return 1
    }
}
