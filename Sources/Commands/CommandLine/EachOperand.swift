import Core

extension CommandContext {
    /// Does `action` to every name, going on after failures, and prints each name as it was typed when its
    /// turn has ended well.
    ///
    /// - Parameter ignoresMissing: `--force`: what is not there is no failure, and nothing is said of it.
    /// - Returns: the exit code.
    package mutating func forEach(
        _ names: [String], ignoresMissing: Bool = false,
        _ action: (String) throws(OperationError) -> Void
    ) -> Int32 {
        isReceipt = true
        return printEach(names, ignoresMissing: ignoresMissing, tellsMissing: false) { name throws(OperationError) in
            try action(name)
            return [name]
        }
    }

    /// The same for actions that have their own lines to print.
    /// - Parameters:
    ///   - ignoresMissing: `--force`: what is not there is no failure.
    ///   - tellsMissing: it is reported all the same.
    ///   - answer: what `--json` says of them, beside the name.
    package mutating func printEach(
        _ names: [String], ignoresMissing: Bool = false, tellsMissing: Bool = true,
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
                // An empty name is a variable that was not set.
                let isIgnored = ignoresMissing && error.kind == .notFound && !name.isEmpty
                if !isIgnored { status = 1 }
                if !isIgnored || tellsMissing { report(error) }
            }
            // Each line at once: the next name may take its time.
            flush()
        }
        if isJSON { self.answer = .array(done) }
        return status
    }
}
