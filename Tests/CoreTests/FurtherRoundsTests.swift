import Core
import Testing

/// The table of what a supervisor may hear before its program ends, and of what follows then.
@Suite struct FurtherRoundsTable {
    private static let policies: [RestartPolicy] = [
        RestartPolicy(), RestartPolicy(.always), RestartPolicy(.unlessStopped), RestartPolicy(.onFailure),
        RestartPolicy(.onFailure, maximumRetryCount: 2),
    ]

    enum Wanted: Sendable { case none, atOnce, afterAPause }

    /// For each policy of the list above, in its order.
    struct Row: Sendable {
        let events: [FurtherRounds.Event]
        let exitCode: Int32
        var restartCount = 0
        let wanted: [Wanted]
    }

    static let rows: [Row] = [
        Row(events: [], exitCode: 0, wanted: [.none, .afterAPause, .afterAPause, .none, .none]),
        Row(events: [], exitCode: 1, wanted: [.none, .afterAPause, .afterAPause, .afterAPause, .afterAPause]),
        Row(
            events: [], exitCode: 1, restartCount: 2,
            wanted: [.none, .afterAPause, .afterAPause, .afterAPause, .none]),
        Row(events: [.endIsWanted], exitCode: 1, wanted: [.none, .none, .none, .none, .none]),
        Row(events: [.beginningIsWanted], exitCode: 0, wanted: [.atOnce, .atOnce, .atOnce, .atOnce, .atOnce]),
        // However often it has begun again by then.
        Row(
            events: [.beginningIsWanted], exitCode: 1, restartCount: 9,
            wanted: [.atOnce, .atOnce, .atOnce, .atOnce, .atOnce]),
        // The last word counts.
        Row(events: [.beginningIsWanted, .endIsWanted], exitCode: 1, wanted: [.none, .none, .none, .none, .none]),
        Row(
            events: [.endIsWanted, .beginningIsWanted], exitCode: 0,
            wanted: [.atOnce, .atOnce, .atOnce, .atOnce, .atOnce]),
        // A wish is for one round.
        Row(
            events: [.beginningIsWanted, .roundBegins], exitCode: 1,
            wanted: [.none, .afterAPause, .afterAPause, .afterAPause, .afterAPause]),
        Row(
            events: [.endIsWanted, .beginningIsWanted, .roundBegins], exitCode: 0,
            wanted: [.none, .afterAPause, .afterAPause, .none, .none]),
        // And an end is for good, also between two rounds.
        Row(
            events: [.beginningIsWanted, .roundBegins, .endIsWanted], exitCode: 1,
            wanted: [.none, .none, .none, .none, .none]),
        Row(events: [.endIsWanted, .roundBegins], exitCode: 1, wanted: [.none, .none, .none, .none, .none]),
    ]

    @Test(arguments: rows) func eachCell(_ row: Row) throws {
        for (policy, wanted) in zip(Self.policies, row.wanted) {
            var rounds = FurtherRounds()
            for event in row.events { rounds.note(event) }
            var exit = ContainerExit(
                exitCode: row.exitCode, started: Timestamp(nanoseconds: 0), finished: Timestamp(nanoseconds: 1000))
            exit.restartCount = row.restartCount
            let next = rounds.next(after: exit, by: policy)
            switch wanted {
            case .none: #expect(next == .none, "\(policy.name)")
            case .atOnce: #expect(next == .after(milliseconds: 0), "\(policy.name)")
            case .afterAPause: #expect(next == .after(milliseconds: 100), "\(policy.name)")
            }
        }
    }
}
