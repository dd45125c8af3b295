/// A file or directory of an image.
package struct ImageFile: Equatable, Sendable {
    /// Absolute.
    package let path: String
    /// With the kind of file (inode(7)).
    package let mode: UInt32
    package let user: UInt32
    package let group: UInt32
    /// Bytes of a regular file; else 0.
    package let size: Int64
    package let modified: Timestamp
    /// Where a symbolic link points to.
    package let link: String?
    /// Major and minor number of a device.
    package let device: String?

    package init(
        path: String, mode: UInt32, user: UInt32, group: UInt32, size: Int64, modified: Timestamp, link: String?,
        device: String?
    ) {
        self.path = path
        self.mode = mode
        self.user = user
        self.group = group
        self.size = size
        self.modified = modified
        self.link = link
        self.device = device
    }
}
