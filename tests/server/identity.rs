//! Providers to sign in with: a real one, started for the test, and a small one of the test's own
//! that says whatever the test wants.

use crate::person::Browser;
use crate::support::{Server, WAIT, config, exchange};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use stereo::config::{Config, Provider};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const SECRET: &str = "a secret of the tests";

/// A config with one provider, `home`, or what else it is called.
pub(crate) fn config_with(id: &str, issuer: &str) -> Config {
    // The file has to be there when the server starts, and only then.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{SECRET}\n")).unwrap();
    let (_, path) = file.keep().unwrap();
    let provider = Provider {
        name: "Our house".into(),
        issuer: issuer.into(),
        client_id: "stereo".into(),
        client_secret_file: path,
    };
    let mut config = config();
    config.providers.0.insert(id.into(), provider);
    config
}

/// npm's `oidc-provider`.
pub(crate) struct RealProvider {
    pub(crate) issuer: String,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl RealProvider {
    pub(crate) async fn start() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc");
        assert!(
            std::path::Path::new(folder).join("node_modules").is_dir(),
            "first: (cd tests/oidc && npm ci)"
        );
        let mut process = Command::new("node")
            .arg("provider.js")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = said(&mut output, "http://").await;
        Self {
            issuer,
            input,
            output,
            _process: process,
        }
    }

    /// Changes it; see the head of `provider.js`.
    pub(crate) async fn set(&mut self, change: Value) {
        let line = format!("{change}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
        said(&mut self.output, "done").await;
    }

    /// A server that people sign in to with it, as `home`.
    pub(crate) async fn server(&mut self) -> Server {
        let server = Server::start_with(config_with("home", &self.issuer)).await;
        let redirect = format!("http://{}/sign-in/home/callback", server.address);
        self.set(json!({"redirect": redirect})).await;
        server
    }
}

/// The next line that begins so; libraries may say something of their own in between.
async fn said(output: &mut Lines<BufReader<ChildStdout>>, begins: &str) -> String {
    loop {
        let line = tokio::time::timeout(3 * WAIT, output.next_line()).await;
        let line = line.expect("a line in time").unwrap().expect("a line");
        if line.starts_with(begins) {
            return line;
        }
    }
}

/// Where a browser is led, and what it is told on the way.
impl Browser {
    /// Goes to a page of ours as a browser does that comes from `site`: status and where it is led.
    pub(crate) async fn navigate(&mut self, path: &str, site: &str) -> (u16, String) {
        let cookie = self.cookie();
        let mut headers = vec![("sec-fetch-site", site), ("sec-fetch-mode", "navigate")];
        if !cookie.is_empty() {
            headers.push(("cookie", &cookie));
        }
        let asked = exchange(self.address, "GET", path, &headers, b"");
        let (status, head, _) = asked.await;
        self.keep_cookies(&head);
        (status, location(&head).unwrap_or_default())
    }

    /// Begins with a provider: the address that it is sent to, and its parameters.
    pub(crate) async fn begin(&mut self, path: &str) -> (String, BTreeMap<String, String>) {
        let (status, address) = self.navigate(path, "same-origin").await;
        assert_eq!(status, 303, "{address}");
        let parameters = parameters(&address);
        (address, parameters)
    }

    /// Goes to the provider and through it: the callback that the provider leads back to.
    pub(crate) async fn through(&mut self, mut address: String) -> String {
        let ours = format!("http://{}", self.address);
        let mut cookies = BTreeMap::new();
        for _ in 0..12 {
            if let Some(path) = address.strip_prefix(&ours) {
                return path.to_owned();
            }
            let rest = address.strip_prefix("http://").expect("an address");
            let (authority, path) = rest.split_once('/').unwrap();
            let provider: SocketAddr = authority.parse().unwrap();
            let pairs = cookies.iter();
            let pairs: Vec<_> = pairs
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let pairs = pairs.join("; ");
            let headers = [("cookie", pairs.as_str())];
            let path = format!("/{path}");
            let asked = exchange(provider, "GET", &path, &headers, b"");
            let (status, head, body) = asked.await;
            for line in head.lines() {
                if let Some(cookie) = header(line, "set-cookie") {
                    let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
                    cookies.insert(name.to_owned(), value.to_owned());
                }
            }
            let next = location(&head);
            let said = String::from_utf8_lossy(&body).into_owned();
            let next = next.unwrap_or_else(|| panic!("{status} at {path}: {said}"));
            address = match next.starts_with('/') {
                true => format!("http://{authority}{next}"),
                false => next,
            };
        }
        panic!("led on and on: {address}");
    }

