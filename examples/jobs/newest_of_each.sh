#!/bin/sh
# A nightly job in shell: it continues each portfolio after its own newest snapshot.
#
#   newest_of_each.sh books.db 2026-01-08
#
# It fills the start of a new portfolio, but cannot see a hole below the newest day, or a snapshot
# without analytics.
set -eu
db=$1 target=$2

query() {
    sqlite3 -bail -cmd ".timeout 30000" "$db" "$1"
}

query "SELECT id FROM portfolios WHERE deleted_at IS NULL ORDER BY id" | while read -r id; do
    days="SELECT '$id', d.day, 100 * CAST(julianday(d.day) AS INTEGER)
        FROM trading_days d JOIN portfolios p ON p.id = '$id'
        WHERE d.day BETWEEN p.inception AND min('$target', coalesce(p.closed_on, '$target'))"
    newest=$(query "SELECT coalesce(max(day), '') FROM snapshots WHERE portfolio_id = '$id'")
    for table in snapshots positions exposures risk; do
        case $table in snapshots) value=nav ;; *) value=value ;; esac
        query "INSERT INTO $table (portfolio_id, day, $value) $days AND d.day > '$newest'
            ON CONFLICT DO NOTHING"
    done
done
