//! People's pictures.

use uuid::Uuid;

use super::{Store, StoreError, User};

impl Store {
    /// Puts a picture in the place of the one that the user had, which is gone with its address.
    /// None if there is no such user any more.
    pub async fn replace_avatar(
        &self,
        user: Uuid,
        id: Uuid,
        image: &[u8],
    ) -> Result<Option<User>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                User,
                "with shown as (
                    update users set avatar_url = '/avatars/' || $2::uuid::text where id = $1
                    returning id, nickname, avatar_url
                ), kept as (
                    insert into avatars (id, user_id, image) select $2, id, $3 from shown
                    on conflict (user_id) do update
                        set id = excluded.id, image = excluded.image, created_at = saoma_now()
                )
                select id, nickname, avatar_url as avatar_path from shown",
                user,
                id,
                image,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }

    /// A picture by the id in its address.
    pub async fn find_avatar(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!("select image from avatars where id = $1", id)
                .fetch_optional(db)
                .await
        })
        .await
    }
}
