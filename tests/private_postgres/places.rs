//! Where the cluster lies when root starts the server. As an ordinary user there is nothing to see.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::helpers::{DataDir, is_root, remember, remembered, start};

#[tokio::test]
async fn as_root_the_cluster_belongs_to_an_ordinary_user() {
    if !is_root() {
        return;
    }
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    let process = Path::new("/proc").join(dir.postmaster().to_string());
    assert_ne!(
        process.metadata().unwrap().uid(),
        0,
        "PostgreSQL runs as root"
    );
    assert_eq!(
        dir.cluster(),
        fs::canonicalize(dir.path()).unwrap().join("postgres")
    );
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn below_root_the_cluster_lives_where_its_user_can_reach_it() {
    if is_root() {
        lives_in_var_lib(DataDir::below(Path::new("/root"), 0o755)).await;
    }
}

#[tokio::test]
async fn below_a_private_folder_the_cluster_lives_where_its_user_can_reach_it() {
    if is_root() {
        lives_in_var_lib(DataDir::below(Path::new("/tmp"), 0o700)).await;
    }
}

async fn lives_in_var_lib(dir: DataDir) {
    let postgres = start(dir.path()).await.unwrap();
    remember(&postgres, "far away").await;
    let cluster = dir.cluster();
    assert!(
        cluster.starts_with("/var/lib/saoma"),
        "{}",
        cluster.display()
    );
    assert_eq!(postgres.cluster(), cluster);
    postgres.stop().await.unwrap();

    let postgres = start(dir.path()).await.unwrap();
    assert_eq!(remembered(&postgres).await, ["far away"]);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_moved_data_directory_finds_its_cluster_again() {
    if !is_root() {
        return;
    }
    let dir = DataDir::below(Path::new("/tmp"), 0o700);
    let postgres = start(dir.path()).await.unwrap();
    remember(&postgres, "moved").await;
    postgres.stop().await.unwrap();

    let moved = dir.path().with_file_name("elsewhere");
    fs::rename(dir.path(), &moved).unwrap();
    let postgres = start(&moved).await.unwrap();
    assert_eq!(remembered(&postgres).await, ["moved"]);
    postgres.stop().await.unwrap();
    fs::rename(&moved, dir.path()).unwrap();
}

#[tokio::test]
async fn a_copied_data_directory_does_not_take_the_cluster_from_the_first() {
    if !is_root() {
        return;
    }
    let dir = DataDir::below(Path::new("/tmp"), 0o700);
    let postgres = start(dir.path()).await.unwrap();
    let copy = dir.path().with_file_name("copy");
    fs::create_dir(&copy).unwrap();
    std::os::unix::fs::symlink(dir.cluster(), copy.join("postgres")).unwrap();

    let error = start(&copy).await.unwrap_err().to_string();

    assert!(error.contains("another Saoma"), "{error}");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_link_to_a_lost_cluster_is_an_error_and_not_an_empty_database() {
    let dir = DataDir::new();
    fs::create_dir_all(dir.path()).unwrap();
    let lost = dir.path().with_file_name("lost").join("postgres");
    std::os::unix::fs::symlink(&lost, dir.path().join("postgres")).unwrap();

    let error = start(dir.path()).await.unwrap_err().to_string();

    fs::remove_file(dir.path().join("postgres")).unwrap();
    assert!(error.contains("which is not there"), "{error}");
}

#[tokio::test]
async fn a_cluster_may_be_moved_to_another_disk_with_a_link_in_its_place() {
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    remember(&postgres, "moved").await;
    postgres.stop().await.unwrap();
    let disk = dir.path().with_file_name("disk");
    fs::create_dir(&disk).unwrap();
    fs::rename(dir.path().join("postgres"), disk.join("saoma-data")).unwrap();
    std::os::unix::fs::symlink("../disk/saoma-data", dir.path().join("postgres")).unwrap();

    let postgres = start(dir.path()).await.unwrap();
    assert_eq!(remembered(&postgres).await, ["moved"]);
    postgres.stop().await.unwrap();
    fs::remove_file(dir.path().join("postgres")).unwrap();
}
