import Core
import Testing

@testable import Images

@Suite struct ImageHistoryTests {
    private func steps(_ text: String, _ sizes: [Int64]) throws -> [String] {
        ImageHistory.steps(try #require(try JSON(parsing: text).array), layerSizes: sizes)
            .map { "\($0.instruction)=\($0.size)" }
    }

    @Test func theNewestComesFirst() throws {
        let text = #"[{"created_by":"a"},{"created_by":"b","empty_layer":true},{"created_by":"c","empty_layer":false}]"#
        #expect(try steps(text, [1, 2]) == ["c=2", "b=0", "a=1"])
    }

    @Test func layersAndStepsThatDoNotMatch() throws {
        #expect(try steps("[]", [1, 2]) == ["=2", "=1"])
        #expect(try steps(#"[{"created_by":"a"}]"#, [1, 2]) == ["=2", "a=1"])
        #expect(try steps(#"[{"created_by":"a"},{"created_by":"b"}]"#, [1]) == ["b=0", "a=1"])
        #expect(try steps(#"[null,5,{"created_by":7}]"#, []) == ["=0", "=0", "=0"])
    }

    @Test func timesAreKept() throws {
        let entries = try #require(
            try JSON(parsing: #"[{"created":"2001-02-03T04:05:06Z","comment":"x"},{"created":"yesterday"}]"#).array)
        let steps = ImageHistory.steps(entries, layerSizes: [])
        #expect(steps[1].created?.nanoseconds == 981_173_106_000_000_000 && steps[1].comment == "x")
        #expect(steps[0].created == nil)
    }
}
