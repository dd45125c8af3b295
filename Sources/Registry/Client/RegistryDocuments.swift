import Core
import Linux
import Transfer

/// A manifest or an index of some, byte for byte.
package struct RegistryDocument: Sendable {
    package let bytes: [UInt8]
    /// What the registry calls it; empty where it says nothing.
    package let mediaType: String
    /// `Docker-Content-Digest`: what it should be.
    package let digest: String?
}

extension RegistrySession {
    /// All that there is of manifests, Docker's and OCI's. Those of the old form are asked for in order to be named.
    private static let manifestTypes = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    ]
    /// Bytes: Docker's limit.
    package static let longestManifest = 4 << 20
    /// Bytes of a configuration.
    package static let longestConfiguration = 8 << 20

    /// - Parameter name: a tag, or a digest.
    package func manifest(
        _ name: String, of reference: Reference, _ connection: Connection
    ) throws(OperationError) -> RegistryDocument {
        try open(connection)
        var request = try manifestRequest(.get, name)
        request.limits.answer = Self.longestManifest
        let response = try send(request, scope: .pull, connection)
        guard response.isSuccess else { throw refusal(of: response, pulling: reference) }
        let type = (response.headers["Content-Type"] ?? "").prefix { $0 != ";" && $0 != " " }
        return RegistryDocument(
            bytes: response.body, mediaType: String(type), digest: response.headers["Docker-Content-Digest"])
    }

    private func manifestRequest(
        _ method: TransferRequest.Method, _ name: String
    ) throws(OperationError) -> TransferRequest {
        var request = request(method, try url("manifests/\(name)"))
        request.headers.set("Accept", Self.manifestTypes.joined(separator: ", "))
        return request
    }

    /// What a tag leads to now; nil where the registry does not say. To ask this counts as no pull at registries that count them.
    package func manifestDigest(_ tag: String, _ connection: Connection) throws(OperationError) -> String? {
        try open(connection)
        let response = try send(try manifestRequest(.head, tag), scope: .pull, connection)
        return response.isSuccess ? response.headers["Docker-Content-Digest"] : nil
    }

    /// More are nobody's.
    private static let mostTags = 10_000

    /// The tags of the repository, in the registry's order; by the page, where there are many.
    package func tags(of reference: Reference, _ connection: Connection) throws(OperationError) -> [String] {
        try open(connection)
        var tags: [String] = []
        while true {
            let rest = tags.last.map { "&last=\($0)" } ?? ""
            let response = try send(request(.get, try url("tags/list?n=1000\(rest)")), scope: .pull, connection)
            guard response.isSuccess else { throw refusal(of: response, pulling: reference) }
            let page = (try? JSON(parsing: response.body))?["tags"]
            let names = page == nil || page == .null ? [] : page?.strings
            guard let names, names.allSatisfy({ (try? Reference("x:\($0)")) != nil }), tags.count < Self.mostTags else {
                throw OperationError(
                    "pull", reference.name, reason: "the registry's list of tags is not valid", kind: .damaged)
            }
            tags += names
            if names.isEmpty || response.headers["Link"] == nil { return tags }
        }
    }

    /// A blob that is kept in memory.
    package func smallBlob(
        _ digest: String, size: Int64, of reference: Reference, _ connection: Connection
    ) throws(OperationError) -> [UInt8] {
        guard size >= 0, size <= Self.longestConfiguration else {
            throw OperationError(
                "pull", reference.description,
                reason: "its configuration has \(size) bytes, more than \(Self.longestConfiguration)")
        }
        var request = request(.get, try url("blobs/\(digest)"))
        // A refusal has a body of its own length.
        request.limits.answer = max(Int(size), 64 << 10)
        let response = try send(request, scope: .pull, connection)
        guard response.isSuccess else { throw refusal(of: response, pulling: reference, blob: digest) }
        return response.body
    }

    /// In Docker's words.
    /// - Parameter blob: the digest of the one that was asked for; nil: it was a document.
    func refusal(
        of response: TransferResponse, pulling reference: Reference, blob: String? = nil
    ) -> OperationError {
        let errors = RegistryErrors(response.body)
        let logIn = "log in if it is a private one: \(Program.current.name) login \(source.registry)"
        if response.status == 401 || response.status == 403 || errors.code == "DENIED" {
            return OperationError(
                "pull access denied for \(reference.name), repository does not exist or may require 'docker login': "
                    + (errors.text.isEmpty ? "denied: requested access to the resource is denied" : errors.text),
                remedy: logIn, kind: .denied)
        }
        if response.status == 404 {
            let unknown = blob == nil ? "manifest unknown" : "blob unknown"
            let text = errors.text.isEmpty ? unknown : errors.text
            if errors.code == "NAME_UNKNOWN" {
                return OperationError(
                    "repository \(reference.name) not found: \(text)", remedy: logIn, kind: .notFound)
            }
            // A registry that has the manifest may have its blobs elsewhere.
            let subject = blob.map { "blob \($0) of \(reference) not found at \(response.url.shown)" }
            return OperationError("\(subject ?? "manifest for \(reference) not found"): \(text)", kind: .notFound)
        }
        if response.status == 429 {
            let text = errors.text.isEmpty ? "toomanyrequests: too many requests" : errors.text
            return OperationError(text, remedy: "wait, or \(logIn)", kind: .exhausted)
        }
        return OperationError(
            "Get \"\(response.url.shown)\"",
            reason: "received unexpected HTTP status: \(response.status)"
                + (errors.text.isEmpty ? "" : " (\(errors.text))"))
    }
}
