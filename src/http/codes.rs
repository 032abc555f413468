//! `GET /codes/{name}`: the image of a mini-program code.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Path};

use super::extract::{client_address, site};
use crate::{
    codes::{IMMUTABLE, ImageError, Images},
    error::Error,
};

/// The image, or the way to it.
pub async fn image(request: HttpRequest, name: Path<String>) -> Result<HttpResponse, Error> {
    let site = site(&request)?;
    if !Images::is_name(&name) {
        return Err(Error::CodeUnknown);
    }
    if let Some(base) = &site.settings().code_base_url {
        let address = format!("{}/{name}", base.as_str().trim_end_matches('/'));
        return Ok(HttpResponse::Found()
            .insert_header((header::LOCATION, address))
            .finish());
    }
    if !site.images.is_at_hand(&name) {
        let address = client_address(&request, site);
        site.login.limits.image(address)?;
    }
    let image = match site.images.read(&name).await {
        Ok(image) => image.ok_or(Error::CodeUnknown)?,
        // Other bytes than were kept are no code of ours.
        Err(ImageError::Altered(_)) => return Err(Error::CodeUnknown),
        Err(error) => return Err(Error::CodesUnavailable(error.to_string(), None)),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, IMMUTABLE))
        .content_type(image.content_type)
        .body(image.bytes))
}
