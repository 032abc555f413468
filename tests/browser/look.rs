//! The kinds of visitors that every page must look right for.

/// One language, one width, one colour scheme.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// What the browser asks for: `zh-CN` or `en`.
    pub language: &'static str,
    /// In CSS pixels: a small phone, or a desk.
    pub width: u32,
    pub dark: bool,
}

impl Look {
    /// All eight.
    pub fn all() -> Vec<Self> {
        let mut looks = Vec::new();
        for language in ["zh-CN", "en"] {
            for width in [360, 1280] {
                for dark in [false, true] {
                    looks.push(Self {
                        language,
                        width,
                        dark,
                    });
                }
            }
        }
        looks
    }

    pub fn scheme(self) -> &'static str {
        if self.dark { "dark" } else { "light" }
    }

    /// A picture's name: `pending-en-360-dark.png`.
    pub fn file_name(self, page: &str) -> String {
        let Self {
            language, width, ..
        } = self;
        format!("{page}-{language}-{width}-{}.png", self.scheme())
    }
}
