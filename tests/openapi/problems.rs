//! The errors of PROTOCOL, section 1, which most requests have in common.

use utoipa::openapi::{
    Content, Ref, RefOr,
    content::ContentBuilder,
    path::Operation,
    response::{Response, ResponseBuilder},
};

const PROBLEM: &str = "application/problem+json";

/// Gives an operation the errors that all of its kind have, and every error its document. What an
/// operation says of itself comes first.
pub fn complete(method: &str, operation: &mut Operation) {
    let is_page = operation.tags.as_deref() == Some(&["pages".to_owned()]);
    let security = serde_json::to_string(&operation.security).unwrap();
    let (browser, phone) = (
        security.contains("\"browser\"") || security.contains("\"session\""),
        security.contains("\"phone\""),
    );
    let mut common = vec![
        ("429", "slow_down"),
        ("500", "internal"),
        ("503", "unavailable"),
    ];
    if operation.request_body.is_some() {
        common.extend([
            ("400", "bad_request"),
            ("413", "too_large"),
            ("415", "unsupported_media_type"),
        ]);
    }
    if browser && method != "get" {
        common.push(("403", "origin_refused"));
    }
    if phone {
        common.push(("401", "phone_session_invalid"));
    } else if security.contains("\"browser\"") {
        common.push(("401", "browser_secret_missing"));
    } else if browser {
        common.push(("401", "session_missing"));
    }
    for (status, codes) in common {
        let known = operation.responses.responses.entry(status.to_owned());
        known
            .and_modify(|response| {
                if let RefOr::T(response) = response {
                    response.description = format!("{codes}, {}", response.description);
                }
            })
            .or_insert_with(|| ResponseBuilder::new().description(codes).build().into());
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
            && response.content.is_empty()
        {
            document(response, is_page);
        }
    }
}

/// A problem document; for a person who opens a page, a page.
fn document(response: &mut Response, is_page: bool) {
    let schema: Ref = Ref::from_schema_name("Problem");
    let problem: Content = ContentBuilder::new().schema(Some(schema)).build();
    response.content.insert(PROBLEM.to_owned(), problem.into());
    if is_page {
        let page = Content::default();
        response.content.insert("text/html".to_owned(), page.into());
    }
}
