//! A disk without room for images.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    instances::Instances,
    support::{Place, wait::eventually},
};

/// A small disk where a test may mount one; elsewhere nothing is shown.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = Self::run("mount", &["-t", "tmpfs", "-o", "size=512k", "tmpfs"], at);
        mounted.then(|| Self(at.to_owned()))
    }

    fn make_room(&self) {
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

#[actix_web::test]
async fn a_full_disk_stops_the_refill_with_a_clear_message_and_room_starts_it_again() {
    let place = Place::new();
    let data = place.join("data");
    let Some(disk) = Disk::mount(&data.join("codes")) else {
        eprintln!("left out: nobody may mount a small disk here");
        return;
    };
    let options = [("SAOMA_DATA_DIR", data.to_str().unwrap())];
    let instances = Instances::start(1, 500, &options).await;
    let server = &instances.servers[0];
    eventually("the refill says that the disk is full", async || {
        server
            .program
            .err()
            .contains("there is no room for code images")
    })
    .await;
    let shown = server.browser().await.open_socket().await;
    assert_eq!(shown["source"], "stock");
    // What is written is whole, and no part of a file is left.
    let files = fs::read_dir(data.join("codes")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| !name.contains("part")));
    disk.make_room();
    instances.full().await;
}
