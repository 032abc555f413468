//! A disk without room for images.

use std::fs;

use crate::{
    instances::Instances,
    support::{Disk, Place, wait::eventually},
};

#[actix_web::test]
async fn a_full_disk_stops_the_refill_with_a_clear_message_and_room_starts_it_again() {
    let place = Place::new();
    let data = place.join("data");
    let Some(disk) = Disk::mount(&data.join("codes"), "512k") else {
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
