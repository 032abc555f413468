//! Folders and ports that belong to one test.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// A folder that every user can reach, since PostgreSQL runs as another one
/// below root; removed at the end of its test.
#[derive(Debug)]
pub struct Place(PathBuf);

impl Place {
    /// A new, empty folder with a short path, as sockets need it.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("saoma-test-{}-{number}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Removes what earlier runs left: one that was killed, and the PostgreSQL that
    /// all tests of a run share, which ends with the run.
    pub fn sweep() {
        for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap_or_default();
            let run = name
                .strip_prefix("saoma-test-")
                .and_then(|rest| rest.split_once('-'));
            let run = run.and_then(|(run, _)| run.parse::<u32>().ok());
            if run.is_some_and(|run| !Path::new(&format!("/proc/{run}")).exists()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The processes that work in it or were started with its name: a server,
    /// its PostgreSQL and all of that one's backends.
    pub fn processes(&self) -> Vec<String> {
        let all = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let here = all.filter_map(|entry| {
            let process = entry.path();
            let name = entry.file_name().into_string().ok()?;
            name.parse::<u32>().ok()?;
            let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
            let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
            let folder = fs::read_link(process.join("cwd")).unwrap_or_default();
            let ours = folder.starts_with(&self.0)
                || arguments.contains(&format!("{}/", self.0.display()));
            ours.then(|| format!("{name} {arguments}"))
        });
        here.collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
