//! Started by an ordinary user. Root runs this test binary again as one; an ordinary user is one
//! already, and all other tests show the same.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::unistd::User;

use crate::helpers::{DataDir, is_root, remember, remembered, start};

const DATA_DIR: &str = "SAOMA_TEST_USER_DATA_DIR";

/// Not a test by itself: what the ordinary user's process runs.
#[tokio::test]
async fn the_user() {
    let Some(dir) = std::env::var_os(DATA_DIR).map(PathBuf::from) else {
        return;
    };
    assert!(!is_root());
    let postgres = start(&dir).await.unwrap_or_else(|error| panic!("{error}"));
    remember(&postgres, "by a user").await;
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn an_ordinary_user_needs_no_other_and_root_finds_the_data_later() {
    if !is_root() {
        return;
    }
    let dir = DataDir::new();
    let user = somebody();
    fs::create_dir(dir.path()).unwrap();
    chown(dir.path(), Some(user.uid.as_raw()), None).unwrap();

    let output = run_as(&user, dir.path());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(dir.cluster().metadata().unwrap().uid(), user.uid.as_raw());

    let postgres = start(dir.path()).await.unwrap();
    assert_eq!(remembered(&postgres).await, ["by a user"]);
    postgres.stop().await.unwrap();

    // And the user again: root has left nothing in the way.
    let output = run_as(&user, dir.path());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn what_root_has_started_an_ordinary_user_is_told_to_take_over() {
    if !is_root() {
        return;
    }
    let dir = DataDir::new();
    start(dir.path()).await.unwrap().stop().await.unwrap();
    let output = run_as(&somebody(), dir.path());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        text.contains("belongs to") && text.contains("chown -R"),
        "{text}"
    );
}

/// Any user that is neither root nor the one that PostgreSQL would run as.
fn somebody() -> User {
    User::from_name("nobody")
        .unwrap()
        .expect("every system has a user nobody")
}

/// Runs `the_user` as `user`, from a copy of this binary that everybody can reach. Another process
/// makes the copy: a file that this one held open for writing would be so in the children of other
/// tests too, and nobody can run it meanwhile ("Text file busy").
fn run_as(user: &User, data_dir: &Path) -> Output {
    let binary = data_dir.with_file_name("test-binary");
    if !binary.exists() {
        let copied = Command::new("install")
            .args(["-m", "755"])
            .args([&std::env::current_exe().unwrap(), &binary])
            .status();
        assert!(copied.unwrap().success());
    }
    Command::new(binary)
        .args(["--exact", "unprivileged::the_user", "--nocapture"])
        .env(DATA_DIR, data_dir)
        .env_remove("XDG_RUNTIME_DIR")
        .current_dir("/")
        .uid(user.uid.as_raw())
        .gid(user.gid.as_raw())
        .output()
        .unwrap()
}
