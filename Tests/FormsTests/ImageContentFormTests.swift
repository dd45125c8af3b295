import Core
import Testing

@testable import Forms

@Suite struct ImageContentFormTests {
    private func file(_ mode: UInt32, link: String? = nil, device: String? = nil) -> ImageFile {
        ImageFile(
            path: "/a", mode: mode, user: 1, group: 2, size: 3, modified: Timestamp(nanoseconds: 0), link: link,
            device: device)
    }

    /// As `ls -l` shows them.
    @Test(arguments: [
        (0o100644, "-rw-r--r--"), (0o040755, "drwxr-xr-x"), (0o120777, "lrwxrwxrwx"), (0o020666, "crw-rw-rw-"),
        (0o060660, "brw-rw----"), (0o010600, "prw-------"), (0o140000, "s---------"), (0o104755, "-rwsr-xr-x"),
        (0o106644, "-rwSr-Sr--"), (0o041777, "drwxrwxrwt"), (0o041776, "drwxrwxrwT"), (0o102711, "-rwx--s--x"),
    ]) func modesAreThoseOfLs(_ mode: UInt32, _ text: String) { #expect(file(mode).row.text("Mode") == text) }

    @Test func linksAndDevices() {
        let link = file(0o120777, link: "b").row
        #expect(link.text("Place") == "/a -> b" && link.text("Path") == "/a" && link.text("Link") == "b")
        #expect(file(0o020666, device: "1, 3").row.text("Size") == "1, 3")
        #expect(file(0o100644).row.text("Owner") == "1:2")
    }

    @Test func historyInDockersWords() {
        let now = Timestamp(nanoseconds: 100_000_000_000)
        var step = HistoryStep(
            created: Timestamp(nanoseconds: 0), instruction: "RUN\t" + String(repeating: "x", count: 60), comment: "c")
        step.size = 1_234_567
        let cut = step.row(id: "sha256:" + String(repeating: "a", count: 64), now: now, isWhole: false, isHuman: true)
        #expect(cut.text("CreatedBy") == "RUN " + String(repeating: "x", count: 40) + "…")
        #expect(cut.text("ID") == "aaaaaaaaaaaa" && cut.text("Size") == "1.23MB")
        #expect(cut.text("CreatedSince") == "About a minute ago" && cut.text("CreatedAt") == "1970-01-01T00:00:00Z")
        let whole = step.row(id: nil, now: now, isWhole: true, isHuman: false)
        #expect(whole.text("CreatedBy").count == 64 && whole.text("ID") == "<missing>")
        #expect(whole.text("Size") == "1234567" && whole.text("CreatedSince") == "1970-01-01T00:00:00Z")
        let unknown = HistoryStep(created: nil, instruction: "", comment: "")
        #expect(unknown.row(id: nil, now: now, isWhole: false, isHuman: true).text("CreatedSince") == "N/A")
    }
}
