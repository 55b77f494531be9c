//! Starts the server in this process and speaks to it as a client would.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stereo::app::App;
use stereo::clock::Clock;
use stereo::config::Config;
use stereo::server::Server as Listeners;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// How long anything may take before a test says that it did not come.
pub(crate) const WAIT: Duration = Duration::from_secs(20);

/// What opens the operator's door of a server with this folder: the value of `authorization`.
pub(crate) fn operators_word(data: &Path) -> String {
    let token = std::fs::read_to_string(data.join("operator.token")).unwrap();
    let (_, token) = token.trim().split_once(' ').unwrap();
    format!("Bearer {token}")
}

/// A server of this process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) ops: SocketAddr,
    pub(crate) app: Arc<App>,
    pub(crate) tls: Option<Arc<stereo::tls::Tls>>,
    pub(crate) redirect: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<()>,
    /// Gone with the test.
    _data: Option<TempDir>,
}

/// A config whose listeners take free ports.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.server.ops_listen = config.server.listen;
    config.rooms.per_address_per_hour = 0;
    config
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(config()).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        Self::start_at(config, Arc::new(Clock::start())).await
    }

    /// As [`Self::start_with`], by this clock.
    pub(crate) async fn start_at(mut config: Config, clock: Arc<Clock>) -> Self {
        let data = tempfile::tempdir().unwrap();
        config.store.data = data.path().join("data");
        Self::start_app(App::open_at(config, clock).unwrap(), Some(data))
    }

    /// Starts this; `data` is gone with the test.
    pub(crate) fn start_app(app: App, data: Option<TempDir>) -> Self {
        let app = Arc::new(app);
        let listeners = Listeners::bind(app.clone()).unwrap();
        let (address, ops) = (
            listeners.address().unwrap(),
            listeners.ops_address().unwrap(),
        );
        let (tls, redirect) = (listeners.tls(), listeners.redirect_address());
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(listeners.run(async {
            let _ = stopped.await;
        }));
        Self {
            address,
            ops,
            app,
            tls,
            redirect,
            stop: Some(stop),
            ended,
            _data: data,
        }
    }

    /// Stops it as a signal would, and waits for the end.
    pub(crate) async fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        tokio::time::timeout(WAIT, &mut self.ended)
            .await
            .expect("the server stops")
            .unwrap();
    }

    /// Its folder.
    pub(crate) fn data(&self) -> &Path {
        &self.app.config.store.data
    }

    /// Opens a room: its id and the host's token.
    pub(crate) async fn room(&self, settings: Value) -> (String, String) {
        let (status, body) = self
            .http(
                "POST",
                "/api/rooms",
                &[("content-type", "application/json")],
                settings.to_string().as_bytes(),
            )
            .await;
        assert_eq!(status, 201, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        (
            body["room"]["id"].as_str().unwrap().into(),
            body["token"].as_str().unwrap().into(),
        )
    }

    /// One HTTP request: the status and the body as text.
    pub(crate) async fn http(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (u16, String) {
        let (status, _, body) = self
            .http_full(self.address, method, path, headers, body)
            .await;
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// As [`Self::http`]: the status, the head and the body.
    pub(crate) async fn http_full(
        &self,
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (u16, String, Vec<u8>) {
        exchange(address, method, path, headers, body).await
    }

    /// Opens a socket without joining.
    pub(crate) async fn socket(&self, room: &str) -> Client {
        self.socket_with(room, &[]).await.expect("a handshake")
    }

    /// As [`Self::socket`], with more headers; the refusal's status otherwise.
    pub(crate) async fn socket_with(
        &self,
        room: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Client, u16> {
        open_socket(self.address, room, headers).await
    }

    /// Joins with these parameters.
    pub(crate) async fn join(&self, room: &str, params: Value) -> Client {
        let mut client = self.socket(room).await;
        let joined = client.call("join", params).await.expect("joined");
        client.you = joined["you"]["member"].as_str().unwrap().into();
        client.joined = joined;
        client
    }

    /// An id of a track of the library.
    pub(crate) fn track(&self, place: usize) -> String {
        self.app.library.search("")[place].id.0.to_string()
    }
}

/// One HTTP request of any server: the status, the head and the body.
pub(crate) async fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    if !headers.iter().any(|(name, _)| *name == "host") {
        head += &format!("host: {address}\r\n");
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    // At once: a body that comes behind the answer that refuses it resets the connection, and may
    // take the answer along (RFC 9112 §9.6).
    let request = [format!("{head}\r\n").as_bytes(), body].concat();
    stream.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(WAIT, stream.read_to_end(&mut answer));
    match read.await.expect("an answer") {
        Err(error) if answer.is_empty() => panic!("{method} {path}: {error}"),
        // What was read before the reset is the answer.
        _ => {}
    }
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, answer[end + 4..].to_vec())
}

/// A socket of any server, not joined yet; the refusal's status otherwise.
pub(crate) async fn open_socket(
    address: SocketAddr,
    room: &str,
    headers: &[(&'static str, &str)],
) -> Result<Client, u16> {
    let mut request = format!("ws://{address}/rooms/{room}/socket")
        .into_client_request()
        .unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", "stereo.v1".parse().unwrap());
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _)) => Ok(Client {
            socket,
            next_id: 0,
            seen: Vec::new(),
            you: String::new(),
            joined: Value::Null,
        }),
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
            Err(response.status().as_u16())
        }
        Err(other) => panic!("{other}"),
    }
}

/// One client.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
    next_id: u64,
    /// Notifications that came and were not asked for yet.
    pub(crate) seen: Vec<Value>,
    pub(crate) you: String,
    pub(crate) joined: Value,
}

