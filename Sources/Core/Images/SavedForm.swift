/// How images are written into an archive.
package enum SavedForm: String, CaseIterable, Sendable {
    /// What `docker load` reads, of any age since 1.10: an OCI image layout with a `manifest.json`, as Docker itself writes it since 25.
    case docker = "docker-archive"
    /// An OCI image layout alone.
    case oci = "oci-archive"
}
