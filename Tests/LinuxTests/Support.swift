import Core
import Foundation
import Linux
import Testing

final class TemporaryDirectory {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "linux-tests-" + UUID().uuidString
        try Files.makeDirectory(path)
    }

    deinit {
        let remover = Process()
        remover.executableURL = URL(fileURLWithPath: "/bin/rm")
        remover.arguments = ["-rf", path]
        try? remover.run()
        remover.waitUntilExit()
    }

    func callAsFunction(_ name: String) -> String { path + "/" + name }
}
