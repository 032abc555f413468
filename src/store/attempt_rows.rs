//! The one form in which attempts leave the database.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::StoreError;
use crate::login::{
    attempt::{Attempt, Browser, Identity, State},
    check::Check,
    ids::{AttemptId, Hash},
    reason::Reason,
};

/// `query_as!` for attempts: what stands before the columns, what behind, the parameters.
///
/// The columns stand here once, and by name: a `*` would break the prepared
/// statements of a running older version when a migration adds a column.
///
/// What stands before may be one text, or pieces of it in brackets.
macro_rules! attempts {
    ([$($before:tt),+], $after:tt $(, $parameter:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::store::attempt_rows::AttemptRow,
            $($before +)+
                r#"select
                    a.id as "id!",
                    a.browser_hash as "browser_hash!",
                    a.instance as "instance!",
                    a.state as "state!",
                    a.reason,
                    a.version as "version!",
                    a.expires_at <= saoma_now() as "overdue!",
                    ceil(date_part('epoch', a.expires_at - saoma_now()))::bigint as "expires_in!",
                    a.code_name as "code_name!",
                    a.code_source as "code_source!",
                    a.silent_renewals as "silent_renewals!",
                    a.awaiting_registration as "awaiting_registration!",
                    a.browser_name as "browser_name!",
                    a.browser_os as "browser_os!",
                    a.browser_ip as "browser_ip!",
                    a.created_at as "created_at!",
                    a.return_to,
                    a.app_id,
                    a.openid,
                    a.user_id,
                    a.check_kind as "check_kind!",
                    a.check_number,
                    a.tries_left as "tries_left!",
                    a.code_age,
                    a.reusable_code as "reusable_code!"
                "#
                + $after
            $(, $parameter)*
        )
    };
    ($before:tt, $after:tt $(, $parameter:expr)* $(,)?) => {
        crate::store::attempt_rows::attempts!([$before], $after $(, $parameter)*)
    };
}
pub(super) use attempts;

/// Runs `attempts!` as a use case of its own, for the one row that it gives or none.
macro_rules! one_attempt {
    ($store:expr, $before:tt, $after:tt $(, $parameter:expr)* $(,)?) => {{
        let row = $store
            .run(async |db| {
                crate::store::attempt_rows::attempts!($before, $after $(, $parameter)*)
                    .fetch_optional(db)
                    .await
            })
            .await?;
        crate::store::attempt_rows::attempt(row)
    }};
}
pub(super) use one_attempt;

/// `attempts!` for a guarded change `with a as (…)` that is noted in the audit log, both or
/// neither: the event and its outcome as SQL, as is the masked address of whoever asked.
macro_rules! audited_attempts {
    ($event:tt, $outcome:tt, $ip:tt, [$($before:tt),+] $(, $parameter:expr)* $(,)?) => {
        crate::store::attempt_rows::attempts!(
            [
                $($before,)+
                ", audited as (
                    insert into audit_log (event, outcome, user_id, attempt_id, ip,
                        browser_name, browser_os, entry_scene, check_kind)
                    select ", $event, ", ", $outcome, ",
                        coalesce(a.user_id, (
                            select i.user_id from wechat_identities i
                            where i.app_id = a.app_id and i.openid = a.openid
                        )), a.id, ", $ip, ",
                        a.browser_name, a.browser_os, a.entry_scene, a.check_kind
                    from a
                ) "
            ],
            "from a"
            $(, $parameter)*
        )
    };
    ($event:tt, $outcome:tt, $ip:tt, $before:tt $(, $parameter:expr)* $(,)?) => {
        crate::store::attempt_rows::audited_attempts!(
            $event, $outcome, $ip, [$before] $(, $parameter)*
        )
    };
}
pub(super) use audited_attempts;

/// Runs `audited_attempts!` as a use case of its own, for the one row that it gives or none.
macro_rules! audited_attempt {
    ($store:expr, $($statement:tt)*) => {{
        let row = $store
            .run(async |db| {
                crate::store::attempt_rows::audited_attempts!($($statement)*)
                    .fetch_optional(db)
                    .await
            })
            .await?;
        crate::store::attempt_rows::attempt(row)
    }};
}
pub(super) use audited_attempt;

pub(super) struct AttemptRow {
    pub(super) id: Uuid,
    pub(super) browser_hash: Vec<u8>,
    pub(super) instance: String,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) version: i32,
    pub(super) overdue: bool,
    pub(super) expires_in: i64,
    pub(super) code_name: String,
    pub(super) code_source: String,
    pub(super) silent_renewals: i16,
    pub(super) awaiting_registration: bool,
    pub(super) browser_name: String,
    pub(super) browser_os: String,
    pub(super) browser_ip: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) return_to: Option<String>,
    pub(super) app_id: Option<String>,
    pub(super) openid: Option<String>,
    pub(super) user_id: Option<Uuid>,
    pub(super) check_kind: String,
    pub(super) check_number: Option<i16>,
    pub(super) tries_left: i16,
    pub(super) code_age: Option<i32>,
    pub(super) reusable_code: bool,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = StoreError;

    /// An open attempt past its time is expired, one version further, whether
    /// or not anybody wrote that down.
    fn try_from(row: AttemptRow) -> Result<Self, StoreError> {
        let written = State::parse(&row.state)
            .ok_or_else(|| StoreError::Inconsistent(format!("state {}", row.state)))?;
        let check = Check::parse(&row.check_kind)
            .ok_or_else(|| StoreError::Inconsistent(format!("check {}", row.check_kind)))?;
        let expired = row.overdue && written.is_open();
        Ok(Self {
            id: AttemptId(row.id),
            browser_hash: hash(&row.browser_hash)?,
            state: if expired { State::Expired } else { written },
            reason: if expired {
                written.expiry_reason()
            } else {
                row.reason.as_deref().and_then(Reason::parse)
            },
            version: row.version + i32::from(expired),
            expires_in: if written.is_open() && !row.overdue {
                row.expires_in.max(0)
            } else {
                0
            },
            instance: row.instance,
            code_name: row.code_name,
            code_source: row.code_source,
            silent_renewals: row.silent_renewals,
            awaiting_registration: row.awaiting_registration,
            browser: Browser {
                name: row.browser_name,
                os: row.browser_os,
                ip: row.browser_ip,
                place: None,
            },
            requested_at: row.created_at,
            return_to: row.return_to,
            claimer: row
                .app_id
                .zip(row.openid)
                .map(|(app_id, openid)| Identity { app_id, openid }),
            user_id: row.user_id,
            check,
            number: row.check_number,
            tries_left: row.tries_left,
            code_age: row.code_age,
            reusable_code: row.reusable_code,
        })
    }
}

fn hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    Hash::try_from(bytes).map_err(|_| StoreError::Inconsistent("a hash's length".to_owned()))
}

/// The attempt of a row that may be missing.
pub(super) fn attempt(row: Option<AttemptRow>) -> Result<Option<Attempt>, StoreError> {
    row.map(Attempt::try_from).transpose()
}

/// The attempts of many rows.
pub(super) fn all(rows: Vec<AttemptRow>) -> Result<Vec<Attempt>, StoreError> {
    rows.into_iter().map(Attempt::try_from).collect()
}
