//! The handle through which tests and the demo look into a running simulator and change it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use url::Url;

use super::clock::Clock;
use super::codes::{Identity, PhoneNumber, new_login_code, new_phone_code};
use super::faults::{Fault, Faults, Suffering};
use super::screen::Screen;
use super::settings::{SimulatedApp, SimulatedUser, SimulatorSettings};
use super::stats::{Outcome, PathStats, Stats};
use super::world::World;

/// Cheap to clone; all clones change the same simulator, from any thread, while it runs.
#[derive(Clone, Debug)]
pub struct SharedState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    public_url: Url,
    saoma_url: RwLock<Option<Url>>,
    screen: RwLock<Option<Screen>>,
    site_name: String,
    world: Mutex<World>,
    faults: Mutex<Faults>,
    faults_cleared: Notify,
    stats: Mutex<Stats>,
}

/// The simulator knows no mini program with this app id.
#[derive(Debug, thiserror::Error)]
#[error("the simulator has no mini program {0:?}; add it with SharedState::add_app")]
pub struct UnknownApp(pub String);

impl SharedState {
    pub(super) fn new(settings: SimulatorSettings, public_url: Url) -> Self {
        Self(Arc::new(Inner {
            clock: Clock::default(),
            public_url,
            saoma_url: RwLock::new(settings.saoma_url.clone()),
            screen: RwLock::default(),
            site_name: settings.site_name.clone(),
            world: Mutex::new(World::new(settings)),
            faults: Mutex::default(),
            faults_cleared: Notify::new(),
            stats: Mutex::default(),
        }))
    }

    /// The simulator's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// Moves the simulator's time forward: tokens and codes age, quotas turn.
    pub fn advance(&self, by: Duration) {
        self.0.clock.advance(by);
    }

    /// The address that codes carry.
    pub fn public_url(&self) -> &Url {
        &self.0.public_url
    }

    /// Where the phone finds Saoma's phone API.
    pub fn saoma_url(&self) -> Option<Url> {
        self.0
            .saoma_url
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What the phone's mini program calls the website.
    pub(super) fn site_name(&self) -> String {
        self.0.site_name.clone()
    }

    /// Points the phone at another Saoma from its next call on.
    pub fn set_saoma_url(&self, url: Url) {
        *self
            .0
            .saoma_url
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(url);
    }

    /// Lets the phone see the code on this screen, instead of the one that was drawn last.
    pub fn set_screen(&self, screen: Screen) {
        *self
            .0
            .screen
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(screen);
    }

    pub(super) fn screen(&self) -> Option<Screen> {
        let screen = self.0.screen.read();
        screen.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The app id of the first mini program.
    pub fn app_id(&self) -> String {
        self.world().first_app_id().to_owned()
    }

    /// Adds a mini program.
    pub fn add_app(&self, app: SimulatedApp) {
        self.world().apps.push(app.into());
    }

    /// The users that the phone page offers.
    pub fn users(&self) -> Vec<SimulatedUser> {
        self.world().users.clone()
    }

    /// Adds a user to the phone page.
    pub fn add_user(&self, user: SimulatedUser) {
        self.world().users.push(user);
    }

    /// What `wx.login` would give the user with this openid in the mini program `app_id` (the
    /// first one if absent). The code lives five minutes and works once.
    pub fn login_code(
        &self,
        openid: &str,
        unionid: Option<&str>,
        app_id: Option<&str>,
    ) -> Result<String, UnknownApp> {
        let (openid, unionid) = (openid.to_owned(), unionid.map(str::to_owned));
        let mut world = self.world();
        let app_id = known_app(&world, app_id)?;
        let code = new_login_code();
        let identity = Identity { openid, unionid };
        world
            .login_codes
            .insert(code.clone(), &app_id, identity, self.now());
        Ok(code)
    }

    /// What `wx.login` would give one of the simulator's own users: the same openid each time in
    /// one mini program, another one in another.
    pub fn login_code_of(
        &self,
        user: &SimulatedUser,
        app_id: Option<&str>,
    ) -> Result<String, UnknownApp> {
        let openid = match app_id {
            Some(app_id) if app_id != self.app_id() => user.openid_in(app_id),
            _ => user.openid.clone(),
        };
        self.login_code(&openid, user.unionid.as_deref(), app_id)
    }

    /// What the phone-number button would give: good for getuserphonenumber only, once, for five
    /// minutes.
    pub fn phone_code(
        &self,
        number: &str,
        openid: Option<&str>,
        app_id: Option<&str>,
    ) -> Result<String, UnknownApp> {
        let (number, openid) = (number.to_owned(), openid.map(str::to_owned));
        let mut world = self.world();
        let app_id = known_app(&world, app_id)?;
        let code = new_phone_code();
        let phone_number = PhoneNumber { openid, number };
        world
            .phone_codes
            .insert(code.clone(), &app_id, phone_number, self.now());
        Ok(code)
    }

    /// Puts a fault in force. The error says what is wrong with it.
    pub fn add_fault(&self, fault: Fault) -> Result<(), &'static str> {
        lock(&self.0.faults).add(fault)
    }

    /// Ends all faults; requests that hang or wait go on at once.
    pub fn clear_faults(&self) {
        lock(&self.0.faults).clear();
        self.0.faults_cleared.notify_waiters();
    }

    /// The counters by path.
    pub fn stats(&self) -> BTreeMap<String, PathStats> {
        lock(&self.0.stats).snapshot()
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.0.world)
    }

    pub(super) fn take_fault(&self, path: &str) -> Option<Suffering> {
        lock(&self.0.faults).take(path)
    }

    /// Real time, ended early by [`clear_faults`](Self::clear_faults).
    pub(super) async fn sleep(&self, delay: Duration) {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = self.0.faults_cleared.notified() => {}
        }
    }

    pub(super) fn count_call(&self, path: &str) {
        lock(&self.0.stats).call(path);
    }

    pub(super) fn count_outcome(&self, path: &str, outcome: Outcome) {
        lock(&self.0.stats).outcome(path, outcome);
    }
}

/// A panic while the lock was held leaves nothing half done that a test would not rather see.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn known_app(world: &World, app_id: Option<&str>) -> Result<String, UnknownApp> {
    let app_id = app_id.unwrap_or_else(|| world.first_app_id());
    if world.knows_app(app_id) {
        Ok(app_id.to_owned())
    } else {
        Err(UnknownApp(app_id.to_owned()))
    }
}
