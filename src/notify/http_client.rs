//! One request to the outside.

use std::time::Duration;

use ureq::Agent;
use ureq::http::header;

use super::channels::{Channel, Endpoint};
use super::message::{AlertChange, AlertTrend, OutboxMessage, Ping};

/// How long the outside may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends letters.
#[derive(Debug, Clone)]
pub(super) struct Client(Agent);

impl Client {
    pub(super) fn new() -> Self {
        Self::with_timeout(TIMEOUT)
    }

    /// One that waits so long for an answer.
    pub(super) fn with_timeout(patience: Duration) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // Whoever moves has to say so to a person: a secret follows no redirection.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(patience))
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(agent.into())
    }

    /// Sends a letter; why it was not taken, in words that hold no secret.
    pub(super) fn send(
        &self,
        channel: Channel,
        post: &Endpoint,
        letter: &OutboxMessage,
    ) -> Result<(), String> {
        match letter {
            OutboxMessage::Ping(ping) => self.ping(post, ping),
            OutboxMessage::AlertChange(news) if channel == Channel::Ntfy => self.ntfy(post, news),
            OutboxMessage::AlertChange(news) => self.webhook(post, news),
        }
    }

    fn ping(&self, post: &Endpoint, ping: &Ping) -> Result<(), String> {
        let request = self.0.post(ping.url(post.url.text()));
        check_response(with_bearer_token(request, post).send(&ping.text))
    }

    fn ntfy(&self, post: &Endpoint, news: &AlertChange) -> Result<(), String> {
        let (priority, tags) = match news.trend {
            AlertTrend::Worse => ("high", "warning"),
            AlertTrend::Better => ("default", "information_source"),
            AlertTrend::AllClear => ("default", "white_check_mark"),
        };
        let request = self
            .0
            .post(post.url.text())
            .header("Title", &news.title)
            .header("Priority", priority)
            .header("Tags", tags);
        check_response(with_bearer_token(request, post).send(&news.text))
    }

    fn webhook(&self, post: &Endpoint, news: &AlertChange) -> Result<(), String> {
        let request = self.0.post(post.url.text());
        let request = request.header(header::CONTENT_TYPE, "application/json");
        check_response(with_bearer_token(request, post).send(news.body.to_string()))
    }
}

type Request = ureq::RequestBuilder<ureq::typestate::WithBody>;

fn with_bearer_token(request: Request, post: &Endpoint) -> Request {
    match &post.token {
        None => request,
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {}", token.text())),
    }
}

fn check_response(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(), String> {
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("it answered {}", answer.status())),
        Err(error) => Err(error_text(&error)),
    }
}

/// What went wrong. Some errors would show the address, so none is shown as it is.
fn error_text(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        ureq::Error::HostNotFound => "its host is not known".to_owned(),
        ureq::Error::Io(error) => error.kind().to_string(),
        ureq::Error::ConnectionFailed => "it can't be reached".to_owned(),
        ureq::Error::Tls(what) => format!("TLS: {what}"),
        ureq::Error::Rustls(error) => format!("TLS: {error}"),
        ureq::Error::Protocol(_) => "it does not speak HTTP".to_owned(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "its address makes no sense".to_owned(),
        _ => "it could not be sent".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::notify::channels::Secret;

    #[test]
    fn errors_never_contain_the_address() {
        // One that takes the request and never answers, one that nobody listens at, no address.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
        let (silent_at, deaf_at) = (silent.local_addr().unwrap(), deaf.local_addr().unwrap());
        drop(deaf);
        let client = Client::with_timeout(Duration::from_millis(200));
        let ping = OutboxMessage::Ping(Ping::test());
        let said = |url: String| {
            let post = Endpoint {
                url: Secret::new(&url),
                token: None,
            };
            client.send(Channel::Ping, &post, &ping).unwrap_err()
        };
        let in_time = said(format!("http://{silent_at}/secret"));
        assert_eq!(in_time, "it did not answer in time");
        assert_eq!(
            said(format!("http://{deaf_at}/secret")),
            "connection refused"
        );
        assert_eq!(
            said("http://[secret".to_owned()),
            "its address makes no sense"
        );
    }
}
