//! The checker for accessibility, axe-core, in the page under test.

use std::{path::Path, process::Command, sync::OnceLock};

use serde_json::Value;

use crate::chromium::Chromium;

/// Brings axe into the page; once for each page that was loaded.
pub async fn bring(browser: &Chromium) {
    browser.run(source()).await;
}

/// What axe has against the page as it is: rules, and the elements that break them.
pub async fn violations(browser: &Chromium) -> Vec<String> {
    let found = browser
        .run_async(
            "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)",
        )
        .await;
    let Value::Array(found) = &found else {
        panic!("axe did not run: {found}");
    };
    let told = found.iter().flat_map(|violation| {
        let nodes = violation["nodes"].as_array().unwrap();
        nodes.iter().map(|node| {
            format!(
                "{}: {}: {}",
                violation["id"], node["target"], node["failureSummary"]
            )
        })
    });
    told.collect()
}

/// The script, from npm. `make test` has installed it; a bare `cargo test` does so here.
fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
        let script = folder.join("node_modules/axe-core/axe.min.js");
        if !script.exists() {
            let install = ["ci", "--no-audit", "--no-fund"];
            let installed = Command::new("npm")
                .args(install)
                .current_dir(&folder)
                .status();
            assert!(
                installed.unwrap().success(),
                "npm ci failed in {}",
                folder.display()
            );
        }
        std::fs::read_to_string(script).unwrap()
    })
}
