import Core

/// A container's cgroups as a supervisor hands them over to itself, for further rounds.
extension CgroupPlan: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        unified = try reader.optional("unified", \.string)
        version1 = try reader.strings("version1")
        controllers = try reader.strings("controllers")
        settings = try reader.objects("settings", Setting.init)
        devices = try reader.optional("devices", \.string)
    }

    package var json: JSON {
        [
            "unified": .optional(unified), "version1": .strings(version1), "controllers": .strings(controllers),
            "settings": .array(settings.map(\.json)), "devices": .optional(devices),
        ]
    }
}

extension CgroupPlan.Setting: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        path = try reader.string("path")
        value = try reader.string("value")
        isOptional = try reader.bool("isOptional")
        alternatives = try reader.objects("alternatives", Alternative.init)
    }

    package var json: JSON {
        [
            "path": .string(path), "value": .string(value), "isOptional": .bool(isOptional),
            "alternatives": .array(alternatives.map(\.json)),
        ]
    }
}

extension CgroupPlan.Setting.Alternative: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        path = try reader.string("path")
        value = try reader.string("value")
    }

    package var json: JSON { ["path": .string(path), "value": .string(value)] }
}
