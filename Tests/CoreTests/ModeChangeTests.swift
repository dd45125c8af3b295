import Core
import Fuzzing
import Testing

/// Modes as chmod(1) reads them.
@Suite struct ModeChangeTests {
    @Test(
        arguments: [
            ("755", 0o600, false, 0o755), ("4755", 0, false, 0o4755), ("0", 0o777, true, 0),
            ("u=rwX,go=rX", 0o600, false, 0o644), ("u=rwX,go=rX", 0o700, false, 0o755),
            ("u=rwX,go=rX", 0o600, true, 0o755),
            ("a+x", 0o644, false, 0o755), ("+x", 0o644, false, 0o755), ("go-w", 0o666, false, 0o644),
            ("u+s,g+s,+t", 0o755, true, 0o7755), ("o=", 0o777, false, 0o770), ("ug=r,o=x", 0o777, false, 0o441),
        ] as [(String, UInt32, Bool, UInt32)])
    func applied(text: String, mode: UInt32, isDirectory: Bool, expected: UInt32) throws {
        let change = try #require(ModeChange(text))
        #expect(change.applied(to: mode, isDirectory: isDirectory) == expected)
    }

    @Test(arguments: ["", "8", "77777", "-1", "u", "u=q", "x=r", "u=r,", ",", "rwx", "u==r"])
    func refused(text: String) { #expect(ModeChange(text) == nil) }

    @Test func fuzzed() {
        Fuzz.texts(["u=rwX,go=rX", "4755", "a+x,o-w"]) { text in
            guard let change = ModeChange(text) else { return }
            for mode: UInt32 in [0, 0o644, 0o7777] where change.applied(to: mode, isDirectory: true) > 0o7777 {
                Issue.record("\(text)")
            }
        }
    }
}
