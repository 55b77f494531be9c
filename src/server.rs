//! Listeners, the accept loop, and the end: unready, notice, jittered closes, one deadline.

use crate::app::App;
use crate::backup;
use crate::connection::{Admission, Outlet, Place, Socket, Stream, TICK};
use crate::conversation;
use crate::http::{Door, Request, Response, lead_to_https, limited_unit, serve, serve_ops};
use crate::privacy::Line;
use crate::room::actor::RoomEvent;
use crate::store::{Day, Health};
use crate::tls::Tls;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use stereo_protocol::{CloseCode, Closing, ClosingReason, Notification};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

/// Connections that the kernel keeps until we accept them; it takes no more than its `somaxconn`.
/// To measure: `stereo-bench join`, where a SYN that is dropped shows as a join of a second.
const BACKLOG: u32 = 4096;
/// Bytes that the kernel may hold of one connection without having sent them: what a slow listener
/// costs beside their outbox, and how late a control frame is. Memory decides, for nothing else does:
/// 16 KiB, 64 KiB and no bound cost the same per delivery within the spread of five rounds of
/// `stereo-bench compare --only one,paced` (1.05 to 1.12 of the floor).
const UNSENT: u32 = 64 << 10;
/// Ticks between two sweeps of the store: a minute.
const SWEEP: u64 = 60;
/// How long what a client goes on sending is read behind the last answer.
const LINGER: Duration = Duration::from_secs(5);
/// Connections closed together while draining.
const BATCH: usize = 200;

/// Both listeners, bound.
pub struct Server {
    app: Arc<App>,
    public: TcpListener,
    ops: TcpListener,
    redirect: Option<TcpListener>,
    tls: Option<Arc<Tls>>,
}

impl Server {
    /// Binds both listeners.
    ///
    /// # Errors
    /// When an address is taken or not ours, or the operator's token cannot be written; the message
    /// names it.
    pub fn bind(app: Arc<App>) -> io::Result<Self> {
        let public = listen(app.config.server.listen)?;
        let ops = listen(app.config.server.ops_listen)?;
        app.mail.stands_at(public.local_addr()?);
        app.support
            .open(&app.config.store.data, ops.local_addr()?)?;
        let redirect = app.config.tls.redirect_listen.map(listen).transpose()?;
        let tls = Tls::new(&app.config.tls).map_err(io::Error::other)?;
        Ok(Self {
            app,
            public,
            ops,
            redirect,
            tls: tls.map(Arc::new),
        })
    }

    /// The address that people open.
    ///
    /// # Errors
    /// When the system does not say it.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.public.local_addr()
    }

    /// The address of operations.
    ///
    /// # Errors
    /// When the system does not say it.
    pub fn ops_address(&self) -> io::Result<SocketAddr> {
        self.ops.local_addr()
    }

    /// The address where plain HTTP is led to HTTPS.
    pub fn redirect_address(&self) -> Option<SocketAddr> {
        self.redirect.as_ref()?.local_addr().ok()
    }

    /// The certificate's keeper.
    pub fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    /// Serves until `stop` is ready, then drains.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self {
            app,
            public,
            ops,
            redirect,
            tls,
        } = self;
        let mut background = tokio::task::JoinSet::new();
        background.spawn(turn_wheel(app.clone()));
        background.spawn(tend_store(app.clone()));
        background.spawn(app.mail.clone().deliver());
        background.spawn(app.mail.clone().tell_of_policy());
        if let Some(heard) = app.heard.lock().take() {
            background.spawn(app.mail.clone().tell_of_rooms(heard));
        }
        background.spawn(tend_backups(app.clone()));
        background.spawn(accept_plain(app.clone(), ops, serve_ops));
        if let Some(redirect) = redirect {
            // The port that was taken, when it was left to the system.
            let configured = app.config.server.listen.port();
            let port = (public.local_addr()).map_or(configured, |address| address.port());
            let lead = move |app, request, _| lead_to_https(app, request, port);
            background.spawn(accept_plain(app.clone(), redirect, lead));
        }
        let acceptor = tls.as_ref().map(|tls| tls.acceptor());
        if let Some(tls) = tls {
            background.spawn(tls.follow_files());
        }
        let requests = TaskTracker::new();
        tokio::select! {
            () = accept(app.clone(), public, acceptor, requests.clone()) => {}
            () = stop => {}
        }
        app.support.close();
        drain(&app, &requests).await;
        app.visits.keep(app.auth.today(), &*app.store).await;
        background.shutdown().await;
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let named = |error: io::Error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    };
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }
    .map_err(named)?;
    socket.set_reuseaddr(true).map_err(named)?;
    socket.bind(address).map_err(named)?;
    socket.listen(BACKLOG).map_err(named)
}

