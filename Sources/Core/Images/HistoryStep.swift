/// One step by which an image was made.
package struct HistoryStep: Equatable, Sendable {
    /// Nil where nothing says so.
    package let created: Timestamp?
    /// As it stands in the image's configuration.
    package let instruction: String
    package let comment: String
    /// Bytes in the files of its layer; 0 of one that has made none.
    package var size: Int64 = 0

    package init(created: Timestamp?, instruction: String, comment: String) {
        self.created = created
        self.instruction = instruction
        self.comment = comment
    }
}
