//! Who scans and confirms in a trace.

use saoma::{login::attempt::Identity, store::Store};
use sqlx::{Executor, PgConnection};
use uuid::Uuid;

/// Of four people the last has no account.
const STRANGER: u8 = 3;

/// A person with a phone that stays signed in.
pub struct Person {
    pub identity: Identity,
    pub user: Option<Uuid>,
    pub phone: Uuid,
}

pub async fn people(store: &Store, clock: &mut PgConnection) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..=STRANGER {
        let identity = Identity {
            app_id: "app".to_owned(),
            openid: format!("person {number}"),
        };
        let mut user = None;
        if number < STRANGER {
            let added = store.add_user(&identity, None, None, "").await;
            user = Some(added.unwrap().id);
        }
        let token = [number; 32];
        let added = store.add_phone_session(&token, &identity, None).await;
        added.unwrap();
        let session = store.find_phone_session(&token).await.unwrap();
        people.push(Person {
            identity,
            user,
            phone: session.unwrap().id,
        });
    }
    // However far the clock is moved.
    clock
        .execute("update phone_sessions set expires_at = 'infinity'")
        .await
        .unwrap();
    people
}