/// One visit of the wheel a second: pings, and the end of what is silent.
async fn turn_wheel(app: Arc<App>) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        app.wheel.tick();
    }
}

/// Removes what has ended, once a minute; while the store takes no changes, finds out every second
/// whether it does again.
async fn tend_store(app: Arc<App>) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The log says what is wrong with the store.
    let _ = app.list_resting().await;
    // Whoever was being forgotten when the process ended goes on being forgotten.
    crate::privacy::resume(&app).await;
    let mut ticks = 0_u64;
    loop {
        interval.tick().await;
        ticks += 1;
        if ticks.is_multiple_of(SWEEP) {
            app.forget_counts();
            app.visits.keep(app.auth.today(), &*app.store).await;
        }
        // What goes wrong is in the log, and the next time comes.
        match app.store.health() {
            Health::Full | Health::Broken => _ = app.store.probe().await,
            Health::Ready if ticks.is_multiple_of(SWEEP) => {
                _ = app.store.sweep(app.node.clock.now_ms()).await;
                _ = app.auth.end_over().await;
            }
            Health::Ready | Health::Damaged | Health::Stopped => {}
        }
    }
}

/// Removes backups that are too old: at the start, and when a day has begun.
async fn tend_backups(app: Arc<App>) {
    let mut interval = tokio::time::interval(TICK * SWEEP as u32);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut swept = None;
    loop {
        interval.tick().await;
        let today = Day::of(app.node.clock.now_ms());
        if swept == Some(today) {
            continue;
        }
        let settings = app.config.backup.clone();
        // A folder may lie on a disk that takes its time.
        let done = tokio::task::spawn_blocking(move || backup::sweep(&settings, today)).await;
        match done {
            Ok(Ok(gone)) => {
                if gone > 0 {
                    tracing::info!(gone, "backups that were too old were removed");
                }
                swept = Some(today);
            }
            Ok(Err(why)) => tracing::warn!(%why, "backups that are too old cannot be removed"),
            // A panic is reported by the hook.
            Err(_) => {}
        }
    }
}

async fn accept(
    app: Arc<App>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    requests: TaskTracker,
) {
    let server = &app.config.server;
    let admission = Arc::new(Admission::new(
        server.max_connections,
        server.max_connections_per_address,
    ));
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, mostly: what is open goes on, and ends, meanwhile.
                tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(place) = admission.admit(limited_unit(peer.ip())).await else {
            continue;
        };
        // Nothing is saved by waiting for more (1.10 of the floor with Nagle's algorithm, 1.10 without):
        // events leave whole, and an answer to one person would be late.
        let _ = stream.set_nodelay(true);
        hold_little_unsent(&stream);
        let (app, peer) = (app.clone(), peer.ip());
        match &tls {
            None => {
                requests.spawn(serve_connection(app, stream, peer, place, Socket::Direct));
            }
            Some(tls) => {
                requests.spawn(serve_encrypted(app, stream, tls.clone(), peer, place));
            }
        }
    }
}

/// As [`serve_connection`], when the client has agreed on a key in time.
async fn serve_encrypted(
    app: Arc<App>,
    stream: TcpStream,
    tls: TlsAcceptor,
    peer: IpAddr,
    place: Place,
) {
    let wait = Duration::from_millis(app.config.server.header_timeout_ms);
    let agreed = tokio::time::timeout(wait, tls.accept(stream)).await;
    // What goes wrong with one client's bytes is that client's affair.
    if let Ok(Ok(stream)) = agreed {
        serve_connection(app, stream, peer, place, Socket::layered).await;
    }
}

/// What a slow reader does not take waits with us, where it is counted, and not in megabytes of the
/// kernel's: `outbox_bytes` then is when a connection is too slow.
fn hold_little_unsent(stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
}

