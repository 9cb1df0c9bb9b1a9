//! Serves the assets that are compiled in: the style sheet, the script and the icon.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::serve::extract::Query;
use crate::serve::http::Problem;

/// Name, content type and content of each asset.
const ASSETS: [(&str, &str, &str); 3] = [
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("assets/style.css"),
    ),
    (
        "live.js",
        "text/javascript; charset=utf-8",
        include_str!("assets/live.js"),
    ),
    ("mark.svg", "image/svg+xml", include_str!("assets/mark.svg")),
];

/// The version in the query of asset addresses, so that browsers fetch changed assets: the start
/// of a digest of all of them.
pub(super) fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let mut digest = Sha256::new();
        for (.., content) in ASSETS {
            digest.update(content);
        }
        let digest = digest.finalize();
        digest[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    });
    &VERSION
}

/// `GET /assets/{name}`: one asset, or 404. The version `v` tells browsers apart what they have cached.
pub(super) async fn show(
    Path(name): Path<String>,
    Query(mut query): Query,
) -> Result<Response, Problem> {
    query.text("v")?;
    query.finish()?;
    let Some((_, kind, content)) = ASSETS.iter().find(|(known, ..)| *known == name) else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let headers: [(HeaderName, &str); 2] = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "max-age=86400")];
    Ok((headers, *content).into_response())
}
