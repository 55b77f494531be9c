//! Without a mail server: the link goes to the terminal of whoever runs it, and to nothing else.

use crate::person::Browser;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::os::fd::FromRawFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

struct Running {
    child: Child,
    said: mpsc::Receiver<String>,
    heard: String,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A terminal: the side of the screen, and the side of a program.
fn terminal() -> (File, File) {
    let (mut screen, mut program) = (0, 0);
    let (name, settings, size) = (std::ptr::null_mut(), std::ptr::null(), std::ptr::null());
    // SAFETY: both are valid places for a descriptor, and the rest may be null.
    let opened = unsafe { libc::openpty(&mut screen, &mut program, name, settings, size) };
    assert_eq!(opened, 0);
    // SAFETY: both were opened just now, and nobody else has them.
    unsafe { (File::from_raw_fd(screen), File::from_raw_fd(program)) }
}

impl Running {
    fn start(output: Stdio, mut screen: impl Read + Send + 'static, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Free just now: what is printed may be another address than this one.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let child = Command::new(env!("CARGO_BIN_EXE_stereo"))
            .args(["--listen", &address.to_string()])
            .args(["--ops-listen", "127.0.0.1:0"])
            .arg("--data")
            .arg(folder.path().join("data"))
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (pieces, said) = mpsc::channel();
        std::thread::spawn(move || {
            let mut piece = [0; 1_024];
            // A terminal whose program is gone says so as an error.
            while let Ok(count @ 1..) = screen.read(&mut piece) {
                let text = String::from_utf8_lossy(&piece[..count]).into_owned();
                if pieces.send(text).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            said,
            heard: String::new(),
            address,
            _folder: folder,
        }
    }

    fn on_a_terminal(more: &[(&str, &str)]) -> Self {
        let (screen, program) = terminal();
        Self::start(program.into(), screen, more)
    }

    fn into_a_pipe() -> Self {
        let (screen, program) = std::io::pipe().unwrap();
        Self::start(program.into(), screen, &[])
    }

    /// What is on the screen by the time that this is there.
    fn until(&mut self, wanted: &str) -> String {
        while !self.heard.contains(wanted) {
            let piece = self.said.recv_timeout(Duration::from_secs(60));
            let piece = piece.unwrap_or_else(|_| panic!("{wanted} is not in {}", self.heard));
            self.heard.push_str(&piece);
        }
        self.heard.clone()
    }
}

/// Asks for a link.
async fn asks(browser: &mut Browser) -> (u16, Value) {
    let asked = json!({"email": "needle@example.org"});
    browser.ask("POST", "/api/sign-in/email", asked).await
}

#[tokio::test]
async fn the_terminal_of_a_server_on_this_machine_is_told_the_link_and_no_address() {
    let mut server = Running::on_a_terminal(&[]);
    server.until("\n");
    let mut browser = Browser::at(server.address);
    let asked = asks(&mut browser).await;
    assert_eq!(asked, (202, json!({"sent": true})));
    let screen = server.until("#token=");
    let from = screen.find("#token=").unwrap();
    let screen = match screen[from..].contains('\n') {
        true => screen,
        false => {
            let piece = server.said.recv_timeout(Duration::from_secs(60)).unwrap();
            server.heard.push_str(&piece);
            server.heard.clone()
        }
    };
    assert!(!screen.contains("needle"), "{screen}");
    let token = screen[from + 7..].split_whitespace().next().unwrap();
    let shown = json!({"token": token});
    let confirmed = browser
        .ask("POST", "/api/sign-in/email/confirm", shown)
        .await;
    assert_eq!(confirmed.0, 200, "{}", confirmed.1);
}

#[tokio::test]
async fn what_is_no_terminal_or_not_of_this_machine_alone_is_told_no_link() {
    // A pipe is a log; so is the terminal of a server that others reach.
    let public = [("STEREO_SERVER__PUBLIC_URL", "http://stereo.example")];
    for mut server in [Running::into_a_pipe(), Running::on_a_terminal(&public)] {
        server.until("\n");
        let mut browser = Browser::at(server.address);
        let (status, told) = asks(&mut browser).await;
        assert_eq!(
            (status, &told["kind"]),
            (503, &json!("unavailable")),
            "{told}"
        );
        assert!(
            told["detail"].as_str().unwrap().contains("not set up"),
            "{told}"
        );
        let (_, ways) = browser.ask("GET", "/api/sign-in", Value::Null).await;
        assert_eq!(ways["email"], false);
        assert!(!server.heard.contains("token"), "{}", server.heard);
    }
}
