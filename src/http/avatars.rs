//! `GET /avatars/{id}`: a person's picture.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, ETag, EntityTag, Header, IfNoneMatch},
    },
    web::Path,
};
use uuid::Uuid;

use super::extract::site;
use crate::error::Error;

/// Never another picture under this address, but one day perhaps none: whoever deletes his account
/// does not stay in caches for a year, and in shared ones not at all.
const CACHED: &str = "private, max-age=86400, immutable";
/// The picture may be shown by pages of other origins, the mini program's among them. Who asks is
/// no matter: it has no cookie to look at, and its address is known to whom it was told.
const ANYWHERE: &str = "cross-origin";

/// The picture, which has this address as long as it is somebody's.
pub async fn image(request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Error> {
    let site = site(&request)?;
    let parsed = Uuid::try_parse(&id).ok();
    // One picture, one address.
    let known = parsed.filter(|known| known.hyphenated().to_string() == *id);
    let image = site.login.avatar(known.ok_or(Error::NotFound)?).await?;
    let tag = EntityTag::new_strong(id.into_inner());
    let is_known = is_known(&request, &tag);
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::CACHE_CONTROL, CACHED))
        .insert_header(("Cross-Origin-Resource-Policy", ANYWHERE))
        .insert_header(ETag(tag));
    if is_known {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    Ok(answer.content_type("image/jpeg").body(image))
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}
