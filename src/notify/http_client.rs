//! Sends one message to one endpoint over HTTP.

use std::time::Duration;

use ureq::Agent;
use ureq::http::header;

use super::channels::{Channel, Endpoint};
use super::message::{AlertChange, AlertTrend, OutboxMessage, Ping};

/// The limit for a whole request, from connecting to the end of the response.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An HTTP client that never follows redirects and never puts an address into an error.
#[derive(Debug, Clone)]
pub(super) struct Client(Agent);

impl Client {
    pub(super) fn new() -> Self {
        Self::with_timeout(TIMEOUT)
    }

    /// A client with this limit for a whole request.
    pub(super) fn with_timeout(timeout: Duration) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect would hand the token and the secret path to another host.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(timeout))
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(agent.into())
    }

    /// Sends a message in the format of its channel. The error text is free of secrets.
    pub(super) fn send(
        &self,
        channel: Channel,
        endpoint: &Endpoint,
        message: &OutboxMessage,
    ) -> Result<(), String> {
        match message {
            OutboxMessage::Ping(ping) => self.ping(endpoint, ping),
            OutboxMessage::AlertChange(change) if channel == Channel::Ntfy => {
                self.ntfy(endpoint, change)
            }
            OutboxMessage::AlertChange(change) => self.webhook(endpoint, change),
        }
    }

    fn ping(&self, endpoint: &Endpoint, ping: &Ping) -> Result<(), String> {
        let request = self.0.post(ping.url(endpoint.url.text()));
        check_response(with_bearer_token(request, endpoint).send(&ping.text))
    }

    fn ntfy(&self, endpoint: &Endpoint, change: &AlertChange) -> Result<(), String> {
        let (priority, tags) = match change.trend {
            AlertTrend::Worse => ("high", "warning"),
            AlertTrend::Better => ("default", "information_source"),
            AlertTrend::AllClear => ("default", "white_check_mark"),
        };
        let request = self
            .0
            .post(endpoint.url.text())
            .header("Title", &change.title)
            .header("Priority", priority)
            .header("Tags", tags);
        check_response(with_bearer_token(request, endpoint).send(&change.text))
    }

    fn webhook(&self, endpoint: &Endpoint, change: &AlertChange) -> Result<(), String> {
        let request = self.0.post(endpoint.url.text());
        let request = request.header(header::CONTENT_TYPE, "application/json");
        check_response(with_bearer_token(request, endpoint).send(change.body.to_string()))
    }
}

type Request = ureq::RequestBuilder<ureq::typestate::WithBody>;

fn with_bearer_token(request: Request, endpoint: &Endpoint) -> Request {
    match &endpoint.token {
        None => request,
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {}", token.text())),
    }
}

fn check_response(
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(), String> {
    match response {
        Ok(response) if response.status().is_success() => Ok(()),
        Ok(response) => Err(format!("HTTP {}", response.status())),
        Err(error) => Err(error_text(&error)),
    }
}

/// Describes an error. Some errors of `ureq` contain the address, so none is printed as is.
fn error_text(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "timed out".to_owned(),
        ureq::Error::HostNotFound => "unknown host".to_owned(),
        ureq::Error::Io(error) => error.kind().to_string(),
        ureq::Error::ConnectionFailed => "connection failed".to_owned(),
        ureq::Error::Tls(reason) => format!("TLS: {reason}"),
        ureq::Error::Rustls(error) => format!("TLS: {error}"),
        ureq::Error::Protocol(_) => "invalid HTTP response".to_owned(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "invalid address".to_owned(),
        _ => "sending failed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::notify::channels::Secret;

    #[test]
    fn errors_never_contain_the_address() {
        // An endpoint that never responds, a closed port, and an invalid address.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap();
        let (silent_address, closed_address) =
            (silent.local_addr().unwrap(), closed.local_addr().unwrap());
        drop(closed);
        let client = Client::with_timeout(Duration::from_millis(200));
        let ping = OutboxMessage::Ping(Ping::test());
        let error_for = |url: String| {
            let endpoint = Endpoint {
                url: Secret::new(&url),
                token: None,
            };
            client.send(Channel::Ping, &endpoint, &ping).unwrap_err()
        };
        let timed_out = error_for(format!("http://{silent_address}/secret"));
        assert_eq!(timed_out, "timed out");
        assert_eq!(
            error_for(format!("http://{closed_address}/secret")),
            "connection refused"
        );
        assert_eq!(error_for("http://[secret".to_owned()), "invalid address");
    }
}
