import Core
import Linux
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

    /// The sizes of layers stand in the image's record; what is in them is not looked at, but for images of before.
    @Test(arguments: [true, false]) func layersAreNotRead(_ isRecorded: Bool) throws {
        let scratch = try Scratch()
        let store = scratch.store
        var tar = Tar()
        tar.add("file", body: "12345")
        let id = try store.importArchive(try scratch.write("a.tar", tar.finished), as: nil)
        if !isRecorded {
            var record = try store.record(id)
            #expect(record.layerSizes == [5])
            record.layerSizes = []
            try Files.replace(store.layout.record(id), Array(record.json.versioned(1).compact.utf8))
        }
        let image = try #require(try store.resolve(id.description))
        try Files.remove(image.layerDirectories[0] + "/file")
        #expect(try store.history(of: image).map(\.size) == [isRecorded ? 5 : 0])
        // What is built on it knows the sizes of its layers again.
        let upper = scratch.file("upper")
        try Files.makeDirectory(upper)
        try Files.create(upper + "/more", Array("123".utf8))
        let commit = try store.commit(CommitRequest(upperDirectory: upper, base: .image(image), reference: nil))
        #expect(try store.record(commit).layerSizes == [isRecorded ? 5 : 0, 3])
    }

    @Test func timesAreKept() throws {
        let entries = try #require(
            try JSON(parsing: #"[{"created":"2001-02-03T04:05:06Z","comment":"x"},{"created":"yesterday"}]"#).array)
        let steps = ImageHistory.steps(entries, layerSizes: [])
        #expect(steps[1].created?.nanoseconds == 981_173_106_000_000_000 && steps[1].comment == "x")
        #expect(steps[0].created == nil)
    }
}
