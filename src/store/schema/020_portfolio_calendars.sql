-- A portfolio names the calendar that picks its sessions from those of the database. The table
-- `security_calendar` keeps the calendars that portfolios name too.

ALTER TABLE portfolio ADD COLUMN calendar TEXT;
CREATE INDEX portfolio_calendar ON portfolio (calendar, id) WHERE calendar IS NOT NULL;
