import Linux
import Testing

@testable import Commands

@Suite struct ShellTests {
    private func completion(_ words: String...) -> Completion {
        Completion(of: words, among: CommandLineTool.commands, calledAs: { CommandLineTool.find($0) })
    }

    private func words(_ words: String...) -> [String] {
        let completion = Completion(
            of: words, among: CommandLineTool.commands, calledAs: { CommandLineTool.find($0) })
        if case .words(let words) = completion { return words }
        return []
    }

    @Test func commands() {
        let first = words("")
        #expect(first.contains("run") && first.contains("network") && !first.contains("__complete"))
        #expect(words("network", "").contains("create"))
        #expect(words("nosuch", "").isEmpty)
    }

    @Test func operands() {
        #expect(completion("rm", "") == .names([.container]))
        #expect(completion("rm", "-f", "a", "") == .names([.container]))
        #expect(completion("rmi", "") == .names([.image]))
        #expect(completion("run", "") == .names([.image]))
        #expect(completion("run", "busybox", "") == .files)
        #expect(completion("run", "busybox", "--") == .files)
        #expect(completion("network", "connect", "") == .names([.network]))
        #expect(completion("network", "connect", "br0", "") == .names([.container]))
        #expect(completion("inspect", "") == .names([.container, .image, .network]))
        #expect(completion("import", "") == .files)
        #expect(completion("completion", "") == .words(["bash", "zsh", "fish"]))
    }

    @Test func valuesOfFlags() {
        #expect(completion("run", "--network", "") == .names([.network]))
        #expect(completion("run", "-itd", "--net", "") == .names([.network]))
        #expect(completion("run", "--network=b") == .names([.network]))
        #expect(completion("run", "-e", "A", "") == .names([.image]))
        #expect(completion("run", "-de", "A", "") == .names([.image]))
        #expect(completion("run", "--env-file", "") == .files)
        #expect(completion("stop", "-t", "3", "") == .names([.container]))
        #expect(words("stop", "-").contains("--timeout"))
        #expect(words("stop", "-").contains("--json"))
    }

    /// Each command has a page, each flag an entry of it.
    @Test func manualPages() {
        let pages = ManualPage.all(of: CommandLineTool.commands)
        #expect(pages.count == CommandLineTool.commands.count + 1)
        for command in CommandLineTool.commands {
            let name = "mydocker-" + command.synopsis.name.split(separator: " ").joined(separator: "-")
            let page = pages.first { $0.name == name }
            for flag in command.specifications {
                let written = "\\-\\-" + flag.name.split(separator: "-").joined(separator: "\\-")
                #expect(page?.text.contains(written) == true, "\(name) \(flag.name)")
            }
        }
        for page in pages {
            let requests = page.text.split(separator: "\n").filter { $0.hasPrefix(".") || $0.hasPrefix("'") }
            for request in requests {
                #expect(
                    [".TH", ".SH", ".TP", ".B", ".BR", ".I"].contains(String(request.prefix { $0 != " " })),
                    "\(request)")
            }
        }
    }

    @Test func calledAs() {
        #expect(Program(calledAs: "docker") == .docker)
        #expect(Program(calledAs: "/usr/local/bin/docker") == .docker)
        for word in ["mydocker", "/usr/bin/mydocker", "", "dockerd", "docker-init"] {
            #expect(Program(calledAs: word) == .mydocker)
        }
    }

    @Test func firstWordOfRun() throws {
        let (command, words) = try RunCommand.parse(["echo", "hi"])
        let mydocker = try command.request(words: words, lookUp: { _ in nil }, calledAs: .mydocker)
        #expect(mydocker.image == nil && mydocker.words == ["echo", "hi"])
        let docker = try command.request(words: words, lookUp: { _ in nil }, calledAs: .docker)
        #expect(docker.image == "echo" && docker.words == ["hi"])
    }
}
