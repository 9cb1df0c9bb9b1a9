-- Ids are small dense integers; days are days since 1970-01-01; instants are microseconds since
-- 1970; money has 4 decimals, quantities, prices and rates 8, all as scaled integers.

CREATE TABLE revision (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    sources INTEGER NOT NULL
) STRICT;
INSERT INTO revision VALUES (1, 0);

-- Sources -----------------------------------------------------------------------------------

CREATE TABLE portfolio (
    id         INTEGER PRIMARY KEY,
    key        TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    currency   TEXT    NOT NULL,
    inception  INTEGER NOT NULL,
    closed     INTEGER CHECK (closed >= inception),
    deleted_at INTEGER
) STRICT;
CREATE INDEX portfolio_by_name ON portfolio (name);

-- The lifecycles again, as bitmaps of portfolio ids: planning reads these and never the rows.
-- kind: 1 active, 2 deleted (day 0); 3 inception, 4 last day (by day).
CREATE TABLE roster (
    kind     INTEGER NOT NULL,
    day      INTEGER NOT NULL,
    subjects BLOB    NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (kind, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE security (
    id            INTEGER PRIMARY KEY,
    symbol        TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    class         TEXT    NOT NULL,
    sector        TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    multiplier    INTEGER NOT NULL,
    inactive_from INTEGER
) STRICT;

CREATE TABLE price (
    day      INTEGER NOT NULL,
    security INTEGER NOT NULL,
    close    INTEGER NOT NULL,
    PRIMARY KEY (day, security)
) STRICT, WITHOUT ROWID;

-- What a close was before it was corrected.
CREATE TABLE price_correction (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    day      INTEGER NOT NULL,
    security INTEGER NOT NULL REFERENCES security (id),
    was      INTEGER NOT NULL,
    became   INTEGER NOT NULL
) STRICT;

CREATE TABLE entry (
    id        INTEGER PRIMARY KEY,
    reference TEXT    NOT NULL UNIQUE,
    portfolio INTEGER NOT NULL REFERENCES portfolio (id),
    day       INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    security  INTEGER REFERENCES security (id),
    quantity  INTEGER NOT NULL,
    price     INTEGER,
    amount    INTEGER,
    fee       INTEGER NOT NULL
) STRICT;
CREATE INDEX entry_by_portfolio ON entry (portfolio, day);
CREATE INDEX entry_by_security ON entry (security, portfolio, day) WHERE security IS NOT NULL;

CREATE TABLE split (
    security INTEGER NOT NULL REFERENCES security (id),
    day      INTEGER NOT NULL,
    new      INTEGER NOT NULL CHECK (new > 0),
    old      INTEGER NOT NULL CHECK (old > 0),
    PRIMARY KEY (security, day)
) STRICT, WITHOUT ROWID;

-- Files that were taken in; the digest tells a changed file of the inbox from one that was read.
CREATE TABLE intake (
    id        INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    file      TEXT    NOT NULL,
    digest    TEXT    NOT NULL,
    added     INTEGER NOT NULL,
    same      INTEGER NOT NULL,
    corrected INTEGER NOT NULL
) STRICT;
CREATE INDEX intake_by_digest ON intake (digest, kind);

CREATE TABLE risk_model (
    id       INTEGER PRIMARY KEY,
    since    INTEGER NOT NULL,
    document TEXT    NOT NULL
) STRICT;

-- The sessions of the calendar that the ledger was last filled by, as a bitmap of days since
-- 1900-01-01.
CREATE TABLE calendar (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    sessions BLOB    NOT NULL,
    count    INTEGER NOT NULL
) STRICT;

-- A database that was made from a world stands at that world's time.
CREATE TABLE world (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    name TEXT    NOT NULL,
    now  INTEGER NOT NULL
) STRICT;

-- Ledger ------------------------------------------------------------------------------------

-- What is proven done: bit = portfolio id, or security id for phase 2.
CREATE TABLE ledger (
    day      INTEGER NOT NULL,
    phase    INTEGER NOT NULL,
    subjects BLOB    NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (day, phase)
) STRICT, WITHOUT ROWID;

CREATE TABLE invalidation (
    id    INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,
    cause TEXT    NOT NULL,
    why   TEXT    NOT NULL,
    state TEXT    NOT NULL CHECK (state IN ('open', 'settled'))
) STRICT;
CREATE INDEX invalidation_open ON invalidation (id) WHERE state = 'open';

-- The subjects that an invalidation took out of the ledger.
CREATE TABLE invalidated (
    invalidation INTEGER NOT NULL REFERENCES invalidation (id),
    day          INTEGER NOT NULL,
    phase        INTEGER NOT NULL,
    subjects     BLOB    NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (invalidation, day, phase)
) STRICT, WITHOUT ROWID;

CREATE TABLE failure (
    day       INTEGER NOT NULL,
    portfolio INTEGER NOT NULL REFERENCES portfolio (id),
    phase     INTEGER NOT NULL,
    times     INTEGER NOT NULL,
    reason    TEXT    NOT NULL,
    last_at   INTEGER NOT NULL,
    run       INTEGER NOT NULL,
    PRIMARY KEY (day, portfolio, phase)
) STRICT, WITHOUT ROWID;

-- Outputs. The key of a cell is day << 32 | portfolio, so that a night's rows append. -----------

CREATE TABLE snapshot (
    cell           INTEGER PRIMARY KEY,
    cash           INTEGER NOT NULL,
    long           INTEGER NOT NULL,
    short          INTEGER NOT NULL,
    nav            INTEGER NOT NULL,
    flow           INTEGER NOT NULL,
    pnl            INTEGER NOT NULL,
    session_return REAL,
    absence        INTEGER NOT NULL,
    realized       INTEGER NOT NULL,
    unrealized     INTEGER NOT NULL,
    fresh          INTEGER NOT NULL,
    stale          INTEGER NOT NULL,
    at_cost        INTEGER NOT NULL,
    valueless      INTEGER NOT NULL
) STRICT;

CREATE TABLE position (
    cell     INTEGER PRIMARY KEY,
    count    INTEGER NOT NULL,
    holdings BLOB    NOT NULL
) STRICT;

CREATE TABLE exposure (
    cell             INTEGER PRIMARY KEY,
    hhi              REAL,
    effective_number REAL,
    top_3            REAL,
    top_10           REAL,
    detail           BLOB NOT NULL
) STRICT;

CREATE TABLE risk (
    cell             INTEGER PRIMARY KEY,
    model            INTEGER NOT NULL,
    volatility_21    REAL,
    volatility_63    REAL,
    volatility_252   REAL,
    beta             REAL,
    r_squared        REAL,
    var_95           REAL,
    cvar_95          REAL,
    correlation      REAL,
    effective_number REAL,
    covered          REAL,
    detail           BLOB NOT NULL
) STRICT;

-- The key is day << 32 | security.
CREATE TABLE security_statistics (
    cell           INTEGER PRIMARY KEY,
    model          INTEGER NOT NULL,
    session_return REAL,
    volatility_21  REAL,
    volatility_63  REAL,
    volatility_252 REAL,
    beta           REAL,
    r_squared      REAL,
    detail         BLOB NOT NULL
) STRICT;

-- Runs --------------------------------------------------------------------------------------

CREATE TABLE run (
    id        INTEGER PRIMARY KEY,
    key       TEXT    NOT NULL UNIQUE,
    state     TEXT    NOT NULL CHECK (state IN
                  ('running', 'complete', 'incomplete', 'cancelled', 'abandoned', 'failed')),
    started   INTEGER NOT NULL,
    ended     INTEGER,
    policy    TEXT    NOT NULL,
    scope     TEXT    NOT NULL,
    target    INTEGER NOT NULL,
    plan      TEXT    NOT NULL,
    planned   INTEGER NOT NULL,
    done      INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    blocked   INTEGER NOT NULL,
    skipped   INTEGER NOT NULL,
    batches   INTEGER NOT NULL,
    report    TEXT    NOT NULL
) STRICT;

CREATE TABLE lease (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    run     INTEGER NOT NULL REFERENCES run (id),
    token   TEXT    NOT NULL,
    host    TEXT    NOT NULL,
    pid     INTEGER NOT NULL,
    started INTEGER NOT NULL,
    renewed INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;

-- For people: plain dates and decimal numbers ---------------------------------------------------

CREATE VIEW books AS
SELECT date((s.cell >> 32) * 86400, 'unixepoch') AS day,
       p.name AS portfolio, p.key AS portfolio_key, p.currency,
       s.cash / 1e4 AS cash, s.long / 1e4 AS long, s.short / 1e4 AS short,
       (s.long - s.short) / 1e4 AS gross, (s.long + s.short) / 1e4 AS net,
       s.nav / 1e4 AS nav, s.flow / 1e4 AS flow, s.pnl / 1e4 AS pnl, s.session_return,
       s.realized / 1e4 AS realized, s.unrealized / 1e4 AS unrealized,
       s.fresh, s.stale, s.at_cost, s.valueless
FROM snapshot AS s JOIN portfolio AS p ON p.id = (s.cell & 0xffffffff);

CREATE VIEW risks AS
SELECT date((r.cell >> 32) * 86400, 'unixepoch') AS day,
       p.name AS portfolio, p.key AS portfolio_key,
       r.volatility_21, r.volatility_63, r.volatility_252, r.beta, r.r_squared,
       r.var_95, r.cvar_95, r.correlation, r.effective_number, r.covered
FROM risk AS r JOIN portfolio AS p ON p.id = (r.cell & 0xffffffff);

CREATE VIEW concentrations AS
SELECT date((e.cell >> 32) * 86400, 'unixepoch') AS day,
       p.name AS portfolio, p.key AS portfolio_key,
       e.hhi, e.effective_number, e.top_3, e.top_10
FROM exposure AS e JOIN portfolio AS p ON p.id = (e.cell & 0xffffffff);

CREATE VIEW statistics AS
SELECT date((t.cell >> 32) * 86400, 'unixepoch') AS day, s.symbol, t.session_return,
       t.volatility_21, t.volatility_63, t.volatility_252, t.beta, t.r_squared
FROM security_statistics AS t JOIN security AS s ON s.id = (t.cell & 0xffffffff);

CREATE VIEW closes AS
SELECT date(p.day * 86400, 'unixepoch') AS day, s.symbol, p.close / 1e8 AS close, s.currency
FROM price AS p JOIN security AS s ON s.id = p.security;

CREATE VIEW transactions AS
SELECT date(e.day * 86400, 'unixepoch') AS day, p.name AS portfolio, e.kind, s.symbol,
       e.quantity / 1e8 AS quantity, e.price / 1e8 AS price, e.amount / 1e4 AS amount,
       e.fee / 1e4 AS fee, e.reference
FROM entry AS e JOIN portfolio AS p ON p.id = e.portfolio
LEFT JOIN security AS s ON s.id = e.security;

CREATE VIEW coverage AS
SELECT date(l.day * 86400, 'unixepoch') AS day,
       CASE l.phase WHEN 2 THEN 'securities' WHEN 3 THEN 'snapshot' WHEN 4 THEN 'positions'
                    WHEN 5 THEN 'exposures' WHEN 6 THEN 'risk' END AS phase,
       l.count AS done
FROM ledger AS l;

CREATE VIEW runs AS
SELECT key, state, strftime('%Y-%m-%dT%H:%M:%SZ', started / 1000000, 'unixepoch') AS started,
       strftime('%Y-%m-%dT%H:%M:%SZ', ended / 1000000, 'unixepoch') AS ended,
       policy, scope, date(target * 86400, 'unixepoch') AS target, plan,
       planned, done, failed, blocked, skipped
FROM run;
