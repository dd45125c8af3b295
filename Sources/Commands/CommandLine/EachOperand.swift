import Core

extension CommandContext {
    /// Does `action` to every name, going on after failures, and prints each name as it was typed when its
    /// turn has ended well.
    ///
    /// - Parameter ignoresMissing: `--force`: what is not there is reported, but is no failure.
    /// - Returns: the exit code.
    package mutating func forEach(
        _ names: [String], ignoresMissing: Bool = false,
        _ action: (String) throws(OperationError) -> Void
    ) -> Int32 {
        isReceipt = true
        return printEach(names, ignoresMissing: ignoresMissing) { name throws(OperationError) in
            try action(name)
            return [name]
        }
    }

    /// The same for actions that have their own lines to print.
    /// - Parameter answer: what `--json` says of them, beside the name.
    package mutating func printEach(
        _ names: [String], ignoresMissing: Bool = false,
        answer: ([String]) -> [(key: String, value: JSON)] = { _ in [] },
        _ action: (String) throws(OperationError) -> [String]
    ) -> Int32 {
        var status: Int32 = 0
        var done: [JSON] = []
        for name in names {
            do throws(OperationError) {
                let lines = try action(name)
                var members: [(key: String, value: JSON)] = [("name", .string(name))]
                members += answer(lines)
                // There was nothing to be done.
                if !lines.isEmpty { done.append(.object(members)) }
                for line in isJSON ? [] : lines { output.line(line) }
            } catch {
                report(error)
                // An empty name is a variable that was not set.
                if !ignoresMissing || error.kind != .notFound || name.isEmpty { status = 1 }
            }
            // Each line at once: the next name may take its time.
            flush()
        }
        if isJSON { self.answer = .array(done) }
        return status
    }
}
