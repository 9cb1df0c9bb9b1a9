//! Notification channels, the concerns of now, notified alerts and pending notifications, as text
//! and JSON.

use serde_json::{Value, json};

use super::concerns::push_concerns;
use super::days::plain_minute_utc;
use super::json::with_old_keys;
use super::number::plural;
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::query::Concern;
use crate::store::{ActiveAlertRow, OutboxMessageRow};

/// A channel's name and the host that it sends to.
type ChannelHost = (&'static str, String);

/// Channels, concerns, notified alerts and pending notifications, as text of at most 80 columns.
pub fn alerts_text(
    channels: &[ChannelHost],
    concerns: &[Concern],
    alerts: &[ActiveAlertRow],
    pending: &[OutboxMessageRow],
    palette: Palette,
) -> String {
    let mut page = Page::new(palette);
    match channels {
        [] => page.sentence(
            Tone::Warning,
            "no notification channel: [alerts] in plimsoll.toml names none",
        ),
        some => {
            let hosts = some.iter().map(|(name, host)| format!("{name} ({host})"));
            let hosts: Vec<_> = hosts.collect();
            page.headline(Tone::Normal, &format!("channels: {}", hosts.join(", ")));
        }
    }
    if concerns.is_empty() {
        page.item(Tone::Good, "no errors or warnings now");
    }
    push_concerns(&mut page, concerns);
    for alert in alerts {
        let since = plain_minute_utc(alert.since);
        let portfolios = match alert.portfolios.len() {
            0 => String::new(),
            count => format!(", {}", plural(count, "portfolio")),
        };
        page.item(
            Tone::Bad,
            &format!("notified: {}{portfolios}, since {since}", alert.kind),
        );
    }
    for message in pending {
        let text = format!(
            "pending notification to {}: created {}, tried {}",
            message.channel,
            plain_minute_utc(message.created),
            plural(u64::from(message.attempts), "time"),
        );
        page.item(Tone::Warning, &text);
    }
    page.finish()
}

/// The same as JSON. The text of pending notifications is left out: it may hold what only the
/// receiver of the channel should read.
pub fn alerts_json(
    channels: &[ChannelHost],
    concerns: &[Concern],
    alerts: &[ActiveAlertRow],
    pending: &[OutboxMessageRow],
) -> Value {
    let channels = channels
        .iter()
        .map(|(name, host)| json!({ "channel": name, "host": host }));
    let alerts = alerts.iter().map(|alert| {
        json!({
            "kind": alert.kind,
            "since": alert.since,
            "portfolios": alert.portfolios.len(),
        })
    });
    let pending = pending.iter().map(|message| {
        json!({
            "channel": message.channel,
            "written": message.created,
            "tries": message.attempts,
            "next-try": message.next_attempt,
        })
    });
    let json = json!({
        "channels": channels.collect::<Vec<_>>(),
        "concerns": concerns,
        "alerts": alerts.collect::<Vec<_>>(),
        "pending": pending.collect::<Vec<_>>(),
    });
    with_old_keys(json, &[("alerts", "troubles"), ("pending", "waiting")])
}
