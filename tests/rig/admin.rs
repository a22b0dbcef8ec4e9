//! An administrator who uses the box's API: signed in with a cookie, like the page.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::appliance::Appliance;

const PASSWORD: &str = "a quiet afternoon";

/// A signed-in session.
#[derive(Debug)]
pub struct Admin {
    web: String,
    cookies: PathBuf,
}

impl Admin {
    /// Signs in at a box that was started for the first time, and sets its password.
    pub fn sign_in(appliance: &Appliance) -> anyhow::Result<Self> {
        let admin = Self {
            web: appliance.web.clone(),
            cookies: appliance.log.with_extension("cookies"),
        };
        let code = appliance.sign_in_code.as_deref();
        let code = code.context("a first start has a code")?;
        let steps = [
            ("/api/sign-in/code", serde_json::json!({ "code": code })),
            ("/api/password", serde_json::json!({ "new": PASSWORD })),
        ];
        for (path, body) in steps {
            let (status, told) = admin.ask("POST", path, Some(&body))?;
            ensure!(status == 200, "{path}: {status} {told}");
        }
        Ok(admin)
    }

    /// Asks the box; the status and the answer's JSON, null where it has none.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(u16, Value)> {
        let mut curl = Command::new("curl");
        curl.args(["-sk", "--max-time", "10", "-X", method, "-b"])
            .arg(&self.cookies)
            .arg("-c")
            .arg(&self.cookies)
            .args(["-H", &format!("Origin: {}", self.web)])
            .args(["-w", "\n%{http_code}"]);
        if let Some(body) = body {
            curl.args(["-H", "Content-Type: application/json"]);
            curl.args(["-d", &body.to_string()]);
        }
        let output = curl.arg(format!("{}{path}", self.web)).output()?;
        let text = String::from_utf8(output.stdout)?;
        let (body, status) = text.rsplit_once('\n').context("curl said nothing")?;
        let json = serde_json::from_str(body).unwrap_or(Value::Null);
        Ok((status.parse()?, json))
    }
}
