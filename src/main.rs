//! The `saoma` command.

fn main() {}
