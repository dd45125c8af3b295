import Foundation

/// What makes, moves and removes images.
extension FaultScenario {
    /// With a context for a build, and places for archives; there as long as a walk.
    static let files = "/tmp/fwfiles"

    static func makeFiles() throws {
        try FileManager.default.createDirectory(atPath: files + "/context", withIntermediateDirectories: true)
        try writeFile(
            "FROM busybox\nCOPY file /file\nRUN --network=none cat /file > /made\n", files + "/context/Dockerfile")
        try writeFile("words\n", files + "/context/file")
    }

    private static let remoteName = "localhost:5000/fwpull"
    /// An image at the registry, and not here.
    private static let remoteImage = [
        Step("create --name fwbox --net none busybox true"), Step("cp /etc/passwd fwbox:/mark"),
        Step("commit fwbox \(remoteName)"), Step("rm fwbox"), Step("push -q \(remoteName)"), Step("rmi \(remoteName)"),
    ]

    private static let archive = files + "/load.tar"
    /// The same in an archive, and not here.
    private static let archived = [
        Step("create --name fwbox --net none busybox true"), Step("cp /etc/passwd fwbox:/mark"),
        Step("commit fwbox fwload"), Step("rm fwbox"), Step("save -o \(archive) fwload"), Step("rmi fwload"),
    ]
    private static let build = ["build", "-q", "-t", "fwbuilt", files + "/context"]
    private static let forgetBuild = [Step("rmi -f fwbuilt"), Step("builder prune -af")]

    static let images: [FaultScenario] = [
        FaultScenario(
            name: "pull", before: remoteImage, command: ["pull", "-q", remoteName], needsRegistry: true,
            next: [
                Step("pull -q \(remoteName)"), Step("run --rm --net none \(remoteName) true"),
                Step("rmi \(remoteName)"), Step("image prune -f"),
            ]),
        FaultScenario(
            name: "run of an image that is not here", before: remoteImage,
            command: ["run", "--rm", "--net", "none", remoteName, "true"], isVariant: true, needsRegistry: true,
            next: [
                Step("run --rm --net none \(remoteName) true"), Step("rmi \(remoteName)"), Step("image prune -f"),
            ]),
        FaultScenario(
            name: "push",
            before: remoteImage + [Step("pull -q \(remoteName)"), Step("tag \(remoteName) localhost:5000/fwother")],
            after: [Step("rmi -f \(remoteName) localhost:5000/fwother")],
            command: ["push", "-q", "localhost:5000/fwother"], needsRegistry: true,
            next: [Step("push -q localhost:5000/fwother"), Step("image prune -f")]),
        FaultScenario(
            name: "push that compresses", before: remoteImage,
            prepare: [
                Step("create --name fwbox --net none busybox true"), Step("cp /etc/passwd fwbox:/mark"),
                Step("commit fwbox localhost:5000/fwother"), Step("rm fwbox"),
            ], command: ["push", "-q", "localhost:5000/fwother"], isVariant: true, needsRegistry: true,
            next: [Step("push -q localhost:5000/fwother"), Step("rmi localhost:5000/fwother"), Step("image prune -f")]),
        FaultScenario(
            name: "load", before: archived, command: ["load", "-q", "-i", archive],
            next: [
                Step("load -q -i \(archive)"), Step("run --rm --net none fwload cat /mark"), Step("rmi fwload"),
            ]),
        FaultScenario(
            name: "save", command: ["save", "-o", files + "/save.tar", "busybox"],
            next: [
                Step("save -o \(files)/save.tar busybox"), Step("load -q -i \(files)/save.tar"), Step("image prune -f"),
            ]),
        FaultScenario(
            name: "build", command: build, goesOn: true,
            next: [
                Step(build),
                Step(["run", "--rm", "--net", "none", "fwbuilt", "grep", "-q", "words", "/made"]),
            ] + forgetBuild),
        FaultScenario(
            name: "build, all of it kept", prepare: [Step(build), Step("rmi fwbuilt")], command: build, isVariant: true,
            next: [
                Step(build),
                Step(["run", "--rm", "--net", "none", "fwbuilt", "grep", "-q", "words", "/file"]),
            ] + forgetBuild),
        FaultScenario(
            name: "build, nothing of it new", prepare: [Step(build)], command: build, isVariant: true,
            next: [
                Step(build),
                Step(["run", "--rm", "--net", "none", "fwbuilt", "grep", "-q", "words", "/file"]),
            ] + forgetBuild),
        FaultScenario(
            name: "image prune",
            prepare: [
                Step("create --name fwbox --net none busybox true"), Step("cp /etc/passwd fwbox:/mark"),
                Step("commit fwbox"), Step("rm fwbox"),
            ], command: ["image", "prune", "-f"], next: [Step("image prune -f")]),
        FaultScenario(
            name: "builder prune", prepare: [Step(build), Step("rmi fwbuilt")], command: ["builder", "prune", "-af"],
            next: [Step("builder prune -af")]),
    ]
}