    /// Signs in, or links, with a provider: where the browser is led in the end.
    pub(crate) async fn sign_in_with(&mut self, path: &str) -> String {
        let (address, _) = self.begin(path).await;
        let callback = self.through(address).await;
        let (status, led) = self.navigate(&callback, "cross-site").await;
        assert_eq!(status, 303, "{callback}");
        led
    }

    pub(crate) async fn me(&mut self) -> Value {
        let (status, me) = self.ask("GET", "/api/me", Value::Null).await;
        assert_eq!(status, 200, "{me}");
        me
    }
}

fn header<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(": ")?;
    found.eq_ignore_ascii_case(name).then_some(value)
}

fn location(head: &str) -> Option<String> {
    let mut lines = head.lines();
    lines.find_map(|line| Some(header(line, "location")?.to_owned()))
}

/// What stands behind the question mark.
pub(crate) fn parameters(address: &str) -> BTreeMap<String, String> {
    let address = openidconnect::url::Url::parse(address).unwrap();
    address.query_pairs().into_owned().collect()
}

/// A key that tokens are signed with.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
    id: String,
}

impl Key {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            id: id.into(),
        }
    }

    fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
    }

    /// A token that says this.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let head = json!({"alg": "ES256", "kid": self.id});
        let text = joined(&head, claims);
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.unwrap()))
    }
}

/// A token that nobody has signed.
pub(crate) fn unsigned(claims: &Value) -> String {
    format!("{}.", joined(&json!({"alg": "none"}), claims))
}

/// A token signed by the secret that server and provider share.
pub(crate) fn by_secret(claims: &Value) -> String {
    use aws_lc_rs::hmac;
    let text = joined(&json!({"alg": "HS256"}), claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn joined(head: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(head), part(claims))
}

/// A provider that says what a test wants.
pub(crate) struct SmallProvider {
    pub(crate) issuer: String,
    says: Arc<Mutex<Says>>,
}

#[derive(Default)]
struct Says {
    token: Value,
    keys: Vec<Value>,
    me: Value,
    asked: Vec<String>,
}

impl SmallProvider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let says = Arc::new(Mutex::new(Says::default()));
        let (shared, address) = (says.clone(), issuer.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, address.clone(), shared.clone()));
            }
        });
        Self { issuer, says }
    }

    /// These are its keys from now on.
    pub(crate) fn publish(&self, keys: &[&Key]) {
        self.says.lock().unwrap().keys = keys.iter().map(|key| key.public()).collect();
    }

    /// What it answers to any code.
    pub(crate) fn give(&self, token: &str) {
        self.says.lock().unwrap().token =
            json!({"access_token": "needle-of-access", "token_type": "Bearer", "id_token": token});
    }

    /// What it says of whoever holds its token.
    pub(crate) fn say(&self, me: Value) {
        self.says.lock().unwrap().me = me;
    }

    /// How often it was asked for this.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let says = self.says.lock().unwrap();
        says.asked.iter().filter(|asked| *asked == path).count()
    }

    /// What a good token says, of whom the sign-in is that was begun with this nonce.
    pub(crate) fn claims(&self, nonce: &str) -> Value {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.unwrap().as_secs();
        json!({"iss": self.issuer, "aud": "stereo", "sub": "needle-of-subject", "nonce": nonce,
            "iat": now, "exp": now + 3_600})
    }
}

async fn serve(mut stream: TcpStream, issuer: String, says: Arc<Mutex<Says>>) {
    let mut asked = Vec::new();
    let mut piece = [0; 4_096];
    while !asked.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => asked.extend_from_slice(&piece[..count]),
            _ => return,
        }
    }
    let asked = String::from_utf8_lossy(&asked).into_owned();
    let path = asked.split(' ').nth(1).unwrap().to_owned();
    if path == "/picture.png" {
        says.lock().unwrap().asked.push(path);
        let picture = include_bytes!("picture.png");
        let length = picture.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        let _ = stream.write_all(&[head.as_bytes(), picture].concat()).await;
        return;
    }
    let answer = {
        let mut says = says.lock().unwrap();
        says.asked.push(path.clone());
        match path.as_str() {
            "/.well-known/openid-configuration" => Some(json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/keys"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            })),
            "/keys" => Some(json!({"keys": says.keys})),
            "/token" | "/api/token" => Some(says.token.clone()),
            "/v1/me" => Some(says.me.clone()),
            _ => None,
        }
    };
    let status = if answer.is_some() {
        "200 OK"
    } else {
        "404 Not Found"
    };
    let body = answer.unwrap_or_default().to_string();
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}
