//! `GET /codes/{name}`: the image of a mini-program code.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};

use super::extract::site;
use crate::{codes::Images, error::Error};

/// The image, or the way to it.
pub async fn image(request: HttpRequest, name: Path<String>) -> Result<HttpResponse, Error> {
    let images = request.app_data::<Data<Images>>();
    let images = images.ok_or_else(|| Error::Internal(anyhow::anyhow!("no images")))?;
    let image = images
        .read(&name)
        .await
        .map_err(|error| Error::Internal(error.into()))?;
    let image = image.ok_or(Error::CodeUnknown)?;
    if let Some(base) = &site(&request)?.settings().code_base_url {
        let address = format!("{}/{name}", base.as_str().trim_end_matches('/'));
        return Ok(HttpResponse::Found()
            .insert_header((header::LOCATION, address))
            .finish());
    }
    // The name is the hash of the bytes, so they never change.
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .content_type(image.content_type)
        .body(image.bytes))
}