/// Serves one connection until it ends, or goes on as a socket: that takes its place along.
async fn serve_connection<S: Stream + 'static>(
    app: Arc<App>,
    stream: S,
    peer: IpAddr,
    place: Place,
    socket: fn(S) -> Socket,
) {
    let timeout = Duration::from_millis(app.config.server.header_timeout_ms);
    let (door, line) = (Door::default(), Arc::new(Line::default()));
    let service = service_fn({
        let (app, door, line) = (app.clone(), door.clone(), line.clone());
        move |mut request: http::Request<Incoming>| {
            let app = app.clone();
            line.free();
            request.extensions_mut().insert(line.clone());
            request.extensions_mut().insert(door.clone());
            Box::pin(async move { Ok::<_, Infallible>(serve(app, request, peer).await) })
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_buf_size(16 << 10)
        .serve_connection(TokioIo::new(stream), service);
    let served = poll_fn(|context| connection.poll_without_shutdown(context));
    let served = tokio::select! {
        served = served => served,
        () = line.cut() => return,
    };
    // What goes wrong with one client's bytes is that client's affair.
    if served.is_err() {
        return;
    }
    let parts = connection.into_parts();
    let stream = parts.io.into_inner();
    match door.opened() {
        Some(opening) => opening.go_on(&app, socket(stream), &parts.read_buf, place),
        None => {
            // Whoever lingers keeps its place, and nothing else of the server.
            drop((app, parts.service));
            let _ = tokio::time::timeout(LINGER, Box::pin(close(stream))).await;
        }
    }
}

/// Says that this is the end (over TLS, that nobody has cut it short), and reads on until the client
/// says so, too. Closing at once would reset the connection while something comes, such as the rest
/// of an upload that is too large, and take the answer along (RFC 9112 §9.6).
async fn close(mut stream: impl Stream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut rest = vec![0; 16 << 10];
    while matches!(stream.read(&mut rest).await, Ok(read) if read > 0) {}
}

/// A listener for little: few at once, each for a short while.
async fn accept_plain<A, F>(app: Arc<App>, listener: TcpListener, answer: A)
where
    A: Fn(Arc<App>, Request, IpAddr) -> F + Copy + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let limit = Arc::new(Semaphore::new(64));
    loop {
        let Ok(permit) = limit.clone().acquire_owned().await else {
            return;
        };
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let app = app.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: http::Request<Incoming>| {
                let answered = answer(app.clone(), request, peer.ip());
                async move { Ok::<_, Infallible>(answered.await) }
            });
            let builder = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(5))
                .serve_connection(TokioIo::new(stream), service);
            let _ = tokio::time::timeout(Duration::from_secs(30), builder).await;
            drop(permit);
        });
    }
}

/// Ends: nothing new, a notice to everyone, rooms, connections in jittered batches; at the
/// deadline, whatever is left.
async fn drain(app: &Arc<App>, requests: &TaskTracker) {
    app.unready();
    let window = Duration::from_millis(app.config.server.drain_ms);
    let ended = tokio::time::timeout(window, async {
        let outlets = app.wheel.all();
        announce(&outlets, window);
        close_rooms(app).await;
        close_connections(outlets, window / 2).await;
        app.node.tracker.close();
        app.node.tracker.wait().await;
        requests.close();
        // Kept-alive HTTP connections have nothing to say: they are not waited for.
    });
    if ended.await.is_err() {
        tracing::warn!(
            left = app.node.tracker.len(),
            "the drain's deadline came first"
        );
    }
}

/// Tells everyone when to come back, spread so that they do not come together.
fn announce(outlets: &[Arc<Outlet>], window: Duration) {
    let spread = (window.as_millis() as u64).max(1_000) + outlets.len() as u64 / 2;
    for outlet in outlets {
        let [a, b] = crate::secret::random::<2>();
        let reconnect_after_ms = 500 + u64::from(u16::from_ne_bytes([a, b])) * spread / 65_536;
        let closing = Closing {
            reason: ClosingReason::Restart,
            reconnect_after_ms,
        };
        conversation::notice(outlet, &Notification::Closing(closing));
    }
}

async fn close_rooms(app: &Arc<App>) {
    // From here on the registry holds all that are open.
    app.node.resting.stop().await;
    let mut ended = Vec::new();
    for room in app.node.registry.all() {
        let (done, waited) = oneshot::channel();
        if room.send(RoomEvent::Drain(done)).await {
            ended.push(waited);
        }
    }
    for waited in ended {
        // An error is the answer: the room dropped its end.
        let _ = waited.await;
    }
}

async fn close_connections(outlets: Vec<Arc<Outlet>>, window: Duration) {
    let batches = outlets.len().div_ceil(BATCH).max(1) as u32;
    for batch in outlets.chunks(BATCH) {
        for outlet in batch {
            outlet.close(CloseCode::Draining);
        }
        if batches > 1 {
            tokio::time::sleep(window / batches).await;
        }
    }
}
