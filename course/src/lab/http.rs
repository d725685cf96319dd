//! Asks a server on this machine whether it answers.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

/// The status of a GET, when the server answers within a few seconds.
pub(crate) fn status(address: IpAddr, port: u16, path: &str) -> Option<u16> {
    let patience = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(address, port), patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").as_bytes())
        .ok()?;
    // "HTTP/1.1 200"
    let mut first = [0; 12];
    stream.read_exact(&mut first).ok()?;
    std::str::from_utf8(&first[9..]).ok()?.parse().ok()
}
