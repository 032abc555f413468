//! Images in a folder.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use saoma::codes::{ImageError, Images};

use super::{image, new_folder, store};

fn images_in(folder: &Path) -> Images {
    store(&[("SAOMA_CODE_STORE", folder.to_str().unwrap())]).images()
}

#[actix_web::test]
async fn an_image_is_kept_whole_under_its_name_and_nothing_else_is_left() {
    let folder = new_folder();
    let images = images_in(&folder);
    images.check().await.unwrap();
    let image = image();
    let name = images.keep(image.clone()).await.unwrap();
    assert_eq!(images.keep(image.clone()).await.unwrap(), name);
    assert_eq!(fs::read(folder.join(&name)).unwrap(), image.bytes);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    fs::write(folder.join("of-somebody-else.txt"), "").unwrap();
    let listed = images.list().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].name, name);
    let age = listed[0].put_at.unwrap().elapsed().unwrap();
    assert!(age.as_secs() < 60, "{age:?}");
    images.delete(&name).await.unwrap();
    images.delete(&name).await.unwrap();
    assert!(images.read(&name).await.unwrap().is_none());
    fs::remove_dir_all(folder).unwrap();
}

#[actix_web::test]
async fn no_name_leads_out_of_the_folder() {
    let folder = new_folder();
    let images = images_in(&folder);
    fs::write(folder.join("secret.key"), "0123").unwrap();
    for name in ["secret.key", "../secret.key", "", ".", "/etc/passwd"] {
        assert!(images.read(name).await.unwrap().is_none(), "{name}");
        images.delete(name).await.unwrap();
        assert!(matches!(
            images.warm(name).await,
            Err(ImageError::Missing(_))
        ));
    }
    assert!(folder.join("secret.key").exists());
    fs::remove_dir_all(folder).unwrap();
}

#[actix_web::test]
async fn pl9_an_altered_image_in_a_folder_is_not_given_out() {
    let folder = new_folder();
    let images = images_in(&folder);
    let kept = image();
    let name = images.keep(kept.clone()).await.unwrap();
    let mut altered = kept.bytes.to_vec();
    altered[500] ^= 1;
    for other in [&altered[..], &kept.bytes[..100], b""] {
        fs::write(folder.join(&name), other).unwrap();
        for result in [
            images.read(&name).await.map(drop),
            images.warm(&name).await,
            images.verify(&name).await.map(drop),
        ] {
            assert!(matches!(result, Err(ImageError::Altered(_))), "{result:?}");
        }
    }
    fs::remove_dir_all(folder).unwrap();
}

#[actix_web::test]
async fn a_folder_that_is_gone_is_away_and_warm_images_are_still_there() {
    let folder = new_folder();
    let images = images_in(&folder);
    let warm = images.keep_warm(image()).await.unwrap();
    let cold = images.keep(image()).await.unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(images.read(&warm).await.unwrap().is_some());
    // Nor is it known that an image is not there.
    for error in [
        images.keep(image()).await.map(drop),
        images.read(&cold).await.map(drop),
        images.warm(&cold).await,
        images.delete(&cold).await,
    ] {
        assert!(matches!(error, Err(ImageError::Away(_))), "{error:?}");
    }
}

#[actix_web::test]
async fn what_a_killed_process_left_unfinished_is_tidied_when_it_is_old() {
    let folder = new_folder();
    let images = images_in(&folder);
    let kept = images.keep(image()).await.unwrap();
    let old = SystemTime::now() - Duration::from_secs(3 * 3600);
    for (name, written) in [
        ("old.part", old),
        (kept.as_str(), old),
        ("new.part", SystemTime::now()),
    ] {
        let file = File::options()
            .create(true)
            .append(true)
            .open(folder.join(name));
        file.unwrap().set_modified(written).unwrap();
    }
    images.delete_unfinished().await.unwrap();
    assert!(!folder.join("old.part").exists());
    assert!(folder.join("new.part").exists());
    assert!(folder.join(&kept).exists());
    fs::remove_dir_all(folder).unwrap();
}

/// A disk of 64 KiB; only root can have one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = new_folder();
        fs::create_dir_all(&folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "none"]);
        let mounted = mount.arg(&folder).output();
        let disk = Self(folder);
        mounted
            .is_ok_and(|mounted| mounted.status.success())
            .then_some(disk)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
        let _ = fs::remove_dir(&self.0);
    }
}

#[actix_web::test]
async fn a_full_disk_keeps_no_half_image_and_says_so() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let images = images_in(&disk.0);
    let kept = images.keep(image()).await.unwrap();
    let error = images.keep(image()).await.unwrap_err();
    assert!(matches!(error, ImageError::Full(_)), "{error}");
    assert!(error.to_string().contains("make some"), "{error}");
    assert_eq!(fs::read_dir(&disk.0).unwrap().count(), 1);
    images.verify(&kept).await.unwrap();
    images.delete(&kept).await.unwrap();
    images.keep(image()).await.unwrap();
}
