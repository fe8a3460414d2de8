-- Who fetched which file of a phone's settings, and when; the latest of each phone.
CREATE TABLE phone_fetches (
    tenant  INTEGER NOT NULL REFERENCES tenants (id),
    mac     TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    file    TEXT    NOT NULL,
    address TEXT    NOT NULL,
    agent   TEXT    NOT NULL,
    PRIMARY KEY (tenant, mac, at, file)
) STRICT;

-- What a softphone fetches its settings with, once: the SHA-256 of a token.
CREATE TABLE phone_tokens (
    hash       BLOB    NOT NULL PRIMARY KEY,
    tenant     INTEGER NOT NULL REFERENCES tenants (id),
    mac        TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX phone_tokens_by_expiry ON phone_tokens (expires_at);
