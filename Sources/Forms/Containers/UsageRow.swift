import Core

extension ContainerUsage {
    /// The container in the words of `stats`.
    /// - Parameters:
    ///   - before: an earlier measurement of the same container; nil where there is none.
    ///   - isWhole: the id in full.
    package func row(
        _ id: ContainerID, _ name: String, since before: ContainerUsage?, isWhole: Bool
    ) -> Row {
        let shown = isWhole ? id.hex : id.short
        let share = memoryLimit > 0 ? Double(memory) / Double(memoryLimit) * 100 : 0
        return Row(fields: [
            "BlockIO": .string("\(HumanText.size(read)) / \(HumanText.size(written))"),
            "CPUPerc": .string(HumanText.percent(cpuShare(since: before))), "Container": .string(shown),
            "ID": .string(shown), "MemPerc": .string(HumanText.percent(share)),
            "MemUsage": .string("\(HumanText.binarySize(memory)) / \(HumanText.binarySize(memoryLimit))"),
            "Name": .string(name), "NetIO": .string("\(HumanText.size(received)) / \(HumanText.size(sent))"),
            "PIDs": .string(String(tasks)),
        ])
    }

    /// Percent of one processor.
    private func cpuShare(since before: ContainerUsage?) -> Double {
        guard let before, cpu > before.cpu else { return 0 }
        let span = moment.nanoseconds(since: before.moment)
        return span > 0 ? Double(cpu - before.cpu) / Double(span) * 100 : 0
    }
}

extension HumanText {
    /// With two decimals: `0.05%`.
    static func percent(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        return "\(hundredths / 100)." + String(hundredths % 100 + 100).dropFirst() + "%"
    }
}
