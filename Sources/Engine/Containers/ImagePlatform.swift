import Core
import Images

/// Images that are here for another platform than is wanted.
extension Engine {
    /// One for another platform than was asked for gives way to the registry's, as if it were missing.
    func fitting(
        _ image: Image, _ name: String, _ policy: PullPolicy?, _ platform: String?
    ) throws(OperationError) -> Image {
        guard let platform else { return image }
        let wanted = try Platform(parsing: platform)
        guard let found = try imageStore.platform(of: image), found.rank(for: wanted) == nil else { return image }
        let mismatch =
            "image with reference \(name) was found but its platform (\(found)) does not match the specified platform "
            + "(\(wanted))"
        let remedy = "name an image for \(wanted), or leave out --platform"
        guard policy != .never, !isID(name, of: image) else {
            throw OperationError(mismatch, remedy: remedy, kind: .notFound)
        }
        do throws(OperationError) {
            return try pulledImage(name, platform, isMissing: true)
        } catch {
            // One that asks us to end means all of it.
            if error.exitCode != nil { throw error }
            throw OperationError(mismatch, reason: error.description, remedy: remedy, kind: .notFound)
        }
    }

    /// Its programs may be this host's all the same, or somebody else runs them (binfmt_misc): so it is said and no more.
    func warnOfPlatform(of image: Image) {
        guard let platform = image.platform, platform.rank == nil else { return }
        warn(
            "The requested image's platform (\(platform)) does not match the detected host platform (\(Platform.host)) "
                + "and no specific platform was requested")
    }

    /// What the registry has for this host of an image that is here for another platform; nil where it has nothing.
    func nativeImage(_ image: Image, _ name: String) throws(OperationError) -> Image? {
        if isID(name, of: image) { return nil }
        do throws(OperationError) {
            let pulled = try pulledImage(name, nil, isMissing: false)
            return pulled.platform.map { $0.rank != nil } ?? true ? pulled : nil
        } catch {
            if error.exitCode != nil { throw error }
            return nil
        }
    }

    private func isID(_ name: String, of image: Image) -> Bool {
        if let reference = try? Reference(name), image.references.contains(reference.text) { return false }
        let digits = name.hasPrefix("sha256:") ? String(name.dropFirst(7)) : name
        return Digest(name) != nil || image.id.hex.hasPrefix(digits)
    }
}
