import Core
import Foundation
import Testing

@Suite struct ShellCommandTests {
    @Test func whatNeedsNoQuotesHasNone() {
        let command = ShellCommand("ip address add", "10.0.0.1/24", "dev", "br0")
        #expect(command.description == "ip address add 10.0.0.1/24 dev br0")
        #expect(ShellCommand("sysctl -w", "net/ipv4/ip_forward=1").description == "sysctl -w net/ipv4/ip_forward=1")
    }

    /// The shell's own opinion.
    @Test(arguments: [
        "", " ", "it's", "''", "a;b", "$HOME", "`id`", "\"x\"", "\\", "*", "!", "-n", "tab\t", "é", "a\nb",
    ])
    func shellsReadOneWord(word: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", ShellCommand(["printf", "%s|%s", word, "end"]).description]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(output == "\(word)|end")
    }
}
