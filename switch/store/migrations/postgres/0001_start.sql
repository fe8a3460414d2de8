-- Times are milliseconds since 1970-01-01 UTC. Every row says whose it is.
CREATE TABLE tenants (
    id   BIGINT NOT NULL PRIMARY KEY,
    name TEXT   NOT NULL UNIQUE
);
INSERT INTO tenants (id, name) VALUES (1, 'default');

-- What is set up. The body is the entity as JSON.
CREATE TABLE provision (
    tenant     BIGINT NOT NULL REFERENCES tenants (id),
    kind       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, kind, name)
);

-- Counts the changes to what is set up, so that two who change it notice each other.
CREATE TABLE revisions (
    tenant     BIGINT NOT NULL PRIMARY KEY REFERENCES tenants (id),
    revision   BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
INSERT INTO revisions (tenant, revision, changed_at) VALUES (1, 0, 0);

-- Where registered phones are. The body is the registrar's.
CREATE TABLE bindings (
    tenant     BIGINT NOT NULL REFERENCES tenants (id),
    aor        TEXT   NOT NULL,
    contact    TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, aor, contact)
);
CREATE INDEX bindings_by_expiry ON bindings (expires_at);

-- Call detail records. Far ends read kind:name, as in station:1001.
CREATE TABLE calls (
    tenant      BIGINT NOT NULL REFERENCES tenants (id),
    id          TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    ringing_at  BIGINT,
    answered_at BIGINT,
    ended_at    BIGINT NOT NULL,
    billed_secs BIGINT NOT NULL,
    from_end    TEXT   NOT NULL,
    caller      TEXT   NOT NULL,
    caller_name TEXT   NOT NULL,
    dialled     TEXT   NOT NULL,
    routed_to   TEXT   NOT NULL,
    why         TEXT   NOT NULL,
    answered_by TEXT,
    codec       TEXT   NOT NULL,
    cause       TEXT   NOT NULL,
    sip_status  BIGINT NOT NULL,
    q850        BIGINT NOT NULL,
    released_by TEXT   NOT NULL,
    sip_call_id TEXT   NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX calls_by_start ON calls (tenant, started_at DESC, id DESC);

CREATE TABLE call_legs (
    tenant      BIGINT NOT NULL,
    call_id     TEXT   NOT NULL,
    position    BIGINT NOT NULL,
    leg         TEXT   NOT NULL,
    far_end     TEXT   NOT NULL,
    dialled     TEXT   NOT NULL,
    sip_call_id TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    ringing_at  BIGINT,
    answered_at BIGINT,
    ended_at    BIGINT,
    cause       TEXT,
    sip_status  BIGINT NOT NULL,
    q850        BIGINT NOT NULL,
    silent      BIGINT NOT NULL,
    media       TEXT   NOT NULL,
    PRIMARY KEY (tenant, call_id, position),
    FOREIGN KEY (tenant, call_id) REFERENCES calls (tenant, id) ON DELETE CASCADE
);

-- What programs identify themselves with; only the hash is kept.
CREATE TABLE tokens (
    tenant       BIGINT NOT NULL REFERENCES tenants (id),
    id           TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    hash         BYTEA  NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    PRIMARY KEY (tenant, id)
);

-- Who is logged in; only the hash of the cookie is kept.
CREATE TABLE sessions (
    hash       BYTEA  NOT NULL PRIMARY KEY,
    tenant     BIGINT NOT NULL REFERENCES tenants (id),
    login      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_login ON sessions (tenant, login);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- The node's own secrets and marks.
CREATE TABLE meta (
    tenant BIGINT NOT NULL REFERENCES tenants (id),
    name   TEXT   NOT NULL,
    value  TEXT   NOT NULL,
    PRIMARY KEY (tenant, name)
);
