import Core
import Engine
import Testing

@testable import Commands

@Suite struct BuildFlagTests {
    @Test(
        arguments: [
            (["buildx", "--builder", "b", "build", "."], ["buildx", "build", "--builder", "b", "."]),
            (["buildx", "--builder=b", "du"], ["buildx", "du", "--builder=b"]),
            (["buildx", "--builder", "b"], ["buildx", "--builder", "b"]), (["buildx", "ls"], ["buildx", "ls"]),
            (["build", "--builder", "b", "."], ["build", "--builder", "b", "."]),
        ])
    func theBuilderMayStandBeforeTheCommand(_ written: [String], _ arranged: [String]) {
        #expect(Array(BuildxWords.arranged(written[...])) == arranged)
        #expect(CommandLineTool.find(["buildx", "b"])?.0.synopsis.name == "build")
    }

    private func request(_ words: String...) throws -> BuildRequest {
        try BuildCommand.parse((words + ["."])[...]).command.request(for: ".") { _ in nil }
    }

    @Test func namesOfOutputsAreTags() throws {
        let pushed = try request("-t", "a", "--output", "type=image,name=b,push=true")
        #expect(pushed.tags == ["a", "b"] && pushed.pushes && pushed.outputs.isEmpty)
        #expect(try request("-o", "type=registry,name=b").tags == ["b"])
        for wrong in ["type=tar,dest=x,name=b", "type=image,name="] {
            #expect(throws: OperationError.self, "\(wrong)") { try request("-o", wrong) }
        }
    }

    @Test(arguments: ["default=/nosuch", "default=/etc/passwd", "default="])
    func anAgentIsASocket(_ text: String) {
        let failure = #expect(throws: OperationError.self) { try request("--ssh", text) }
        #expect(failure?.remedy?.contains("ssh-agent") == true)
    }
}
