import Core
import Fuzzing
import Testing

@testable import Supervisor

@Suite struct ControlMessageTests {
    private func request(_ text: String) throws(OperationError) -> ControlRequest {
        try ControlRequest(parsing: Array(text.utf8))
    }

    @Test func aRequestHasAVersionAndAVerb() throws {
        let wanted = try request(#"{"version":1,"verb":"update","memory":5}"#)
        #expect(wanted.verb == "update")
        #expect(try wanted.value("memory", \.int) == 5)
        #expect(throws: OperationError.self) { try wanted.value("memory", \.string) }
        #expect(throws: OperationError.self) { try wanted.value("cpus", \.int) }
        #expect(try request(String(decoding: wanted.packet, as: UTF8.self)) == wanted)
    }

    @Test(arguments: [
        "", "x", "{", "[]", "5", "null", #"{"verb":"attach"}"#, #"{"version":"1","verb":"attach"}"#,
        #"{"version":0,"verb":"attach"}"#, #"{"version":-1,"verb":"attach"}"#, #"{"version":1}"#,
        #"{"version":1,"verb":""}"#, #"{"version":1,"verb":7}"#, #"{"version":1,"verb":"attach"} {}"#,
        String(repeating: "[", count: 60_000),
    ])
    func garbageIsInvalid(_ text: String) {
        #expect { try request(text) } throws: { ($0 as? OperationError)?.kind == .invalid }
    }

    @Test func aNewerVersionIsSaidToBeOne() {
        #expect {
            try request(#"{"version":2,"verb":"attach"}"#)
        } throws: {
            ($0 as? OperationError)?.kind == .newerVersion && ($0 as? OperationError)?.remedy != nil
        }
    }

    @Test func anErrorIsTheSameOnTheOtherSide() throws {
        let error = OperationError(
            "connect container", "web", reason: "it is there", remedy: "leave it", kind: .conflict
        ).exiting(with: 125)
        guard case .failure(let told) = try ControlReply(parsing: ControlReply.failure(error).packet) else {
            Issue.record("no failure")
            return
        }
        #expect(told.description == error.description)
        #expect(told.remedy == "leave it")
        #expect(told.kind == .conflict)
        #expect(told.exitCode == 125)
        let result = ControlReply.result(["interface": "eth1"])
        #expect(try ControlReply(parsing: result.packet) == result)
        #expect(throws: OperationError.self) { try ControlReply(parsing: Array(#"{"version":1}"#.utf8)) }
    }

    @Test func nothingMakesAParserFail() {
        let examples = [
            ControlRequest("attach", [("input", true), ("rows", 24)]).packet, ControlReply.result([:]).packet,
            ControlReply.failure(OperationError("x")).packet, ControlEvent("ended", [("exitCode", 3)]).packet,
        ]
        Fuzz.bytes(examples) { bytes in
            if let request = try? ControlRequest(parsing: bytes), request.verb.isEmpty { Issue.record("\(bytes)") }
            _ = (try? ControlReply(parsing: bytes), try? ControlEvent(parsing: bytes))
        }
    }
}
