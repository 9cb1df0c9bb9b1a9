//! `plimsoll serve` as a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::thread::JoinHandle;

use crate::workspace::Workspace;

/// A running server, and the thread that reads its standard error.
pub(crate) struct ServerProcess {
    pub(crate) child: Child,
    pub(crate) address: String,
    stderr: Option<JoinHandle<String>>,
}

pub(crate) fn serve(workspace: &Workspace) -> ServerProcess {
    serve_with(workspace, &[])
}

pub(crate) fn serve_with(workspace: &Workspace, more: &[&str]) -> ServerProcess {
    let arguments = [&["-vv", "serve", "--listen", "127.0.0.1:0"], more].concat();
    let mut child = workspace.command(&arguments).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("listening on http://") {
        line.clear();
        assert_ne!(
            err.read_line(&mut line).unwrap(),
            0,
            "the server ended at its start"
        );
    }
    let address = line.split(['/', ' ']).nth(4).unwrap().to_owned();
    let rest = std::thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).unwrap();
        text
    });
    ServerProcess {
        child,
        address,
        stderr: Some(rest),
    }
}

impl ServerProcess {
    pub(crate) fn request(&self, method: &str, path: &str, token: &str) -> String {
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        ))
    }

    /// Requests a page without a token, as a browser without a login session does.
    pub(crate) fn request_anonymously(&self, host: &str, path: &str) -> String {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ))
    }

    pub(crate) fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends the server with a signal, and returns its exit code and standard error.
    pub(crate) fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        let code = self.child.wait().unwrap().code();
        (code, self.stderr.take().unwrap().join().unwrap())
    }
}

impl Drop for ServerProcess {
    /// Kills the server of a failed test.
    fn drop(&mut self) {
        // Both fail if the server has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
