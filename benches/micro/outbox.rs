//! The way out of one connection. `sent` holds the system call, which is most of it.

use bytes::Bytes;
use divan::{Bencher, black_box};
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use stereo::connection::{Outlet, Socket};
use stereo::room::ConnectionId;

fn segments(count: usize) -> Vec<Bytes> {
    vec![Bytes::from(vec![b'a'; 330]); count]
}

/// To a peer that reads: one vectored write for all segments.
#[divan::bench(args = [1, 5])]
fn sent(bencher: Bencher<'_, '_>, count: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_io()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut far, _) = listener.accept().unwrap();
    let reader = std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while far.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
    near.set_nonblocking(true).unwrap();
    near.set_nodelay(true).unwrap();
    let stream = tokio::net::TcpStream::from_std(near).unwrap();
    runtime.block_on(stream.writable()).unwrap();
    let outlet = Outlet::new(ConnectionId(1), Socket::Direct(stream), usize::MAX, false);
    let segments = segments(count);
    bencher.bench_local(|| outlet.push(black_box(&segments)));
    assert!(outlet.is_open());
    drop(outlet);
    reader.join().unwrap();
}

/// To a peer that does not: what is kept until it does, or until it is too much.
#[divan::bench(args = [1, 5])]
fn kept(bencher: Bencher<'_, '_>, count: usize) {
    let segments = segments(count);
    bencher
        .with_inputs(|| {
            let (near, far) = tokio::io::duplex(64);
            let outlet = Outlet::new(ConnectionId(1), Socket::layered(near), 1 << 20, false);
            (outlet, far)
        })
        .bench_local_refs(|(outlet, _far)| {
            for _ in 0..100 {
                outlet.push(black_box(&segments));
            }
            assert!(outlet.is_open());
        });
}
