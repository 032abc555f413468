//! How much of a load case is run.

/// `short` in `make test`, `full` in `make soak`, which sets `SAOMA_SOAK`.
pub fn times(short: usize, full: usize) -> usize {
    if std::env::var_os("SAOMA_SOAK").is_some() {
        full
    } else {
        short
    }
}
