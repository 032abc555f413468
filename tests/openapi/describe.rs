//! The description as a whole.

use utoipa::{
    OpenApi,
    openapi::{
        self, ComponentsBuilder,
        path::{Operation, PathItem},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{login, operations, pages, phone, phone_sessions, problems, schemas, session};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Saoma",
        version = "1",
        description = "Log in to a website by scanning a WeChat mini-program code. PROTOCOL.md says \
            what it means, and has the sockets as well. An error is a problem document whose `code` \
            is one of the words in the answer's description."
    ),
    components(schemas(schemas::Problem)),
    paths(
        pages::home,
        pages::login,
        pages::dashboard,
        pages::code_image,
        pages::avatar,
        login::begin,
        login::poll,
        login::refresh,
        login::cancel,
        login::link,
        login::check,
        session::redeem,
        session::me,
        session::token,
        session::log_out,
        session::jwks,
        session::list,
        session::end,
        session::end_others,
        phone::sign_in,
        phone::sign_out,
        phone::scan,
        phone::confirm,
        phone::cancel,
        phone::attempt,
        phone::register,
        phone::rename,
        phone::set_avatar,
        phone::delete_account,
        phone_sessions::list_sessions,
        phone_sessions::end_session,
        phone_sessions::end_sessions,
        phone_sessions::report_session,
        operations::live,
        operations::ready,
        operations::security_contact,
    )
)]
struct Description;

/// All of it.
pub fn openapi() -> openapi::OpenApi {
    let mut api = Description::openapi();
    for item in api.paths.paths.values_mut() {
        for (method, operation) in operations_of(item) {
            problems::complete(method, operation);
            // An absent body is an empty object.
            if let Some(openapi::RefOr::T(body)) = &mut operation.request_body
                && matches!(
                    operation.operation_id.as_deref(),
                    Some("begin" | "register")
                )
            {
                body.required = Some(openapi::Required::False);
            }
        }
    }
    let components = api.components.take().unwrap_or_default();
    api.components = Some(
        ComponentsBuilder::from(components)
            .security_scheme("browser", cookie("__Host-saoma_browser", "The browser secret, which `GET /login` sets; `saoma_browser` on plain http. A request that changes something needs the site's own `Origin` too."))
            .security_scheme("session", cookie("__Host-saoma_session", "The session, which redeem sets; `saoma_session` on plain http. A request that changes something needs the site's own `Origin` too."))
            .security_scheme(
                "phone",
                SecurityScheme::Http(
                    HttpBuilder::new()
                        .scheme(HttpAuthScheme::Bearer)
                        .description(Some("The token that `POST /api/phone/session` gives."))
                        .build(),
                ),
            )
            .build(),
    );
    api
}

/// Each as a method and a path.
pub fn operations() -> Vec<String> {
    let mut listed = Vec::new();
    for (path, mut item) in openapi().paths.paths {
        listed.extend(operations_of(&mut item).map(|(method, _)| format!("{method} {path}")));
    }
    listed
}

fn operations_of(item: &mut PathItem) -> impl Iterator<Item = (&str, &mut Operation)> {
    [
        ("get", item.get.as_mut()),
        ("post", item.post.as_mut()),
        ("put", item.put.as_mut()),
        ("delete", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

fn cookie(name: &str, description: &str) -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        name,
        description,
    )))
}
