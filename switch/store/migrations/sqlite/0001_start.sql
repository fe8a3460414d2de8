-- Times are milliseconds since 1970-01-01 UTC. Every row says whose it is.
CREATE TABLE tenants (
    id   INTEGER NOT NULL PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
) STRICT;
INSERT INTO tenants (id, name) VALUES (1, 'default');

-- What is set up. The body is the entity as JSON.
CREATE TABLE provision (
    tenant     INTEGER NOT NULL REFERENCES tenants (id),
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, name)
) STRICT;

-- Counts the changes to what is set up, so that two who change it notice each other.
CREATE TABLE revisions (
    tenant     INTEGER NOT NULL PRIMARY KEY REFERENCES tenants (id),
    revision   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
INSERT INTO revisions (tenant, revision, changed_at) VALUES (1, 0, 0);

-- Where registered phones are. The body is the registrar's.
CREATE TABLE bindings (
    tenant     INTEGER NOT NULL REFERENCES tenants (id),
    aor        TEXT    NOT NULL,
    contact    TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, aor, contact)
) STRICT;
CREATE INDEX bindings_by_expiry ON bindings (expires_at);

-- Call detail records. Far ends read kind:name, as in station:1001.
CREATE TABLE calls (
    tenant      INTEGER NOT NULL REFERENCES tenants (id),
    id          TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    ringing_at  INTEGER,
    answered_at INTEGER,
    ended_at    INTEGER NOT NULL,
    billed_secs INTEGER NOT NULL,
    from_end    TEXT    NOT NULL,
    caller      TEXT    NOT NULL,
    caller_name TEXT    NOT NULL,
    dialled     TEXT    NOT NULL,
    routed_to   TEXT    NOT NULL,
    why         TEXT    NOT NULL,
    answered_by TEXT,
    codec       TEXT    NOT NULL,
    cause       TEXT    NOT NULL,
    sip_status  INTEGER NOT NULL,
    q850        INTEGER NOT NULL,
    released_by TEXT    NOT NULL,
    sip_call_id TEXT    NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX calls_by_start ON calls (tenant, started_at DESC, id DESC);

CREATE TABLE call_legs (
    tenant      INTEGER NOT NULL,
    call_id     TEXT    NOT NULL,
    position    INTEGER NOT NULL,
    leg         TEXT    NOT NULL,
    far_end     TEXT    NOT NULL,
    dialled     TEXT    NOT NULL,
    sip_call_id TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    ringing_at  INTEGER,
    answered_at INTEGER,
    ended_at    INTEGER,
    cause       TEXT,
    sip_status  INTEGER NOT NULL,
    q850        INTEGER NOT NULL,
    silent      INTEGER NOT NULL,
    media       TEXT    NOT NULL,
    PRIMARY KEY (tenant, call_id, position),
    FOREIGN KEY (tenant, call_id) REFERENCES calls (tenant, id) ON DELETE CASCADE
) STRICT;

-- What programs identify themselves with; only the hash is kept.
CREATE TABLE tokens (
    tenant       INTEGER NOT NULL REFERENCES tenants (id),
    id           TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    hash         BLOB    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT;

-- Who is logged in; only the hash of the cookie is kept.
CREATE TABLE sessions (
    hash       BLOB    NOT NULL PRIMARY KEY,
    tenant     INTEGER NOT NULL REFERENCES tenants (id),
    login      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_login ON sessions (tenant, login);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- The node's own secrets and marks.
CREATE TABLE meta (
    tenant INTEGER NOT NULL REFERENCES tenants (id),
    name   TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT;
