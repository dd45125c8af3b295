import Testing

/// Tests of the whole program. They share one host and compare it before and after: one at a time.
@Suite(.serialized) struct CLI {}
