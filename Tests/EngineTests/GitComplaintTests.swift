import Core
import Testing

@testable import Engine

@Suite struct GitComplaintTests {
    @Test(
        arguments: [
            (
                "fatal: unable to access 'http://h/': Connection refused\n",
                "fatal: unable to access 'http://h/': Connection refused", false
            ),
            (
                "warning: redirecting\nssh: connect to host h port 22: Connection refused\nfatal: Could not read from remote repository.\n\n"
                    + "Please make sure you have the correct access rights\nand the repository exists.\n",
                "ssh: connect to host h port 22: Connection refused", false
            ),
            (
                "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.\n",
                "git@h: Permission denied (publickey).", true
            ),
            (
                "error: unable to read askpass response from '/bin/false'\nfatal: could not read Username for 'https://h': terminal prompts disabled\n",
                "error: unable to read askpass response from '/bin/false'; fatal: could not read Username for 'https://h': terminal prompts disabled",
                true
            ),
            (
                "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://h/'\n",
                "remote: HTTP Basic: Access denied; fatal: Authentication failed for 'https://h/'", true
            ),
            ("fatal: Could not read from remote repository.\n", "fatal: Could not read from remote repository.", false),
            ("", "it has ended with code 128", false),
        ] as [(String, String, Bool)])
    func whatItSays(_ text: String, _ reason: String, _ needsLogin: Bool) {
        let complaint = GitComplaint(text, code: 128)
        #expect(complaint.reason == reason && complaint.needsLogin == needsLogin, "\(complaint)")
    }

    /// Whatever they lead to.
    @Test(
        arguments: [
            ("/dev/fd/63", 63), ("/dev/stdout", 1), ("/proc/self/fd/7", 7), ("/dev/null", nil), ("x", nil),
            ("/dev/fd/x", nil),
        ] as [(String, Int32?)])
    func pathsOfDescriptors(_ path: String, _ number: Int32?) { #expect(DescriptorPath.number(of: path) == number) }
}
