import Testing

/// Parent of all suites of this target: they choose the process's instruction set and number of threads, so they
/// run one after the other.
@Suite(.serialized) enum KernelTests {}
