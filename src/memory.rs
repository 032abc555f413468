//! How the allocator takes memory from the system.

use std::{
    env,
    os::unix::process::CommandExt,
    process::{self, Command},
};

/// The variable that glibc reads before `main`, so that only a new program image obeys it.
const VARIABLE: &str = "GLIBC_TUNABLES";

/// Starts this program once more, in the same process, with buffers of 8 KiB
/// and above on fresh pages of their own.
///
/// actix keeps two buffers of 8 KiB for each connection, of which a quiet
/// socket touches one page each. Taken from the heap they lie where requests
/// have been, and every page counts. Who has set the variable keeps it; where
/// there is no glibc nothing happens.
pub fn give_buffers_fresh_pages() {
    if !cfg!(target_env = "gnu") || env::var_os(VARIABLE).is_some() {
        return;
    }
    let Ok(program) = env::current_exe() else {
        return;
    };
    let mut arguments = env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    let error = again
        .args(arguments)
        .env(VARIABLE, "glibc.malloc.mmap_threshold=8192")
        .exec();
    // Not fatal: the server only needs more memory.
    eprintln!(
        "saoma (process {}): cannot set {VARIABLE}: {error}",
        process::id()
    );
}
