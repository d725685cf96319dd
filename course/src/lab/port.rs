//! Ports: the one that was asked for, or a free one.

use std::net::{IpAddr, SocketAddr, TcpListener};

use crate::{Error, Result};

/// A listener on `wanted`; without a wish on `usual` when that is free, else on any free port.
pub(crate) fn listen(address: IpAddr, wanted: Option<u16>, usual: u16, option: &str) -> Result<TcpListener> {
    let bind = |port: u16| TcpListener::bind(SocketAddr::new(address, port));
    match wanted {
        Some(port) => bind(port).map_err(|e| refuse(address, port, option, &e)),
        None => bind(usual).or_else(|_| bind(0)).map_err(|e| refuse(address, usual, option, &e)),
    }
}

fn refuse(address: IpAddr, port: u16, option: &str, e: &std::io::Error) -> Error {
    use std::io::ErrorKind as Kind;
    let place = format!("{option} {port}");
    match e.kind() {
        Kind::AddrInUse => {
            let mend = format!("choose another with `{option}`, or leave the option out to get a free one");
            Error::input(place, format!("the port is in use on {address}"), mend)
        }
        Kind::PermissionDenied => Error::input(place, "this user may not use the port", "choose one above 1023"),
        Kind::AddrNotAvailable => {
            Error::input(format!("--address {address}"), "this machine has no such address", "try 127.0.0.1")
        }
        _ => Error::input(place, e, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_port_in_use_is_an_error_only_for_who_asked_for_it() {
        let taken = TcpListener::bind((HERE, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = listen(HERE, Some(port), 1, "--port").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().starts_with(&format!("--port {port}: the port is in use on 127.0.0.1")), "{error}");
        let other = listen(HERE, None, port, "--port").unwrap();
        assert_ne!(other.local_addr().unwrap().port(), port);
    }

    #[test]
    fn an_address_of_another_machine_is_named() {
        let error = listen("192.0.2.1".parse().unwrap(), Some(0), 0, "--port").unwrap_err();
        assert!(error.place.contains("192.0.2.1"), "{error}");
    }
}
