//! What the simulated `WeChat` remembers: mini programs, tokens, codes, users.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::codes::{CodeBook, Identity, PhoneNumber};
use super::quotas::Quotas;
use super::reply::ApiError;
use super::settings::{SimulatedApp, SimulatedUser, SimulatorSettings};
use super::switches::Switches;
use super::tokens::{Standing, TokenBook};

/// All state behind the one lock. Nothing in here waits.
#[derive(Debug)]
pub(super) struct World {
    pub(super) apps: Vec<MiniProgram>,
    pub(super) users: Vec<SimulatedUser>,
    pub(super) login_codes: CodeBook<Identity>,
    pub(super) phone_codes: CodeBook<PhoneNumber>,
    pub(super) quotas: Quotas,
    pub(super) switches: Switches,
    /// What the code carries that was drawn last.
    pub(super) newest_scene: Option<String>,
    /// Openids that `WeChat` takes for a high risk (40226).
    pub(super) blocked: HashSet<String>,
}

/// A mini program and its tokens.
#[derive(Debug)]
pub(super) struct MiniProgram {
    pub(super) app_id: String,
    pub(super) app_secret: String,
    pub(super) pages: Vec<String>,
    pub(super) published: bool,
    pub(super) tokens: TokenBook,
}

impl World {
    pub(super) fn new(settings: SimulatorSettings) -> Self {
        let first = SimulatedApp {
            app_id: settings.app_id,
            app_secret: settings.app_secret,
            pages: settings.pages,
        };
        let apps = std::iter::once(first).chain(settings.other_apps);
        let quotas = if settings.published_quotas {
            Quotas::published()
        } else {
            Quotas::default()
        };
        Self {
            apps: apps.map(MiniProgram::from).collect(),
            users: settings.users,
            login_codes: CodeBook::default(),
            phone_codes: CodeBook::default(),
            quotas,
            switches: Switches::default(),
            newest_scene: None,
            blocked: HashSet::new(),
        }
    }

    /// The mini program whose page the phone shows.
    pub(super) fn first_app_id(&self) -> &str {
        &self.apps[0].app_id
    }

    pub(super) fn knows_app(&self, app_id: &str) -> bool {
        self.apps.iter().any(|app| app.app_id == app_id)
    }

    pub(super) fn app_mut(&mut self, app_id: &str) -> Result<&mut MiniProgram, ApiError> {
        let app = self.apps.iter_mut().find(|app| app.app_id == app_id);
        app.ok_or_else(|| ApiError::new(40013))
    }

    /// The mini program that a `wxa` call's access token belongs to.
    pub(super) fn app_of_token(
        &self,
        token: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<&MiniProgram, ApiError> {
        let token = token
            .filter(|token| !token.is_empty())
            .ok_or_else(|| ApiError::new(41001))?;
        for app in &self.apps {
            match app.tokens.standing(token, now) {
                Standing::Valid => return Ok(app),
                Standing::Expired => return Err(ApiError::new(42001)),
                Standing::Unknown => {}
            }
        }
        Err(ApiError::new(40001))
    }
}

impl From<SimulatedApp> for MiniProgram {
    fn from(app: SimulatedApp) -> Self {
        Self {
            app_id: app.app_id,
            app_secret: app.app_secret,
            pages: app.pages,
            published: true,
            tokens: TokenBook::default(),
        }
    }
}
