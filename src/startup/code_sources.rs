//! Where codes come from: what the process has of it, and what each thread makes of that.

use std::sync::Arc;

use anyhow::Context;

use crate::{
    codes::{
        self, Codes, ImageStore, Images, Live, LiveShared, Maker, Pool, Stock, Switch,
        refill::{self, Refill},
    },
    login::check::{Check, CheckPolicy},
    settings::Settings,
    store::Store,
    wechat::{AccessToken, Breaker, Wechat},
};

/// The sources of codes and the way to WeChat, for the whole process. A clone is cheap.
#[derive(Clone)]
pub(super) struct CodeSources {
    settings: Arc<Settings>,
    store: Store,
    token: Arc<AccessToken>,
    /// Of calls for codes.
    breaker: Arc<Breaker>,
    images: ImageStore,
    /// What a code has to open to be of use here.
    opens: Arc<str>,
    /// Made ahead.
    pub(super) stock: Stock,
    pool: Option<Pool>,
    live: LiveShared,
    switch: Switch,
}

/// The same for one thread: awc's client stays on its thread.
pub(super) struct OfThread {
    pub(super) codes: Codes,
    pub(super) images: Images,
    pub(super) wechat: Wechat,
}

impl CodeSources {
    pub(super) fn new(
        settings: Arc<Settings>,
        store: Store,
        token: AccessToken,
        breaker: Arc<Breaker>,
    ) -> anyhow::Result<Self> {
        let images = ImageStore::open(&settings)
            .context("the folder for code images (SAOMA_CODE_STORE) cannot be made")?;
        let opens: Arc<str> = settings.code_opens().into();
        let stock = Stock::new(store.clone(), opens.clone(), &settings.instance);
        // No pool where nobody would be asked for a number.
        let asks = settings.check != CheckPolicy::Always(Check::None);
        let pool = asks.then(|| {
            let rules = settings.codes.pool;
            Pool::new(store.clone(), rules, &settings.timers, opens.clone())
        });
        Ok(Self {
            settings,
            store,
            token: Arc::new(token),
            breaker,
            images,
            opens,
            stock,
            pool,
            live: LiveShared::default(),
            switch: Switch::new(),
        })
    }

    /// A client of WeChat for the current thread.
    pub(super) fn wechat(&self) -> Wechat {
        Wechat::new(self.settings.wechat.clone(), self.token.clone())
    }

    /// All of it for the current thread.
    pub(super) fn of_thread(&self) -> OfThread {
        let (wechat, images) = (self.wechat(), self.images.images());
        let live = Live::new(
            Maker::new(wechat.clone(), images.clone(), self.breaker.clone()),
            self.store.clone(),
            self.opens.clone(),
            &self.settings.instance,
            self.live.clone(),
        );
        let codes = Codes::new(
            self.settings.codes.first,
            self.stock.clone(),
            self.pool.clone(),
            live,
            self.switch.clone(),
            images.clone(),
        );
        OfThread {
            codes,
            images,
            wechat,
        }
    }

    /// Starts what fills, keeps and tidies codes. Only a stock that comes first is filled by
    /// itself.
    pub(super) fn keep(&self) -> Option<refill::Running> {
        let ahead = self.settings.codes.first == codes::Source::Stock;
        let served_here = self.settings.code_base_url.is_none();
        let images = self.images.images();
        let warmed = served_here.then(|| images.clone());
        actix::spawn(self.stock.clone().keep(ahead, warmed));
        if let Some(pool) = self.pool.clone() {
            actix::spawn(pool.watch());
        }
        let (store, opens) = (self.store.clone(), self.opens.clone());
        actix::spawn(codes::tidy::run(store, images, opens));
        ahead.then(|| {
            let sources = self.clone();
            Refill::start(refill::Parts {
                store: self.store.clone(),
                instance: self.settings.instance.clone(),
                stock: self.stock.clone(),
                opens: self.opens.clone(),
                settings: self.settings.codes.clone(),
                longest_pause: self.settings.wechat.longest_pause,
                maker: move || {
                    let images = sources.images.images();
                    Maker::new(sources.wechat(), images, sources.breaker.clone())
                },
            })
        })
    }
}
