//! The page itself: `web-ui/dist` in the binary (feature `embed-ui`), or a word on how to build it.
//!
//! Addresses without a file are pages of the one-page app: they all get `index.html`.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};

/// Shown where the binary has no page inside.
const MISSING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
<title>Branchline</title><h1>Branchline is running without its page</h1>\
<p>This binary was built without the web page. Build it with <code>scripts/build</code>.</p>\
<p lang=\"zh-CN\">此程序未包含网页，请用 <code>scripts/build</code> 构建。</p></html>";

/// Everything that is not the API.
pub(crate) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let wanted = if path.is_empty() || !path.contains('.') {
        "index.html"
    } else {
        path
    };
    match file(wanted) {
        Some(file) => sent(wanted, file, &headers),
        None if wanted == "index.html" => Html(MISSING).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A file of the page.
struct File {
    bytes: std::borrow::Cow<'static, [u8]>,
    /// Strong entity tag, quotes included.
    tag: String,
}

fn sent(path: &str, file: File, headers: &HeaderMap) -> Response {
    // Vite names what lies in assets/ by its content.
    let caching = match path.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|tag| tag.to_str().ok());
    let about = [
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::ETAG, file.tag.clone()),
    ];
    if known.is_some_and(|known| known.contains(&file.tag)) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (
        about,
        [(header::CONTENT_TYPE, kind(path))],
        file.bytes.into_owned(),
    )
        .into_response()
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "webmanifest") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(feature = "embed-ui")]
fn file(path: &str) -> Option<File> {
    use std::fmt::Write;

    #[derive(rust_embed::Embed)]
    #[folder = "../../../web-ui/dist"]
    #[allow_missing = true]
    struct Dist;

    let found = Dist::get(path)?;
    let mut tag = String::from("\"");
    for byte in &found.metadata.sha256_hash()[..8] {
        // Writing to a String does not fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    Some(File {
        bytes: found.data,
        tag,
    })
}

#[cfg(not(feature = "embed-ui"))]
fn file(_path: &str) -> Option<File> {
    None
}
