import Testing

@testable import IPAM

@Suite struct BitmapTests {
    @Test func agreesWithASet() {
        var random = SeededGenerator(1)
        for count in [1, 2, 63, 64, 65, 127, 128, 253, 1000] {
            var bitmap = Bitmap(count: count)
            var model: Set<Int> = []
            for _ in 0..<400 {
                let index = Int.random(in: 0..<count, using: &random)
                let sets = Bool.random(using: &random)
                let changes = sets ? bitmap.set(index) : bitmap.clear(index)
                let expected = sets ? model.insert(index).inserted : model.remove(index) != nil
                #expect(changes == expected)
                let start = Int.random(in: 0...count, using: &random)
                #expect(bitmap.contains(index) == model.contains(index))
                #expect(bitmap.firstClear(from: start) == (start..<count).first { !model.contains($0) })
                #expect(bitmap.firstSet(from: start) == (start..<count).first { model.contains($0) })
            }
            #expect(bitmap.setCount == model.count)
        }
    }

    @Test func settingAndClearingTwiceIsOnce() {
        var bitmap = Bitmap(count: 8)
        let set = [bitmap.set(3), bitmap.set(3)]
        #expect(set == [true, false])
        #expect(bitmap.setCount == 1)
        let cleared = [bitmap.clear(3), bitmap.clear(3)]
        #expect(cleared == [true, false])
        #expect(bitmap.setCount == 0)
    }

    @Test func hasNoBitsPastItsEnd() {
        #expect(Bitmap(count: 65, words: [~0, 1]) != nil)
        #expect(Bitmap(count: 65, words: [0, 2]) == nil)
        #expect(Bitmap(count: 64, words: [~0, 1]) == nil)
        #expect(Bitmap(count: 65, words: [~0]) == nil)
        #expect(Bitmap(count: 0, words: [0, 0]) != nil)
        #expect(Bitmap(count: 0).firstClear(from: 0) == nil)
    }
}
