import Core
import Engine
import Testing

@testable import Commands

@Suite struct BuildValueTests {
    @Test func annotations() throws {
        for (text, key, value) in [
            ("a=b", "a", "b"), ("org.x=1=2", "org.x", "1=2"), ("manifest:a=b:c", "a", "b:c"), ("a:b=c", "a:b", "c"),
            ("manifest[linux/amd64]:a=", "a", ""), ("a=index:b", "a", "index:b"),
        ] {
            let annotation = try BuildValues.annotation(text)
            #expect(annotation.key == key && annotation.value == value, "\(text)")
        }
        for (text, words) in [
            ("a", "expected key=value"), ("=b", "expected key=value"), ("manifest:=b", "expected key=value"),
            ("index:a=b", "index annotations not supported for single platform export"),
            ("index-descriptor:a=b", "not supported for single platform"),
            ("manifest-descriptor[linux/amd64]:a=b", "not supported for single platform"),
        ] {
            var failure: OperationError?
            do throws(OperationError) { _ = try BuildValues.annotation(text) } catch { failure = error }
            #expect(failure?.description.contains(words) == true, "\(text)")
        }
    }

    @Test func namedContexts() throws {
        for (text, expected) in [
            ("n=docker-image://a:1", .image("a:1")), ("n=/", .files(.directory("/"))),
            ("n=https://x.test/a.tar", .files(.download("https://x.test/a.tar"))),
        ] as [(String, BuildRequest.NamedContext)] {
            let context = try BuildValues.context(text)
            #expect(context.name == "n" && context.context == expected, "\(text)")
        }
        let repository = try BuildValues.context("n=https://x.test/r.git#main:sub").context
        guard case .files(.repository) = repository else {
            Issue.record("\(repository)")
            return
        }
        for text in ["n", "=x", "n=", "n=oci-layout:///x", "n=target:stage", "n=-", "n=/nosuch", "n=https://a@/x.git#"]
        {
            var failure: OperationError?
            do throws(OperationError) { _ = try BuildValues.context(text) } catch { failure = error }
            #expect(failure != nil, "\(text)")
        }
    }
}
