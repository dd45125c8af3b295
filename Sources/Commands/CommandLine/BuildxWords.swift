/// `buildx --builder NAME COMMAND …`: buildx has the flag before its commands, too.
enum BuildxWords {
    /// The same with the flag behind the command, which reads it.
    static func arranged(_ words: ArraySlice<String>) -> ArraySlice<String> {
        guard words.first == "buildx", let flag = words.dropFirst().first else { return words }
        let rest = words.dropFirst(2)
        if flag.hasPrefix("--builder="), let command = rest.first {
            return ["buildx", command, flag] + rest.dropFirst()
        }
        guard flag == "--builder", rest.count > 1 else { return words }
        let (name, command) = (rest[rest.startIndex], rest[rest.startIndex + 1])
        return ["buildx", command, flag, name] + rest.dropFirst(2)
    }
}
