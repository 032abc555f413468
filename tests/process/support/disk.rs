//! A disk that is soon full.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A small disk where a test may mount one; elsewhere nothing is shown.
#[derive(Debug)]
pub struct Disk(PathBuf);

impl Disk {
    /// With room for so much, such as "512k".
    pub fn mount(at: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = Self::run(
            "mount",
            &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"],
            at,
        );
        mounted.then(|| Self(at.to_owned()))
    }

    pub fn make_room(&self) {
        assert!(Self::run("mount", &["-o", "remount,size=256m"], &self.0));
    }

    fn run(program: &str, arguments: &[&str], at: &Path) -> bool {
        let mut command = Command::new(program);
        let done = command.args(arguments).arg(at).output();
        done.is_ok_and(|done| done.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Self::run("umount", &["-l"], &self.0);
    }
}
