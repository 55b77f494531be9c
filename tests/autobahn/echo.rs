//! The connection layer behind an echo handler, for the Autobahn suite: prints its address, and
//! ends when its standard input does.

use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io::{Write, sink, stdin};
use std::sync::Arc;
use stereo::connection::frame::{Opcode, write_frame};
use stereo::connection::{Handler, Message, Outlet, Socket, Wheel, deflate, handshake, run};
use tokio::net::{TcpListener, TcpStream};

/// The largest message of the suite is 16 MiB.
const MOST: usize = 17 << 20;

struct Echo;

impl Handler for Echo {
    type Work = ();

    fn message(&mut self, outlet: &Arc<Outlet>, message: Message<'_>, _behind: bool) -> Option<()> {
        let (opcode, payload) = match message {
            Message::Text(text) => (Opcode::Text, text.as_bytes()),
            Message::Binary(bytes) => (Opcode::Binary, bytes),
        };
        let packed = outlet
            .deflates()
            .then(|| deflate::deflate(payload))
            .flatten();
        let mut frame = bytes::BytesMut::new();
        write_frame(
            &mut frame,
            opcode,
            packed.is_some(),
            &[packed.as_deref().unwrap_or(payload)],
        );
        outlet.push(&[frame.freeze()]);
        None
    }

    async fn work(&mut self, _: &Arc<Outlet>, (): ()) {}
}

async fn upgrade(
    mut request: http::Request<hyper::body::Incoming>,
    wheel: Arc<Wheel>,
) -> http::Response<Full<Bytes>> {
    let mut response = http::Response::new(Full::default());
    let accepted = match handshake::accept(request.method(), request.headers(), None) {
        Ok(accepted) => accepted,
        Err((status, _)) => {
            *response.status_mut() = status;
            return response;
        }
    };
    let deflate = accepted.deflate;
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(&mut request).await else {
            return;
        };
        let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else {
            return;
        };
        let outlet = Arc::new(Outlet::new(
            wheel.next_id(),
            Socket::Direct(parts.io.into_inner()),
            4 * MOST,
            deflate,
        ));
        run(&outlet, &mut Echo, MOST, parts.read_buf.to_vec()).await;
    });
    *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = accepted.headers;
    response
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "ws://{}", listener.local_addr()?)?;
    std::io::stdout().flush()?;
    let wheel = Arc::new(Wheel::default());
    let serve = async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            let wheel = wheel.clone();
            let service = service_fn(move |request| {
                let wheel = wheel.clone();
                async move { Ok::<_, Infallible>(upgrade(request, wheel).await) }
            });
            tokio::spawn(
                http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades(),
            );
        }
    };
    // Not tokio's own: a feature more would build the server's library once more.
    let input = tokio::task::spawn_blocking(|| std::io::copy(&mut stdin(), &mut sink()));
    tokio::select! {
        () = serve => {}
        _ = input => {}
    }
    Ok(())
}
