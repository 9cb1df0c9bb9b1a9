//! One request to the outside.

use std::time::Duration;

use ureq::Agent;
use ureq::http::header;

use super::channels::{Channel, Post};
use super::letter::{Letter, News, Ping, Tone};

/// How long the outside may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends letters.
#[derive(Debug, Clone)]
pub(super) struct Client(Agent);

impl Client {
    pub(super) fn new() -> Self {
        Self::patient(PATIENCE)
    }

    /// One that waits so long for an answer.
    pub(super) fn patient(patience: Duration) -> Self {
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
        post: &Post,
        letter: &Letter,
    ) -> Result<(), String> {
        match letter {
            Letter::Ping(ping) => self.ping(post, ping),
            Letter::News(news) if channel == Channel::Ntfy => self.ntfy(post, news),
            Letter::News(news) => self.webhook(post, news),
        }
    }

    fn ping(&self, post: &Post, ping: &Ping) -> Result<(), String> {
        let request = self.0.post(ping.address(post.url.text()));
        answered(bearing(request, post).send(&ping.text))
    }

    fn ntfy(&self, post: &Post, news: &News) -> Result<(), String> {
        let (priority, tags) = match news.tone {
            Tone::Worse => ("high", "warning"),
            Tone::Better => ("default", "information_source"),
            Tone::Well => ("default", "white_check_mark"),
        };
        let request = self
            .0
            .post(post.url.text())
            .header("Title", &news.title)
            .header("Priority", priority)
            .header("Tags", tags);
        answered(bearing(request, post).send(&news.text))
    }

    fn webhook(&self, post: &Post, news: &News) -> Result<(), String> {
        let request = self.0.post(post.url.text());
        let request = request.header(header::CONTENT_TYPE, "application/json");
        answered(bearing(request, post).send(news.body.to_string()))
    }
}

type Request = ureq::RequestBuilder<ureq::typestate::WithBody>;

fn bearing(request: Request, post: &Post) -> Request {
    match &post.token {
        None => request,
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {}", token.text())),
    }
}

fn answered(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(), String> {
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("it answered {}", answer.status())),
        Err(error) => Err(said(&error)),
    }
}

/// What went wrong. Some errors would show the address, so none is shown as it is.
fn said(error: &ureq::Error) -> String {
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
    use crate::alert::channels::Secret;

    #[test]
    fn what_goes_wrong_is_said_without_the_address() {
        // One that takes the request and never answers, one that nobody listens at, no address.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
        let (silent_at, deaf_at) = (silent.local_addr().unwrap(), deaf.local_addr().unwrap());
        drop(deaf);
        let client = Client::patient(Duration::from_millis(200));
        let ping = Letter::Ping(Ping::trial());
        let said = |url: String| {
            let post = Post {
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
