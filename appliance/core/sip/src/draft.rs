//! A request of ours before it has a branch: kept until answered, so that it can be sent again with
//! credentials, cancelled or acknowledged (RFC 3261 8.1, 9.1, 17.1.1.3).

use serde::{Deserialize, Serialize};

use crate::dialog::Path;
use crate::endpoint::EndpointConfig;
use crate::login::Field;
use crate::method::Method;
use crate::overload;
use crate::request::Body;
use crate::transport::Peer;
use crate::uri::Uri;
use crate::write::Writer;

/// A request of ours.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) to: Peer,
    pub(crate) method: Method,
    pub(crate) uri: Vec<u8>,
    pub(crate) routes: Vec<Vec<u8>>,
    /// Call-ID, From value, To value.
    pub(crate) names: Names,
    pub(crate) cseq: u32,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Body>,
    /// The branch of its last sending.
    pub(crate) branch: String,
}

/// What ties a request to its call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Names {
    pub(crate) call_id: Vec<u8>,
    pub(crate) from: Vec<u8>,
    pub(crate) to: Vec<u8>,
}

impl Draft {
    /// A request inside a dialog, with nothing in it yet.
    pub(crate) fn on(path: &Path, method: Method, names: Names, cseq: u32) -> Self {
        let (uri, routes, to) = path.next();
        Self {
            to,
            method,
            uri,
            routes,
            names,
            cseq,
            headers: Vec::new(),
            body: None,
            branch: String::new(),
        }
    }

    /// A request outside any dialog, numbered 1.
    pub(crate) fn new(to: Peer, method: Method, uri: &Uri, names: Names) -> Self {
        Self {
            to,
            method,
            uri: uri.as_str().as_bytes().to_vec(),
            routes: Vec::new(),
            names,
            cseq: 1,
            headers: Vec::new(),
            body: None,
            branch: String::new(),
        }
    }

    /// The request with its present branch.
    pub(crate) fn render(&self, config: &EndpointConfig, credentials: &[Field]) -> Vec<u8> {
        let mut writer = self.begin(config, &self.method, &self.names.to);
        if matches!(
            self.method,
            Method::Invite | Method::Update | Method::Subscribe | Method::Refer
        ) {
            let is_sips = is_sips(&self.uri);
            writer.field(
                "Contact",
                config.local.contact(self.to.transport, is_sips, ""),
            );
        }
        writer.field("User-Agent", &config.user_agent);
        for (name, value) in credentials {
            writer.field(name, value);
        }
        for (name, value) in &self.headers {
            writer.field(name, value);
        }
        finish(writer, self.body.as_ref())
    }

    /// The ACK to a refusal: the same branch, the To of the response (17.1.1.3).
    pub(crate) fn ack_refusal(&self, config: &EndpointConfig, to: &[u8]) -> Vec<u8> {
        self.begin(config, &Method::Ack, to).finish(b"")
    }

    /// The CANCEL of this INVITE: the same branch (9.1).
    pub(crate) fn cancel(&self, config: &EndpointConfig, headers: &[(String, String)]) -> Vec<u8> {
        let mut writer = self.begin(config, &Method::Cancel, &self.names.to);
        for (name, value) in headers {
            writer.field(name, value);
        }
        writer.finish(b"")
    }

    fn begin(&self, config: &EndpointConfig, method: &Method, to: &[u8]) -> Writer {
        let mut writer = Writer::request(method.as_str().as_bytes(), &self.uri);
        writer.field(
            "Via",
            format!(
                "SIP/2.0/{} {};branch={};rport{}",
                self.to.transport.via_name(),
                config.local.of(self.to.transport),
                self.branch,
                overload::OFFER
            ),
        );
        for route in &self.routes {
            writer.field("Route", route);
        }
        writer
            .field("Max-Forwards", "70")
            .field("From", &self.names.from)
            .field("To", to)
            .field("Call-ID", &self.names.call_id)
            .field("CSeq", format!("{} {method}", self.cseq));
        writer
    }
}

/// Whether a URI asks for a secure way.
pub(crate) fn is_sips(uri: &[u8]) -> bool {
    uri.get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"sips:"))
}

/// Ends a message with an optional body.
pub(crate) fn finish(mut writer: Writer, body: Option<&Body>) -> Vec<u8> {
    let Some(body) = body else {
        return writer.finish(b"");
    };
    if !body.content_type.is_empty() {
        writer.field("Content-Type", &body.content_type);
    }
    writer.finish(&body.bytes)
}
