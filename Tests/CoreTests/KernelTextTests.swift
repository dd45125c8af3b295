import Core
import Fuzzing
import Testing

/// F7: bytes that are no UTF-8 go through a `String` and come out as they were.
@Suite struct KernelTextTests {
    @Test func F7_whatIsUTF8StaysWhatItIs() {
        for text in ["", "a", "é", "e\u{301}", "\u{10ffff}", "\u{10fe7f}", "\u{10ff00}", "a\0b", "\r\n"] {
            #expect(String(kernel: text.utf8).unicodeScalars.elementsEqual(text.unicodeScalars))
            #expect(text.kernelBytes == Array(text.utf8) && !text.hasForeignBytes)
        }
    }

    @Test func F7_whatIsNoUTF8BecomesItselfAgain() {
        let latin: [UInt8] = [0x63, 0x61, 0x66, 0xe9]
        let text = String(kernel: latin)
        #expect(text.unicodeScalars.map(\.value) == [0x63, 0x61, 0x66, 0x10feE9])
        #expect(text.kernelBytes == latin && text.hasForeignBytes)
        #expect(text.escapingForeignBytes == "caf\\xe9")
        #expect(JSON.string(text).printed == "\"caf\u{fffd}\"")
        #expect(JSON.string(text).pretty == "\"caf\u{fffd}\"")
    }

    /// Too long, surrogates, above the last scalar, cut off, and the private scalars themselves.
    @Test(
        arguments: [
            [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf8, 0x88],
            [0xff], [0x80], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xc3], [0xc3, 0x41], [0xf4, 0x8f, 0xba, 0x80],
            [0xf4, 0x8f, 0xbb, 0xbf], [0xf4, 0x8f, 0xba], [0xe2, 0xc3, 0xa9], [0xf4, 0x8f, 0xba, 0xba, 0x80],
        ] as [[UInt8]])
    func F7_oddBytesAreKept(bytes: [UInt8]) {
        let text = String(kernel: bytes)
        #expect(text.kernelBytes == bytes)
        #expect(text.hasForeignBytes)
        text.withKernelString { pointer in
            #expect(Array(UnsafeRawBufferPointer(start: pointer, count: bytes.count + 1)) == bytes + [0])
        }
    }

    @Test func F7_everyPairOfBytesIsKept() {
        var texts: Set<[UInt32]> = []
        for first in 0...UInt8.max {
            for second in 0...UInt8.max {
                let text = String(kernel: [first, second])
                if text.kernelBytes != [first, second] { Issue.record("\([first, second])") }
                texts.insert(text.unicodeScalars.map(\.value))
            }
        }
        #expect(texts.count == 65536)
    }

    /// Records hold the mapped text.
    @Test func F7_aRecordGivesItBack() throws {
        let text = String(kernel: [0x2f, 0xff, 0xfe, 0x22, 0x5c, 0x0a])
        #expect(try JSON(parsing: Array(JSON.string(text).compact.utf8)).string?.kernelBytes == text.kernelBytes)
    }

    @Test func F7_fuzz() {
        let examples: [[UInt8]] = [
            Array("PATH=/usr/bin:é😀".utf8), [0x61, 0xe9, 0xf4, 0x8f, 0xba, 0x80],
            [0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0x80],
        ]
        Fuzz.bytes(examples) { bytes in
            let text = String(kernel: bytes)
            if text.kernelBytes != bytes { Issue.record("\(bytes)") }
            if String(validating: bytes, as: UTF8.self) == nil, !text.hasForeignBytes { Issue.record("\(bytes)") }
            let shown = text.escapingForeignBytes
            if shown.hasForeignBytes || JSON.string(text).printed.hasForeignBytes { Issue.record("\(bytes)") }
        }
    }
}
