import Core

extension DiskSpace {
    /// The rows of `system df`.
    package var rows: [Row] {
        return [
            imagePart.row("Images"), containerPart.row("Containers"), volumePart.row("Local Volumes"),
            cachePart.row("Build Cache"),
        ]
    }
}

extension DiskSpace.Part {
    fileprivate func row(_ type: String) -> Row {
        let share = bytes > 0 ? " (\(reclaimable * 100 / bytes)%)" : ""
        return Row(fields: [
            "Active": .string(String(active)), "Reclaimable": .string(HumanText.size(reclaimable) + share),
            "Size": .string(HumanText.size(bytes)), "TotalCount": .string(String(total)), "Type": .string(type),
        ])
    }
}

extension DiskSpace.Image {
    /// A line for each of its names. The size is that on disk, as are its two parts; `images` has that of the content.
    package func rows(now: Timestamp) -> [Row] {
        summary.rows(wanted: nil, now: now, isWhole: false).map { row in
            let measured = ["Size", "SharedSize", "UniqueSize", "Containers"]
            let others = (row.fields.members ?? []).filter { !measured.contains($0.key) }
            let more: [(key: String, value: JSON)] = [
                ("Size", .string(HumanText.size(shared + own))),
                ("SharedSize", .string(HumanText.size(shared))), ("UniqueSize", .string(HumanText.size(own))),
                ("Containers", .string(String(containers))),
            ]
            return Row(fields: .object(others + more))
        }
    }
}

extension DiskSpace.Volume {
    package var row: Row {
        Row(fields: [
            "Name": .string(name.text), "Links": .string(String(links)), "Size": .string(HumanText.size(bytes)),
        ])
    }
}
