//! Faults in what the server accepts and shows.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Server;
use crate::mutant::Mutant;

const TOKEN: &str = "src/serve/access/token.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "token-compared-by-its-first-half",
        "a token whose first half is right is accepted",
        &[Server("tokens")],
        &[
            edit(
                TOKEN,
                "Sha256::digest(secret.as_bytes()).into()",
                "secret.as_bytes()",
                "&secret.as_bytes()[..secret.len() / 2]",
            ),
            edit(
                TOKEN,
                "handle.len() == HANDLE_LENGTH && secret.len() == 64",
                "secret.len() == 64",
                "!secret.is_empty()",
            ),
        ],
    ),
    fault(
        "digest-compared-by-prefix",
        "a token whose digest begins as that of a known one is accepted",
        &[Server("tokens")],
        &[edit(
            TOKEN,
            "left.ct_eq(right).into()",
            "left.ct_eq(right)",
            "left[..2].ct_eq(&right[..2])",
        )],
    ),
    fault(
        "expired-token-accepted",
        "a token is accepted after it has expired",
        &[Server("tokens")],
        &[edit(
            TOKEN,
            "row.revoked.is_none() && row.expires.is_none_or(|end| now < end)",
            "row.expires.is_none_or(|end| now < end)",
            "let _ = now; true",
        )],
    ),
    fault(
        "portfolio-not-escaped-in-its-page",
        "the name of a portfolio is markup on its page",
        &[Server("names")],
        &[edit(
            "src/serve/pages/templates/portfolio.html",
            "<h1>{{ name }}</h1>",
            "{{ name }}",
            "{{ name|safe }}",
        )],
    ),
    fault(
        "portfolio-not-escaped-in-the-map",
        "the name of a portfolio is markup in the map of all cells",
        &[Server("names")],
        &[edit(
            "src/serve/pages/templates/heat_map.html",
            "<th scope=\"row\"><a href=\"/portfolios/{{ row.key }}\">{{ row.name }}</a></th>",
            "{{ row.name }}",
            "{{ row.name|safe }}",
        )],
    ),
    fault(
        "scope-not-escaped-in-the-runs",
        "the scope of a run is markup in the table of runs",
        &[Server("names")],
        &[edit(
            "src/serve/pages/templates/run_table.html",
            "<td>{{ run.scope }}</td></tr>",
            "{{ run.scope }}",
            "{{ run.scope|safe }}",
        )],
    ),
];
