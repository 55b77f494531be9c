//! The browser client and the SDK, out of the binary: compressed once, revalidated by ETag.

use super::error::Problem;
use super::{Request, Response};
use crate::media::range::{Selection, select};
use base64::Engine;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;

#[derive(RustEmbed)]
#[folder = "src/web"]
#[exclude = "tests/*"]
#[exclude = "*.d.ts"]
#[exclude = "*.json"]
#[exclude = "*.md"]
struct Web;

#[derive(RustEmbed)]
#[folder = "protocol/js/src"]
#[exclude = "*.d.ts"]
struct Sdk;

struct Asset {
    bytes: Bytes,
    gzip: Option<Bytes>,
    content_type: &'static str,
    etag: Box<str>,
}

/// Everything that pages are made of.
pub struct Assets {
    files: HashMap<String, Asset>,
    import_map_hash: String,
}

impl Default for Assets {
    fn default() -> Self {
        let mut files = HashMap::new();
        for (root, names, get) in [
            (
                "web",
                Web::iter().collect::<Vec<_>>(),
                Web::get as fn(&str) -> Option<EmbeddedFile>,
            ),
            ("protocol", Sdk::iter().collect(), Sdk::get),
        ] {
            for name in names {
                if let Some(file) = get(&name) {
                    files.insert(format!("{root}/{name}"), asset(&name, file.data));
                }
            }
        }
        let import_map_hash = files
            .get("web/index.html")
            .map_or_else(String::new, |page| import_map_hash(&page.bytes));
        Self {
            files,
            import_map_hash,
        }
    }
}

fn asset(name: &str, data: Cow<'static, [u8]>) -> Asset {
    let bytes = match data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let (content_type, text) = match name.rsplit('.').next() {
        Some("html") => ("text/html; charset=utf-8", true),
        Some("js") => ("text/javascript; charset=utf-8", true),
        Some("css") => ("text/css; charset=utf-8", true),
        Some("svg") => ("image/svg+xml", true),
        Some("woff2") => ("font/woff2", false),
        Some("png") => ("image/png", false),
        Some("webmanifest") => ("application/manifest+json", true),
        _ => ("text/plain; charset=utf-8", true),
    };
    let gzip = text
        .then(|| gzip(&bytes))
        .flatten()
        .filter(|packed| packed.len() < bytes.len());
    Asset {
        etag: crate::media::etag(&bytes),
        bytes,
        gzip,
        content_type,
    }
}

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    Some(encoder.finish().ok()?.into())
}

/// The import map is the one script that stands in the page: the policy names it by its hash.
fn import_map_hash(page: &[u8]) -> String {
    let page = String::from_utf8_lossy(page);
    let start = page
        .find("<script type=\"importmap\">")
        .map(|at| at + "<script type=\"importmap\">".len());
    let map = start
        .and_then(|start| page[start..].split("</script>").next())
        .unwrap_or_default();
    format!(
        "sha256-{}",
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(map.as_bytes()))
    )
}

impl Assets {
    /// What the policy calls the import map.
    pub(super) fn import_map_hash(&self) -> &str {
        &self.import_map_hash
    }

    /// The page, whatever its address: what it shows is decided in the browser.
    pub(super) fn page(&self, request: &Request) -> Result<Response, Problem> {
        self.serve("web", "index.html", request)
    }

    /// The page, with `content` for those whose browser runs no scripts.
    pub(super) fn page_without_scripts(&self, content: &str) -> String {
        let page = self.files.get("web/index.html");
        let page = page.map_or_else(String::new, |page| {
            String::from_utf8_lossy(&page.bytes).into_owned()
        });
        let (open, close) = ("<noscript>", "</noscript>");
        match (page.find(open), page.find(close)) {
            (Some(from), Some(to)) => {
                format!("{}{content}{}", &page[..from + open.len()], &page[to..])
            }
            _ => page,
        }
    }

    /// One file.
    pub(super) fn serve(
        &self,
        root: &str,
        path: &str,
        request: &Request,
    ) -> Result<Response, Problem> {
        let asset = self
            .files
            .get(&format!("{root}/{path}"))
            .ok_or_else(Problem::not_found)?;
        let mut conditions = request.headers().clone();
        conditions.remove(header::RANGE);
        let accepts = request
            .headers()
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok());
        let packed = asset
            .gzip
            .as_ref()
            .filter(|_| accepts.is_some_and(|value| value.contains("gzip")));
        // Two representations, two validators (RFC 9110 §8.8.3.3).
        let etag = if packed.is_some() {
            format!("{}-gz\"", asset.etag.trim_end_matches('"'))
        } else {
            asset.etag.to_string()
        };
        let mut response = Response::new(Full::default());
        if select(&conditions, asset.bytes.len() as u64, &etag) == Selection::NotModified {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            *response.body_mut() = Full::from(packed.unwrap_or(&asset.bytes).clone());
        }
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(asset.content_type),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if packed.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        Ok(response)
    }
}
