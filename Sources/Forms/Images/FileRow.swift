import Core

extension ImageFile {
    /// The file in the words of `ls -l`.
    package var row: Row {
        Row(fields: [
            "Date": .string(String(HumanText.moment(modified).prefix(19))), "GID": .string(String(group)),
            "Link": .string(link ?? ""), "Mode": .string(modeText),
            "Modified": .string(modified.description), "Owner": .string("\(user):\(group)"), "Path": .string(path),
            "Place": .string(link.map { "\(path) -> \($0)" } ?? path),
            "Size": .string(device ?? String(size)), "UID": .string(String(user)),
        ])
    }

    /// `drwxr-xr-x`, as ls(1) has it.
    var modeText: String {
        let kinds: [UInt32: Character] = [
            0o040000: "d", 0o120000: "l", 0o020000: "c", 0o060000: "b", 0o010000: "p", 0o140000: "s",
        ]
        var text: [Character] = [kinds[mode & 0o170000] ?? "-"]
        for (shift, special, set) in [(6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")]
            as [(UInt32, UInt32, Character)]
        {
            let bits = mode >> shift
            text.append(bits & 4 != 0 ? "r" : "-")
            text.append(bits & 2 != 0 ? "w" : "-")
            let mayExecute = bits & 1 != 0
            if mode & special != 0 {
                text.append(mayExecute ? set : Character(set.uppercased()))
            } else {
                text.append(mayExecute ? "x" : "-")
            }
        }
        return String(text)
    }
}
