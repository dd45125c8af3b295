import Core
import Testing

@Suite struct RestartPolicyTests {
    @Test func words() throws {
        #expect(try RestartPolicy(parsing: "") == RestartPolicy(.never))
        #expect(try RestartPolicy(parsing: "no") == RestartPolicy(.never))
        #expect(try RestartPolicy(parsing: "always") == RestartPolicy(.always))
        #expect(try RestartPolicy(parsing: "always:0") == RestartPolicy(.always))
        #expect(try RestartPolicy(parsing: "unless-stopped") == RestartPolicy(.unlessStopped))
        #expect(try RestartPolicy(parsing: "on-failure") == RestartPolicy(.onFailure))
        #expect(try RestartPolicy(parsing: "on-failure:") == RestartPolicy(.onFailure))
        #expect(try RestartPolicy(parsing: "on-failure:3") == RestartPolicy(.onFailure, maximumRetryCount: 3))
    }

    /// Docker's sentences.
    @Test(arguments: [
        (":3", "invalid restart policy format: no policy provided before colon"),
        (":", "invalid restart policy format: no policy provided before colon"),
        ("on-failure:x", "invalid restart policy format: maximum retry count must be an integer"),
        ("on-failure:1:2", "invalid restart policy format: maximum retry count must be an integer"),
        ("always:3", "invalid restart policy: maximum retry count can only be used with 'on-failure'"),
        (
            "no:-1",
            "invalid restart policy: maximum retry count can only be used with 'on-failure' and cannot be negative"
        ),
        ("on-failure:-1", "invalid restart policy: maximum retry count cannot be negative"),
        (
            "sometimes",
            "invalid restart policy: unknown policy 'sometimes'; "
                + "use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        ),
    ]) func mistakes(text: String, sentence: String) {
        #expect(throws: OperationError(sentence)) { try RestartPolicy(parsing: text) }
    }

    @Test func whoBeginsAgain() {
        for code: Int32 in [0, 1, 137] {
            #expect(!RestartPolicy(.never).restarts(after: code, restartCount: 0))
            #expect(RestartPolicy(.always).restarts(after: code, restartCount: 1000))
            #expect(RestartPolicy(.unlessStopped).restarts(after: code, restartCount: 1000))
            #expect(RestartPolicy(.onFailure).restarts(after: code, restartCount: 1000) == (code != 0))
        }
        let twice = RestartPolicy(.onFailure, maximumRetryCount: 2)
        #expect(twice.restarts(after: 1, restartCount: 1) && !twice.restarts(after: 1, restartCount: 2))
    }

    @Test func pausesDoubleUpToAMinute() {
        var delay = RestartDelay()
        let pauses = (0..<12).map { _ in delay.next(afterRunningFor: 9_999_999_999) }
        #expect(pauses == [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000])
        #expect(delay.next(afterRunningFor: 10_000_000_000) == 100)
        #expect(delay.next(afterRunningFor: 0) == 200)
    }

    @Test func onRecord() throws {
        let policy = RestartPolicy(.onFailure, maximumRetryCount: 3)
        #expect(try RestartPolicy(RecordReader(policy.json)) == policy)
    }

    /// A supervisor that begins anew pauses as if it had not.
    @Test func pausesGoOn() throws {
        var rounds = FurtherRounds()
        let exit = ContainerExit(exitCode: 1, started: nil, finished: .now())
        for _ in 0..<3 { _ = rounds.next(after: exit, by: RestartPolicy(.always)) }
        var read = try FurtherRounds(RecordReader(rounds.json))
        #expect(read == rounds && read.next(after: exit, by: RestartPolicy(.always)) == .after(milliseconds: 800))
        read.note(.endIsWanted)
        read = try FurtherRounds(RecordReader(read.json))
        #expect(read.areEnded && read.next(after: exit, by: RestartPolicy(.always)) == .none)
    }
}
