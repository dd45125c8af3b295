extension Int64 {
    /// The sum with a number that is not negative, or the greatest one.
    package func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}
