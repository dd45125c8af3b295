import Core
import Testing

@testable import Engine

@Suite struct GitAddressTests {
    @Test(
        arguments: [
            ("https://h/x.git", "https://h/x.git", nil, ""), ("HTTP://h:1/x.git#v1", "HTTP://h:1/x.git", "v1", ""),
            ("https://h/x.git#main:sub/dir", "https://h/x.git", "main", "sub/dir"),
            ("https://h/x.git#:sub", "https://h/x.git", nil, "sub"), ("git://h/p#a/b", "git://h/p", "a/b", ""),
            ("https://h/x.git?ref=a%2Fb&subdir=s", "https://h/x.git", "a/b", "s"),
            ("https://h/x.git?tag=v1", "https://h/x.git", "refs/tags/v1", ""),
            ("https://h/x.git?branch=b", "https://h/x.git", "refs/heads/b", ""),
            ("ssh://u@h:22/x.git", "ssh://u@h:22/x.git", nil, ""), ("git@h:u/x.git#r", "git@h:u/x.git", "r", ""),
            ("https://u:p@h/x.git", "https://u:p@h/x.git", nil, ""),
            ("https://h/x.git#v1+b", "https://h/x.git", "v1+b", ""),
            ("https://h/x.git#v1%2Bb:d", "https://h/x.git", "v1+b", "d"),
            ("https://h/x.git?tag=v1+b", "https://h/x.git", "refs/tags/v1+b", ""),
            ("https://h/x.git?tag=v1%2Bb", "https://h/x.git", "refs/tags/v1+b", ""),
            ("https://h/x.git#refs/tags/+a", "https://h/x.git", "refs/tags/+a", ""),
            ("git@h:u/x.git#v1+b", "git@h:u/x.git", "v1+b", ""),
        ] as [(String, String, String?, String)])
    func read(_ text: String, _ remote: String, _ reference: String?, _ directory: String) throws {
        let address = try #require(try GitAddress(text))
        #expect(address.remote == remote && address.reference == reference && address.directory == directory)
    }

    @Test(arguments: ["x.git", "/a/x.git", "https://h/x.tar.gz", "https://h/x?y=.git", "a@h:x.git", "file:///x.git"])
    func whatIsNone(_ text: String) throws { #expect(try GitAddress(text) == nil) }

    /// Neither git nor ssh takes any of it for a flag, a refspec or a pattern.
    @Test(arguments: [
        "https://h/x.git#-x", "https://h/x.git#a%zz", "https://h/x.git#a~1", "https://h/x.git#a..b",
        "https://h/x.git#a%20b?", "https://h/x.git?ref=-u", "https://h/x.git?ref=a%0Ab", "https://h/x.git?nosuch=1",
        "https://h/x.git?ref=a#b*", "https://h/x.git?ref=%zz", "https://h/x.git?submodules=maybe", "ssh://-h/x.git",
        "ssh://-u@h/x.git", "git@-h:x.git", "git@h:-x.git", "git:///x.git", "https://h x/x.git",
        "https://h/x.git?checksum=xyz", "https://h/x.git#a@{1}", "https://h/x.git#a.lock", "https://h/x.git#/a",
        "ssh://git@[127.0.0.1]@h/x.git", "ssh://127.0.0.1%2fx@h/x.git",
    ])
    func whatIsRefused(_ text: String) { #expect(throws: OperationError.self, "\(text)") { try GitAddress(text) } }

    @Test func tagsGoBeforeBranches() throws {
        let listing = """
            1111\tHEAD
            2222\trefs/heads/feature/main
            3333\trefs/heads/main
            4444\trefs/tags/v1
            5555\trefs/tags/v1^{}
            6666\trefs/heads/v1
            7777\t+a
            8888\trefs/tags/+a
            """
        func found(_ fragment: String) throws -> String? {
            try GitAddress("https://h/x.git" + fragment)?.resolved(in: listing).map { "\($0.commit) \($0.name)" }
        }
        #expect(try found("") == "1111 HEAD")
        #expect(try found("#main") == "3333 refs/heads/main")
        #expect(try found("#v1") == "5555 refs/tags/v1")
        #expect(try found("?branch=v1") == "6666 refs/heads/v1")
        #expect(try found("#heads/main") == "3333 refs/heads/main")
        #expect(try found("#nosuch") == nil)
        // Whatever a server says: a plus in front of what is fetched has a meaning.
        #expect(try found("#+a") == "8888 refs/tags/+a")
    }

    /// As git gets it: where a list of processes does not show it, and at the address that was looked at.
    @Test func loginsAndAddresses() throws {
        func login(_ text: String) throws -> [String]? {
            try GitAddress(text)?.authorization.map { [$0.key, $0.value] }
        }
        #expect(try login("https://u:p@h/x.git") == ["http.https://h/.extraHeader", "Authorization: Basic dTpw"])
        #expect(
            try login("http://t%40k@h:81/x.git") == ["http.http://h:81/.extraHeader", "Authorization: Basic dEBrOg=="])
        #expect(try login("https://h/x.git") == nil && login("ssh://u@h/x.git") == nil)
        #expect(try GitAddress("git://h:99/a/b")?.remote(at: "192.0.2.1") == "git://192.0.2.1:99/a/b")
        #expect(try GitAddress("git://h/a/b")?.remote(at: "2001:db8::1") == "git://[2001:db8::1]/a/b")
    }

    @Test func passwordsAreNotShown() throws {
        #expect(try GitAddress("https://u:secret@h/x.git#v1:d")?.shown == "https://h/x.git#v1:d")
        #expect(try GitAddress("git@h:x.git")?.shown == "git@h:x.git")
    }
}
