import Testing

@testable import Core

/// Every cell of the table: in which phase each verb is done, and what is said where it is not.
@Suite struct ContainerPhaseTests {
    private static let id = ContainerID.random()
    private static let moment = Timestamp(nanoseconds: 1)

    private static let phases: [(ContainerPhase, String)] = [
        (.created, "created"), (.starting, "starting"), (.running(since: moment), "running"),
        (.paused(since: moment), "paused"), (.restarting(code: 1, finished: moment), "restarting"),
        (.exited(code: 0, finished: moment), "exited"), (.lost, "lost"),
    ]

    /// Sentences as Docker's daemon says them; `ID` is the container's, `NAME` what it was called by.
    private static let table: [ContainerVerb: [String: String]] = [
        .exec: [
            "created": notRunning, "starting": notRunning, "exited": notRunning, "lost": notRunning,
            "paused": "Container ID is paused, unpause the container before exec",
            "restarting": "Container ID is restarting, wait until the container is running",
        ],
        .attach: [
            "created": stopped, "starting": stopped, "exited": stopped, "lost": stopped,
            "paused": "You cannot attach to a paused container, unpause it first",
            "restarting": "You cannot attach to a restarting container, wait until it is running",
        ],
        .kill: [
            "created": cannotKill, "starting": cannotKill, "exited": cannotKill, "lost": cannotKill,
        ],
        .pause: [
            "created": notRunning, "starting": notRunning, "exited": notRunning, "lost": notRunning,
            "paused": "Container ID is already paused",
            "restarting": "Container ID is restarting, wait until the container is running",
        ],
        .unpause: [
            "created": notPaused, "starting": notPaused, "running": notPaused, "restarting": notPaused,
            "exited": notPaused, "lost": notPaused,
        ],
        .start: ["paused": "cannot start a paused container, try unpause instead"],
        .remove: [
            "starting": cannotRemove + "container is being created",
            "running": cannotRemove + "container is running: stop the container before removing or force remove",
            "paused": cannotRemove + "container is paused and must be unpaused first",
            "restarting": cannotRemove + "container is restarting: stop the container before removing or force remove",
        ],
    ]
    private static let notRunning = "container ID is not running"
    private static let notPaused = "Container ID is not paused"
    private static let stopped = "You cannot attach to a stopped container, start it first"
    private static let cannotKill = "Cannot kill container: NAME: container ID is not running"
    private static let cannotRemove = "cannot remove container \"NAME\": "

    @Test(arguments: ContainerVerb.allCases) func everyCell(verb: ContainerVerb) throws {
        let row = try #require(Self.table[verb])
        for (phase, name) in Self.phases {
            let expected = row[name]?.replacingID(Self.id.hex)
            #expect(phase.refusal(of: verb, Self.id, "web")?.description == expected, "\(verb) of one that is \(name)")
        }
    }

    @Test func wordsAreDockers() {
        #expect(
            Self.phases.map(\.0.word) == ["created", "created", "running", "paused", "restarting", "exited", "exited"])
    }

    @Test func asRunningCountsWhatHasASupervisor() {
        #expect(Self.phases.filter(\.0.isRunning).map(\.1) == ["running", "paused", "restarting"])
    }
}

extension String {
    fileprivate func replacingID(_ id: String) -> String {
        split(separator: " ", omittingEmptySubsequences: false).map { word in
            switch word {
            case "ID": id
            case "NAME:": "web:"
            case "\"NAME\":": "\"web\":"
            default: String(word)
            }
        }.joined(separator: " ")
    }
}
