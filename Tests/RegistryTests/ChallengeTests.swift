import Core
import Fuzzing
import Testing

@testable import Registry

@Suite struct ChallengeTests {
    @Test func bearer() throws {
        let header =
            #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#
        let challenges = Challenge.parse([header])
        #expect(challenges.count == 1)
        #expect(challenges[0].scheme == "bearer" && challenges[0].realm == "https://auth.docker.io/token")
        #expect(challenges[0].service == "registry.docker.io" && challenges[0].scope == "repository:a/b:pull,push")
    }

    @Test func severalInOneHeaderAndInSeveral() {
        let challenges = Challenge.parse([#"Basic realm="a, b\"c" , BEARER realm=x , Service = "s""#, "Negotiate"])
        #expect(challenges.map(\.scheme) == ["basic", "bearer", "negotiate"])
        #expect(challenges[0].realm == #"a, b"c"#)
        #expect(challenges[1].realm == "x" && challenges[1].service == "s")
    }

    @Test(arguments: ["", ",,", "=x", #"Bearer realm="open"#, "\"", "Bearer ="])
    func whatIsNoneEndsIt(_ text: String) {
        #expect(Challenge.parse([text]).allSatisfy { $0.realm == nil })
    }

    @Test func fuzz() {
        Fuzz.texts([#"Bearer realm="https://a/t",service="s""#, "Basic realm=x, Digest a=b", "Negotiate"]) { text in
            for challenge in Challenge.parse([text]) where challenge.scheme.isEmpty { Issue.record("\(text)") }
        }
    }
}
