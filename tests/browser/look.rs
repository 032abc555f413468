//! The windows that every page must look right in.

use serde_json::json;

use crate::chromium::Chromium;

/// One width, one colour scheme.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// In CSS pixels: a small phone, or a desk.
    pub width: u32,
    /// `light` or `dark`.
    pub scheme: &'static str,
}

impl Look {
    /// All four, the narrow ones first.
    pub fn all() -> impl Iterator<Item = Self> {
        [360, 1280]
            .into_iter()
            .flat_map(|width| ["light", "dark"].map(|scheme| Self { width, scheme }))
    }

    /// A picture's name: `pending-zh-360-dark.png`.
    pub fn file_name(self, page: &str, language: &str) -> String {
        format!("{page}-{language}-{}-{}.png", self.width, self.scheme)
    }
}

impl Chromium {
    /// Makes the window so, for somebody who asks for less motion: a picture taken in the middle
    /// of a movement would differ from run to run.
    pub async fn look_as(&self, look: Look) {
        let height = if look.width < 600 { 740 } else { 800 };
        let screen = json!({
            "width": look.width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.cdp("Emulation.setDeviceMetricsOverride", screen).await;
        self.prefer(look.scheme, "reduce").await;
    }

    /// Sets what the person wishes in the system's settings.
    pub async fn prefer(&self, scheme: &str, motion: &str) {
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]});
        self.cdp("Emulation.setEmulatedMedia", features).await;
    }
}
