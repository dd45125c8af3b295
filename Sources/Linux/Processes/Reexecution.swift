import CLinux
import Core
import Glibc

/// This process begins anew with the program that it runs (execve(2)): its number, its children, its locks and the signals that it blocks
/// stay, its memory does not.
package enum Reexecution {
    /// Whether the kernel and the dynamic linker find what they found before (ld.so(8)): a path may have been meant from another directory.
    package static var isPossible: Bool {
        ["LD_LIBRARY_PATH", "LD_PRELOAD", "LD_AUDIT"].allSatisfy { (name: String) in
            name.withKernelString { getenv($0) } == nil
        }
    }

    /// The new beginning's words are the program's name, `word`, the number of a descriptor that `state` can be read from, `title`, and what
    /// the kernel calls the process.
    /// - Parameters:
    ///   - title: what the process is called, and as long as it may be called later.
    ///   - kept: descriptors that stay open under their numbers; all others are closed.
    /// - Returns: when it could not begin anew: all is as before.
    package static func begin(_ word: String, _ state: [UInt8], titled title: String, keeping kept: [Int32]) {
        let memory = clinux_sealed_memory(state, state.count)
        guard memory >= 0 else { return }
        let file = Descriptor(owning: memory)
        let open = kept + [file.number]
        for number in open { _ = clinux_fcntl(number, F_SETFD, 0) }
        var words = [Program.current.name, word, String(file.number), title, name].map { word in
            word.withKernelString { strdup($0) }
        }
        words.append(nil)
        _ = clinux_begin_anew(words)
        for word in words { free(word) }
        for number in open { _ = clinux_fcntl(number, F_SETFD, FD_CLOEXEC) }
    }

    private static var name: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16) { name in
            clinux_name(name.baseAddress)
            return name.baseAddress.map { String(kernel: $0) } ?? ""
        }
    }

    /// What the process before has handed over. Nobody else's file is read, which may have no end.
    /// - Returns: nil when it was not begun that way.
    package static func state(_ word: String, in words: [String]) -> (bytes: [UInt8], title: String)? {
        guard words.count == 5, words[1] == word, let number = Int32(words[2]), number > 2,
            clinux_is_sealed(number) == 1
        else { return nil }
        let file = Descriptor(owning: number)
        lseek(file.number, 0, SEEK_SET)
        guard let bytes = try? Files.read(file, named: "what was handed over", limit: 64 << 20) else { return nil }
        // It is "exe" now.
        words[4].withKernelString { clinux_set_name($0) }
        return (bytes, words[3])
    }
}
