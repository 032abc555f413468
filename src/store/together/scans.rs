//! First scans.

use super::{Database, rules};
use crate::{
    login::{
        attempt::{Attempt, Identity, Step},
        check::Checks,
        ids::Hash,
    },
    store::{
        Store, StoreError,
        attempt_rows::{all, audited_attempts},
        batches::Batches,
        seconds,
    },
};

/// A phone's scan.
#[derive(Debug, Clone)]
pub struct Scan<'a> {
    /// Who scans.
    pub identity: &'a Identity,
    /// Of the nonce that the phone gets.
    pub nonce: Hash,
    /// How the phone came to the code.
    pub entry_scene: i32,
    /// What that asks for.
    pub checks: Checks,
    /// The phone's address, masked.
    pub ip: &'a str,
}

/// The first of a scene, and the number that may be asked for.
#[derive(Debug, Clone)]
pub(in crate::store) struct FirstScan {
    scene: Hash,
    number: i16,
    identity: Identity,
    nonce: Hash,
    entry_scene: i32,
    checks: Checks,
    ip: String,
}

pub(super) fn batches(db: Database) -> Batches<FirstScan, Option<Attempt>> {
    // By its person a scan is found in the answer.
    let apart = |one: &FirstScan, other: &FirstScan| {
        one.scene == other.scene || one.identity == other.identity
    };
    Batches::new(rules("scan", apart), move |scans| {
        let db = db.clone();
        async move {
            let claimed = db.scan(&scans).await?;
            let of = |scan: &FirstScan| {
                let mut claimed = claimed.iter();
                claimed
                    .find(|attempt| attempt.is_claimed_by(&scan.identity))
                    .cloned()
            };
            Ok(scans.iter().map(|scan| Ok(of(scan))).collect())
        }
    })
}

impl Store {
    /// The first scan of a good scene claims its attempt, by this entry scene,
    /// and fixes what the person is asked for. A code of the pool leaves one try
    /// for the number. What counts is the code that was scanned: the attempt's
    /// newest one may be of another source.
    pub async fn scan_attempt(
        &self,
        scene: &Hash,
        scan: &Scan<'_>,
        number: i16,
    ) -> Result<Option<Attempt>, StoreError> {
        let first = FirstScan {
            scene: *scene,
            number,
            identity: scan.identity.clone(),
            nonce: scan.nonce,
            entry_scene: scan.entry_scene,
            checks: scan.checks,
            ip: scan.ip.to_owned(),
        };
        self.together.scans.ask(first).await
    }
}

impl Database {
    async fn scan(&self, scans: &[FirstScan]) -> Result<Vec<Attempt>, StoreError> {
        let scenes: Vec<_> = scans.iter().map(|s| s.scene.to_vec()).collect();
        let apps: Vec<_> = scans.iter().map(|s| s.identity.app_id.clone()).collect();
        let openids: Vec<_> = scans.iter().map(|s| s.identity.openid.clone()).collect();
        let nonces: Vec<_> = scans.iter().map(|s| s.nonce.to_vec()).collect();
        let entries: Vec<_> = scans.iter().map(|s| s.entry_scene).collect();
        let checks = scans.iter().map(|s| s.checks);
        let single_use: Vec<_> = checks
            .clone()
            .map(|c| c.single_use.as_str().to_owned())
            .collect();
        let reusable: Vec<_> = checks.map(|c| c.reusable.as_str().to_owned()).collect();
        let numbers: Vec<_> = scans.iter().map(|s| s.number).collect();
        let addresses: Vec<_> = scans.iter().map(|s| s.ip.clone()).collect();
        let rows = self
            .run(async |db| {
                audited_attempts!(
                    "'scan'",
                    "'ok'",
                    "a.phone_ip",
                    "with held as (
                        select a.id, s.epoch > 0 as by_reusable, s.created_at as shown_at,
                            t.app_id, t.openid, t.nonce_hash, t.entry_scene, t.single_use,
                            t.reusable, t.number, t.ip
                        from unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::integer[],
                            $6::text[], $7::text[], $8::smallint[], $9::text[])
                            as t(scene_hash, app_id, openid, nonce_hash, entry_scene, single_use,
                                reusable, number, ip)
                        join attempt_scenes s on s.scene_hash = t.scene_hash
                        join login_attempts a on a.id = s.attempt_id
                        where s.expires_at > saoma_now()
                            and a.state = any($11) and a.expires_at > saoma_now()
                        order by a.id for update of a
                    ), a as (
                        update login_attempts a set
                            state = 'scanned',
                            version = saoma_next_version(a.version, a.expires_at),
                            app_id = held.app_id,
                            openid = held.openid,
                            nonce_hash = held.nonce_hash,
                            entry_scene = held.entry_scene,
                            check_kind = case when by_reusable then reusable else single_use end,
                            check_number = number,
                            tries_left = case when by_reusable and reusable = 'number' then 1 else 3 end,
                            reusable_code = by_reusable,
                            code_age = date_part('epoch', saoma_now() - shown_at)::integer,
                            expires_at = least(saoma_now() + make_interval(secs => $10), a.ends_at)
                        from held
                        where a.id = held.id and a.state = any($11) and a.expires_at > saoma_now()
                        returning a.*, held.ip as phone_ip
                    )",
                    &scenes,
                    &apps,
                    &openids,
                    &nonces,
                    &entries,
                    &single_use,
                    &reusable,
                    &numbers,
                    &addresses,
                    seconds(self.timers.confirm),
                    &Step::Scan.leaves_words(),
                )
                .fetch_all(db)
                .await
            })
            .await?;
        all(rows)
    }
}
