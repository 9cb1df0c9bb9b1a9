//! Who is told what: channels, what is wrong as far as it was told, what waits to be told.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::number::plural;
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::store::{ActiveAlertRow, OutboxMessageRow};

/// A channel and the host that it leads to.
type ChannelHost = (&'static str, String);

/// Who is told what, as text of at most 80 columns.
pub fn alerts_text(
    channels: &[ChannelHost],
    troubles: &[ActiveAlertRow],
    letters: &[OutboxMessageRow],
    palette: Palette,
) -> String {
    let mut page = Page::new(palette);
    match channels {
        [] => page.sentence(
            Tone::Warning,
            "nobody is told: [alerts] in plimsoll.toml names no channel",
        ),
        some => {
            let told = some.iter().map(|(name, host)| format!("{name} ({host})"));
            let told: Vec<_> = told.collect();
            page.headline(Tone::Normal, &format!("told: {}", told.join(", ")));
        }
    }
    if troubles.is_empty() {
        page.item(Tone::Good, "nothing is wrong, as far as was told");
    }
    for trouble in troubles {
        let since = minute_utc(trouble.since);
        let who = match trouble.portfolios.len() {
            0 => String::new(),
            count => format!(", {}", plural(count, "portfolio")),
        };
        page.item(Tone::Bad, &format!("{}{who}, since {since}", trouble.kind));
    }
    for letter in letters {
        let text = format!(
            "waits to be told to {}: written {}, tried {}",
            letter.channel,
            minute_utc(letter.created),
            plural(u64::from(letter.attempts), "time"),
        );
        page.item(Tone::Warning, &text);
    }
    page.finish()
}

/// The same for programs. What letters say is left out: it was written for its reader.
pub fn alerts_json(
    channels: &[ChannelHost],
    troubles: &[ActiveAlertRow],
    letters: &[OutboxMessageRow],
) -> Value {
    let channels = channels
        .iter()
        .map(|(name, host)| json!({ "channel": name, "host": host }));
    let troubles = troubles.iter().map(|trouble| {
        json!({
            "kind": trouble.kind,
            "since": trouble.since,
            "portfolios": trouble.portfolios.len(),
        })
    });
    let waiting = letters.iter().map(|letter| {
        json!({
            "channel": letter.channel,
            "written": letter.created,
            "tries": letter.attempts,
            "next-try": letter.next_attempt,
        })
    });
    json!({
        "channels": channels.collect::<Vec<_>>(),
        "troubles": troubles.collect::<Vec<_>>(),
        "waiting": waiting.collect::<Vec<_>>(),
    })
}

fn minute_utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
