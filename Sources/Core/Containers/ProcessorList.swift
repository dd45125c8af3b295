/// Processors as the kernel lists them, such as `0-2,4` (cpuset(7)).
package enum ProcessorList {
    /// What is no number is left out.
    package static func numbers(of text: String) -> Set<Int> {
        var numbers: Set<Int> = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { Decimal.parse($0, in: 0...8191) }
            if let first = ends.first, let last = ends.last, first <= last { numbers.formUnion(first...last) }
        }
        return numbers
    }
}
