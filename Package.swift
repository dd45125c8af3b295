// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
    // As fast as -O where it matters here, which is at the start, and a supervisor keeps fewer pages (`make bench`).
    .unsafeFlags(["-Osize", "-Xfrontend", "-prespecialize-generic-metadata"], .when(configuration: .release)),
]
// -fno-plt: what a supervisor calls while it waits is then in one part less of its text (docs/architecture.md, Memory).
let cSettings: [CSetting] = [
    .define("_GNU_SOURCE"),
    .unsafeFlags(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", "-fno-strict-aliasing", "-fno-plt"]),
]

func swift(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}
func c(_ name: String, linking libraries: [String] = []) -> Target {
    .target(name: name, cSettings: cSettings, linkerSettings: libraries.map { .linkedLibrary($0) })
}
func test(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "mydocker",
    targets: [
        // Values. Imports nothing of ours.
        swift("Core"),
        // One wrapper per C library: only the wrapper's Swift target imports it.
        c("CLinux"), swift("Linux", ["Core", "CLinux"]),
        c("CNetlink", linking: ["mnl"]), swift("Netlink", ["Core", "Linux", "CNetlink"]),
        c("CIPTables"), c("CDBus"),
        swift("Firewall", ["Core", "Linux", "CIPTables", "CDBus", "Netlink"]),
        c("CArchive"), c("CSeccomp"), c("CLaunch"),
        c("CCurl"), swift("Transfer", ["Core", "Linux", "CCurl"]),
        // What registries say, and how they are spoken to.
        swift("Registry", ["Core", "Linux", "Transfer"]),
        swift("Records", ["Core", "Linux"]),
        swift("IPAM", ["Core", "Linux"]),
        swift("Networking", ["Core", "Linux", "IPAM", "Netlink", "Firewall"]),
        swift("Images", ["Core", "Linux", "CArchive", "Registry", "Transfer"]),
        swift("Containers", ["Core", "Linux", "CLaunch", "CSeccomp"]),
        swift("Lifecycle", ["Core", "Linux", "Records", "Netlink", "Networking", "IPAM", "Containers"]),
        swift("Supervisor", ["Core", "Linux", "Lifecycle", "Containers"]),
        swift(
            "Engine",
            [
                "Core", "Linux", "Records", "Networking", "IPAM", "Dockerfile", "Transfer", "Registry", "Images",
                "Containers", "Lifecycle", "Supervisor",
            ]),
        // The language of Dockerfiles, from text to values. Nothing is looked up in it.
        swift("Dockerfile", ["Core"]),
        // What others read: Docker's JSON and rows, from values alone.
        swift("Forms", ["Core", "Linux"]),
        swift("Commands", ["Core", "Engine", "Forms", "Linux"]),
        .executableTarget(
            name: "mydocker", dependencies: ["Commands"], swiftSettings: settings,
            // Fixed addresses and a static C++ runtime: nothing to relocate at start-up (docs/architecture.md, Start-up).
            linkerSettings: [
                .unsafeFlags([
                    "-Xlinker", "-no-pie", "-Xclang-linker", "-no-pie", "-Xclang-linker", "-static-libgcc",
                    "-Xlinker", "--no-export-dynamic",
                ])
            ]),
        // Random input for the tests of parsers.
        .target(name: "Fuzzing", path: "Tests/Fuzzing", swiftSettings: settings),
        // Records of a test's own, and what stands for the kernel and for supervisors.
        .target(
            name: "TestSupport",
            dependencies: ["Core", "Linux", "Records", "Netlink", "Networking", "Containers", "Lifecycle"],
            path: "Tests/TestSupport", swiftSettings: settings),
        // Without root, in parallel.
        test("CoreTests", ["Core", "Fuzzing"]),
        test("DockerfileTests", ["Core", "Dockerfile", "Fuzzing"]),
        test("LinuxTests", ["Core", "Linux"]),
        test("NetlinkTests", ["Core", "Linux", "Netlink", "CNetlink", "Fuzzing"]),
        test("FirewallTests", ["Core", "Linux", "Firewall", "CIPTables", "Fuzzing"]),
        test("IPAMTests", ["Core", "Linux", "IPAM", "Fuzzing"]),
        test("RegistryTests", ["Core", "Linux", "Transfer", "Registry", "Fuzzing"]),
        test("RecordsTests", ["Core", "Linux", "Records"]),
        test("NetworkingTests", ["Core", "Linux", "Firewall", "Netlink", "Networking"]),
        test("ImagesTests", ["Core", "Linux", "Images", "CArchive", "Fuzzing"]),
        test("ContainersTests", ["Core", "Linux", "Containers", "CLaunch", "Fuzzing"]),
        test(
            "LifecycleTests",
            ["Core", "Linux", "Records", "Netlink", "Networking", "IPAM", "Containers", "Lifecycle", "TestSupport"]),
        test("SupervisorTests", ["Core", "Linux", "Containers", "Lifecycle", "Supervisor", "Fuzzing", "TestSupport"]),
        test("FormsTests", ["Core", "Linux", "Forms", "Fuzzing"]),
        test(
            "EngineTests",
            [
                "Core", "Linux", "Records", "Networking", "Containers", "Images", "Lifecycle", "Supervisor", "Engine",
                "TestSupport",
            ]),
        test("CommandsTests", ["Core", "Linux", "Lifecycle", "Engine", "Forms", "Commands", "Fuzzing"]),
        // As root, in scripts/in-sandbox: against the kernel, and the whole program.
        test("SandboxTests", ["Core", "Linux", "Netlink", "Firewall", "Transfer"]),
        test("CLITests", []),
    ]
)
