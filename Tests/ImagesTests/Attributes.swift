import Glibc

/// Extended attributes: Swift's view of the C library lacks <sys/xattr.h>.
enum Attribute {
    private typealias Get =
        @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    private typealias Set =
        @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer?, Int, Int32) -> Int32

    static func get(_ name: String, of path: String) -> [UInt8]? {
        guard let function = dlsym(nil, "lgetxattr") else { return nil }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafeBitCast(function, to: Get.self)(path, name, &bytes, bytes.count)
        return count < 0 ? nil : Array(bytes[..<count])
    }

    static func set(_ name: String, of path: String, to value: String) -> Bool {
        guard let function = dlsym(nil, "lsetxattr") else { return false }
        return unsafeBitCast(function, to: Set.self)(path, name, value, value.utf8.count, 0) == 0
    }
}
