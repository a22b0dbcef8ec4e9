//! Under which terms the image's Debian packages may be used: what each package says of itself, and the licences that
//! it names.

use std::collections::BTreeSet;
use std::path::Path as File;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::limits;
use crate::problem::Problem;

/// Where licences lie that many packages share (Debian Policy 12.5), as packages write it.
const SHARED: &str = "/usr/share/common-licenses/";

/// A package's copyright file, and behind it the shared licences that it names.
#[utoipa::path(get, path = "/api/about/terms/{package}",
    params(("package" = String, Path, description = "name of a Debian package")),
    responses(
        (status = 200, content_type = "text/plain", body = String),
        (status = 404, body = Problem, description = "the image has no such package"),
    ))]
pub(crate) async fn terms(
    State(app): State<App>,
    Path(package): Path<String>,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found("no such package");
    let share = &app.image.as_ref().ok_or_else(missing)?.share;
    if !is_name(&package) {
        return Err(missing());
    }
    let file = share.join("doc").join(&package).join("copyright");
    let mut text = read(&file).await.ok_or_else(missing)?;
    for name in shared(&text) {
        if let Some(licence) = read(&share.join("common-licenses").join(&name)).await {
            text.push_str(&format!("\n\n{SHARED}{name}\n\n{licence}"));
        }
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// A name of Debian's (Policy 5.6.7), and thereby no way out of the folder.
fn is_name(package: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    package.bytes().next().is_some_and(is_plain)
        && package.len() <= limits::PACKAGE_NAME
        && package
            .bytes()
            .all(|byte| is_plain(byte) || b"+-.".contains(&byte))
}

/// The shared licences that a text names, each once.
fn shared(text: &str) -> BTreeSet<String> {
    let named = text.split(SHARED).skip(1);
    let name = |rest: &str| {
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-.".contains(c)))
            .unwrap_or(rest.len());
        rest[..end].trim_end_matches('.').to_owned()
    };
    named.map(name).filter(|name| !name.is_empty()).collect()
}

async fn read(file: &File) -> Option<String> {
    let about = tokio::fs::metadata(file).await.ok()?;
    if !about.is_file() || about.len() > limits::TERMS {
        return None;
    }
    let bytes = tokio::fs::read(file).await.ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_packages_lead_nowhere_else() {
        for name in ["libstdc++6", "systemd", "libc6", "7zip", "ca-certificates"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", ".", "..", "../doc", "a/b", "-a", "A", "a\0"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(!is_name(&"a".repeat(200)));
    }

    #[test]
    fn shared_licences_are_found_in_the_text_once_each() {
        let text = "can be found in /usr/share/common-licenses/GPL-2.\nsee `/usr/share/common-licenses/LGPL-2.1'\n\
                    /usr/share/common-licenses/GPL-2\n/usr/share/common-licenses/../../../etc/shadow";
        let found: Vec<_> = shared(text).into_iter().collect();
        assert_eq!(found, ["GPL-2", "LGPL-2.1"]);
    }
}