impl Client {
    /// The next frame.
    pub(crate) async fn frame(&mut self) -> Message {
        loop {
            let next = tokio::time::timeout(WAIT, self.socket.next())
                .await
                .expect("a frame in time");
            match next.expect("not the end").expect("a frame") {
                Message::Ping(_) | Message::Pong(_) => {}
                frame => return frame,
            }
        }
    }

    /// The next JSON message.
    pub(crate) async fn message(&mut self) -> Value {
        match self.frame().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("expected text, got {other:?}"),
        }
    }

    /// The code with which the server closes, after whatever else it sends.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match self.frame().await {
                Message::Close(Some(frame)) => return frame.code.into(),
                Message::Close(None) => return 1005,
                Message::Text(text) => self.seen.push(serde_json::from_str(&text).unwrap()),
                _ => {}
            }
        }
    }

    /// Reads what is left, to the end.
    pub(crate) async fn ended(&mut self) {
        let rest = async { while let Some(Ok(_)) = self.socket.next().await {} };
        tokio::time::timeout(WAIT, rest).await.expect("the end");
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    /// Sends raw bytes below WebSocket.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        self.socket.get_mut().write_all(bytes).await.unwrap();
    }

    /// Asks, and waits for the answer: the result or the error object.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.next_id += 1;
        let id = self.next_id;
        self.send_text(
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string(),
        )
        .await;
        self.answer(id).await
    }

    pub(crate) async fn answer(&mut self, id: u64) -> Result<Value, Value> {
        loop {
            let mut message = self.message().await;
            if message["id"] == json!(id) {
                return if message["error"].is_null() {
                    Ok(message["result"].take())
                } else {
                    Err(message["error"].take())
                };
            }
            self.seen.push(message);
        }
    }

    /// The kind of error with which a request is refused.
    pub(crate) async fn refusal(&mut self, method: &str, params: Value) -> String {
        let error = self.call(method, params).await.expect_err("refused");
        error["data"]["kind"].as_str().unwrap().into()
    }

    /// Waits for an event of a type: its `params`.
    pub(crate) async fn event(&mut self, kind: &str) -> Value {
        self.until(|message| {
            message["method"] == "event" && message["params"]["event"]["type"] == kind
        })
        .await["params"]
            .clone()
    }

    /// Waits for a notification of a method: its `params`.
    pub(crate) async fn notice(&mut self, method: &str) -> Value {
        self.until(|message| message["method"] == method).await["params"].clone()
    }

    /// The first notification, among those that came and those to come, that is wanted. Those
    /// before it stay.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.seen.iter().position(&wanted) {
            return self.seen.remove(place);
        }
        loop {
            let message = self.message().await;
            if wanted(&message) {
                return message;
            }
            self.seen.push(message);
        }
    }

    pub(crate) async fn close(mut self) {
        let _ = self.socket.close(None).await;
    }
}
